"""What the documents of the repository name: commands, options, links."""

import argparse
import re
import shlex
from functools import lru_cache
from pathlib import Path
from typing import FrozenSet, Iterator, List, NamedTuple, Optional, Set

from dece_fairseq.cli.main import COMMANDS, make_parser

ROOT = Path(__file__).resolve().parents[2]
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*[a-z0-9]")
#: programs of others, whose options are theirs
OTHERS = {
    *("cd", "cp", "do", "done", "for", "git", "mkdir", "wait"),
    *("mkdocs", "pip", "pre-commit", "pytest", "snakemake", "source", "srun", "torchrun"),
}
#: what prose names of programs of others
OPTIONS_OF_OTHERS = {
    *(
        "--executor",
        "--jobs",
        "--keep-going",
        "--rerun-incomplete",
        "--unlock",
        "--until",
    ),  # snakemake
    *("--config", "--dry-run", "--slurm-no-account", "--slurm-status-command"),
    "--results-path",
}


class Command(NamedTuple):
    """A command line that a document shows."""

    place: str
    words: List[str]

    @property
    def options(self) -> Set[str]:
        return {
            word.partition("=")[0]
            for word in self.words
            if OPTION.fullmatch(word.partition("=")[0])
        }


def documents() -> List[Path]:
    """Return the README, the pages of docs, and the READMEs of the examples."""
    return [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
        *sorted(ROOT.glob("docs/**/*.md")),
        *sorted(ROOT.glob("examples/*/README.md")),
    ]


def prose(path: Path) -> str:
    """Return a document without its blocks of code."""
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"^    .*$", "", text, flags=re.MULTILINE)


def commands(path: Path) -> Iterator[Command]:
    """Yield the commands of a document's blocks of shell, and those in back quotes."""
    text = path.read_text("utf-8")
    place = str(path.relative_to(ROOT))
    fenced = "".join(re.findall(r"^```bash\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    unfenced = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    indented = "".join(re.findall(r"^    (.*\n)", unfenced, re.MULTILINE))
    quoted = re.findall(r"`((?:dece|bash|python) [^`]+)`", text)
    for line in fenced.replace("\\\n", " ").splitlines():
        yield from _in_line(place, line)
    for line in indented.replace("\\\n", " ").splitlines():
        if re.match(r"(?:dece|bash|python|fairseq-\w+) ", line):  # it may be a formula
            yield from _in_line(place, line)
    for line in quoted:
        yield from _in_line(place, line.replace("\n", " "))


def _in_line(place: str, line: str) -> Iterator[Command]:
    words = shlex.split(line, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    if words:
        yield Command(place, words)


@lru_cache(maxsize=None)
def options_of(command: str) -> FrozenSet[str]:
    """Return the options of a command of ``dece``."""
    assert command in COMMANDS, f"there is no dece {command}"
    return frozenset(make_parser(command, "dece")._option_string_actions)


@lru_cache(maxsize=None)
def options_of_fairseq() -> FrozenSet[str]:
    """Return every option of fairseq's command lines and of what is registered with it."""
    from fairseq import options, registry
    from fairseq.criterions import CRITERION_REGISTRY
    from fairseq.models import MODEL_REGISTRY
    from fairseq.tasks import TASK_REGISTRY

    import dece_fairseq.plugin  # noqa: F401

    found: Set[str] = set()
    for make in (
        options.get_preprocessing_parser,
        options.get_training_parser,
        options.get_generation_parser,
    ):
        found |= set(make()._option_string_actions)
    kinds = [*TASK_REGISTRY.values(), *CRITERION_REGISTRY.values(), *MODEL_REGISTRY.values()]
    for registered in registry.REGISTRIES.values():
        kinds += registered["registry"].values()
    for kind in kinds:
        add: Optional[object] = getattr(kind, "add_args", None)
        dataclass = getattr(kind, "__dataclass", None)
        parser = argparse.ArgumentParser(conflict_handler="resolve", add_help=False)
        if callable(add):
            add(parser)
        elif dataclass is not None:
            from fairseq.dataclass.utils import gen_parser_from_dataclass

            gen_parser_from_dataclass(parser, dataclass())
        found |= set(parser._option_string_actions)
    return frozenset(found)


def options_of_file(path: Path) -> FrozenSet[str]:
    """Return the options that a script takes, or what it sources or imports beside it: by text."""
    texts = [path.read_text("utf-8")]
    if path.suffix == ".sh":
        texts += [other.read_text("utf-8") for other in (ROOT / "examples").glob("*.sh")]
        text = "\n".join(texts)
        found = set(re.findall(r"(?:^ *|= )(--[a-z-]+)(?:\)| \])", text, re.MULTILINE))
        for names in re.findall(r"^take_options \S+ \"([^\"]*)\"", text, re.MULTILINE):
            words = names.replace("\\\n", " ").split()
            found |= {f"--{word.partition('=')[0].rstrip('!')}" for word in words}
        return frozenset(found)
    names = re.findall(r"^from (\w+) import", texts[0], re.MULTILINE)
    beside = (path.with_name(f"{name}.py") for name in names)
    texts += [other.read_text("utf-8") for other in beside if other.exists()]
    return frozenset(re.findall(r"\"(--[a-z-]+)\"", "\n".join(texts)))
