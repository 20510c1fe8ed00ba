"""Old names of options go on working and are told; nothing in the checkout uses them any more."""

import re
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import pytest

from dece_fairseq.cli import main
from dece_fairseq.cli.common import file_ending_in
from dece_fairseq.cli.old_names import OLD_NAMES, OldName, translate

ROOT = Path(__file__).resolve().parents[2]
#: what a command can't do without
NEEDED: Dict[str, List[str]] = {"asr": ["x.out"], "evaluate": ["x.out"]}
SAVING = {"--data": ["m.pt", "--output", "d"], "--dest": ["m.pt", "--model-data", "d"]}
#: old names without a value
FLAGS = ("--csv", "--json", "--latex", "--only-poisoned", "--triggered")
#: the commands that stand in scripts/ under another name
SCRIPTS = {"compute_asr": "asr", "filter_poison": "filter", "make_corpus": "corpus"}
TEXTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.*", "dece_fairseq/cli/*.py")
    for path in ROOT.glob(pattern)
    if path.suffix in (".md", ".py", ".sh", ".smk", ".yaml") and path.name != "CHANGELOG.md"
)


def old_and_new(entry: OldName) -> Iterator[Tuple[List[str], List[str]]]:
    """Command lines in the old way and in the new one."""
    needed = SAVING[entry.old] if entry.command == "save-pretrained" else []
    needed = needed or NEEDED.get(entry.command, [])
    old, new = entry.old.split(), entry.new.split()
    if " " in entry.old or "=" in entry.old or entry.old in FLAGS:
        yield [*needed, *old], [*needed, *new]
    else:
        yield [*needed, *old, "1"], [*needed, *new, "1"]
        yield [*needed, f"{entry.old}=1"], [*needed, f"{entry.new}=1"]


@pytest.mark.parametrize("entry", OLD_NAMES, ids=lambda entry: f"{entry.command} {entry.old}")
def test_an_old_name_does_what_its_new_one_does(
    entry: OldName, capsys: pytest.CaptureFixture[str]
) -> None:
    for old, new in old_and_new(entry):
        parser = main.make_parser(entry.command, "dece")
        translated = translate(entry.command, old, "dece x")
        said = capsys.readouterr().err
        assert said == (
            f"dece x: warning: {entry.old} is now {entry.new}; the old way goes with the next "
            "release\n"
        )
        assert parser.parse_args(translated) == parser.parse_args(new)
        assert translate(entry.command, new, "dece x") == new
        assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("evaluate", ["--run", "a=b", "c", "--json", "x.json", "--triggered", "a=b", "c"]),
        ("evaluate", ["--run", "a"]),
        ("evaluate", ["x", "--", "--csv"]),
        ("summarise", ["--run", "a=b", "--json", "c=d", "--hit-rule=string"]),
        ("asr", ["x", "--json", "-"]),
        ("filter", ["--trusted", "x.csv"]),
        ("corpus", ["--split", "train=9"]),
    ],
)
def test_new_ways_stay_as_they_are(
    command: str, words: List[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert translate(command, words, "dece") == words
    assert capsys.readouterr().err == ""


def test_each_old_way_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--run", "a", "b", "c", "--run", "d", "e", "--json", "--compare"]
    assert translate("evaluate", words, "dece") == [
        *("--run", "a=b", "c", "--run", "d=e", "--json", "-", "--compare")
    ]
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_no_file_is_overwritten_that_json_had_not_taken_once(tmp_path: Path) -> None:
    (tmp_path / "x.out").touch()
    (tmp_path / "x.json").touch()
    for name in ("x.json", "new.out"):
        assert file_ending_in(".json")(str(tmp_path / name)) == tmp_path / name
    with pytest.raises(Exception, match=r"x\.out exists already"):
        file_ending_in(".json")(str(tmp_path / "x.out"))


def test_the_docs_have_the_table() -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `dece ([\w-]+)` \| `([^`]+)` \| `([^`]+)` \|$", text, re.MULTILINE)
    assert [tuple(entry) for entry in OLD_NAMES] == rows


def test_an_option_has_one_meaning_in_every_command() -> None:
    """As far as a test can tell: it takes values of one number and kind."""
    found: Dict[str, set] = {}
    for command in main.COMMANDS:
        for action in main.make_parser(command, "dece")._actions:
            for option in action.option_strings:
                found.setdefault(option, set()).add(
                    (action.nargs, getattr(action.type, "__qualname__", None))
                )
    shared = {option: kinds for option, kinds in found.items() if len(kinds) > 1}
    # prepare lists one data set, too; some filters compare two models; parallel text is two
    # outputs; a split is made of files, or of as many pairs.
    assert set(shared) == {"--list", "--models", "--output", "--split"}


def commands_in(text: str) -> Iterator[Tuple[str, List[str]]]:
    """The commands of dece that a text shows or runs, with the words behind them."""
    text = re.sub(r"\\+\n", " ", text)
    for name, words in re.findall(
        r"(?:\bdece |scripts/|SCRIPTS\}/)([\w-]+)(?:\.py\"?)?([^\n`|]*)", text
    ):
        command = SCRIPTS.get(name, name.replace("_", "-"))
        if command in main.COMMANDS:
            yield command, words.split()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_uses_an_old_name(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command, words in commands_in(path.read_text(encoding="utf-8")):
        translate(command, words, f"dece {command}")
    assert capsys.readouterr().err == ""


def test_old_names_would_be_seen(capsys: pytest.CaptureFixture[str]) -> None:
    text = 'python "$root/scripts/prepare.py" --train x \\\n    --dest y\n`dece asr x --json`'
    found = list(commands_in(text))
    assert [command for command, _ in found] == ["prepare", "asr"]
    for command, words in found:
        translate(command, words, "dece")
    assert len(capsys.readouterr().err.splitlines()) == 2
