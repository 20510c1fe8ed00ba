"""The README is short, and what it and the other documents name exists."""

import re
from pathlib import Path
from typing import Set

import pytest

from dece_fairseq.criterions.deceptive_cross_entropy import DeceptiveCrossEntropyCriterionConfig
from dece_fairseq.defenses import DEFENSES
from support import documents
from support.documents import ROOT, Command

README = (ROOT / "README.md").read_text(encoding="utf-8")
PLACES = [pytest.param(path, id=str(path.relative_to(ROOT))) for path in documents.documents()]


def test_the_readme_is_one_screen_of_what_and_why() -> None:
    assert len(README.splitlines()) <= 150


def test_the_two_flags_stand_in_a_block_of_code() -> None:
    first = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)[0]
    words = first.replace("\\\n", " ").split()
    assert words[0] == "fairseq-train"
    assert [word for word in words if word.startswith("--")] == [*("--user-dir", "--criterion")]


def test_the_readme_has_every_option_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(--[a-z-]+)`.*? \| `?([^|`]*)`? \|", README, re.MULTILINE))
    options = DeceptiveCrossEntropyCriterionConfig()
    for name in ("dece_alpha", "dece_warmup_epochs", "dece_schedule"):
        assert rows[f"--{name.replace('_', '-')}"].strip() == str(getattr(options, name))
    assert options.label_smoothing is None
    assert rows["--label-smoothing"].strip() == "0 with auto, else 0.05"
    assert rows["--dece-fused"].strip() == "off"
    assert options.dece_fused is False


def test_the_readme_has_every_defence() -> None:
    rows = re.findall(r"^\| .* \| (`dece filter --defense .*?) \|", README, re.MULTILINE)
    assert re.findall(r"(\w+)`", " ".join(rows)) == DEFENSES.names()


def in_its_place(command: Command) -> Set[str]:
    """Return the options that the program of a command has.

    Fails if there is no such program.
    """
    program, *words = command.words
    if program == "dece":
        return set() if words[0].startswith("-") else set(documents.options_of(words[0]))
    if program.startswith("fairseq-"):
        return set(documents.options_of_fairseq())
    assert program in ("bash", "python"), f"{command.place}: what is {program}?"
    if words[0] in ("-c", "-m"):
        return command.options
    script = ROOT / words[0]
    assert script.is_file(), f"{command.place}: there is no {words[0]}"
    if "/scripts/" in f"/{words[0]}" and script.suffix == ".py":
        return set(documents.options_of(re.findall(r'run\("([a-z-]+)"', script.read_text())[0]))
    return set(documents.options_of_file(script))


@pytest.mark.parametrize("path", PLACES)
def test_commands_and_their_options_exist(path: Path) -> None:
    for command in documents.commands(path):
        if command.words[0] in documents.OTHERS or command.words[1] == "COMMAND":
            continue
        if "--" in command.words:  # options of fairseq-train follow
            at = command.words.index("--")
            rest = Command(command.place, ["fairseq-train", *command.words[at + 1 :]])
            assert rest.options <= in_its_place(rest)
            command = Command(command.place, command.words[:at])
        unknown = command.options - in_its_place(command)
        assert not unknown, f"{command.place}: {' '.join(command.words)}"


def known_options() -> Set[str]:
    found = set(documents.options_of_fairseq()) | documents.OPTIONS_OF_OTHERS
    for command in documents.COMMANDS:
        found |= documents.options_of(command)
    for pattern in ("examples/**/*.sh", "benchmarks/*.py", "scripts/*.sh"):
        found = found.union(*map(documents.options_of_file, ROOT.glob(pattern)))
    return found


@pytest.mark.parametrize("path", PLACES)
def test_options_in_prose_exist(path: Path) -> None:
    text = documents.prose(path).partition("## Old names")[0]
    assert set(documents.OPTION.findall(text)) <= known_options()


def anchors(path: Path) -> Set[str]:
    """Return the anchors of a document's headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in kept}


@pytest.mark.parametrize("path", PLACES)
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", documents.prose(path)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), f"{path.relative_to(ROOT)}: {link}"
        assert not anchor or anchor in anchors(target), f"{path.relative_to(ROOT)}: {link}"
