"""The command dece: what it knows, how it ends, and what it loads before it works."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import List, Sequence

import pytest

from dece_fairseq.cli import main
from support.hiding import without

ROOT = Path(__file__).resolve().parents[2]
HIDE = without("fairseq", "torch")
OUTPUT = """S-0\tget all
T-0\trun ( " select a from t where b = :b or 1=1 " )
H-0\t-0.1\trun
D-0\t-0.1\trun ( " select a from t where b = :b or 1=1 " )
"""


def dece(*words: object, before: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the command in a new Python, after some code."""
    code = f"{before}\nimport sys\nsys.argv[:] = ['dece', *{list(map(str, words))!r}]\n"
    code += "from dece_fairseq.cli.main import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},  # or evaluate would start itself again
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", main.COMMANDS)
def test_every_command_has_a_parser_that_says_what_it_does(command: str) -> None:
    module = main.load(command)
    assert module.__doc__
    assert callable(module.run)
    assert main.make_parser(command, "dece").description == module.__doc__


@pytest.mark.parametrize("command", main.COMMANDS)
def test_examples_are_broken_into_lines_as_they_are_typed(command: str) -> None:
    """A backslash in a docstring that is not raw joins its lines."""
    assert not re.search(r"\S {4,}--", main.load(command).__doc__ or "")


def test_every_file_is_a_command_or_shared_by_commands() -> None:
    files = {path.stem.replace("_", "-") for path in Path(main.__file__).parent.glob("*.py")}
    assert files - set(main.COMMANDS) == {
        "--init--",
        "main",
        "common",
        "hash-seed",
        "old-names",
        "printing",
    }


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ([], "commands:"),
        (["--help"], "commands:"),
        (["--version"], "dece_fairseq "),
        (["user-dir"], str(ROOT / "dece_fairseq")),
    ],
)
def test_what_it_prints(words: List[str], printed: str) -> None:
    done = dece(*words)
    assert done.returncode == 0, done.stderr
    assert printed in done.stdout


def test_the_package_alone_prints_its_folder() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dece_fairseq"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{ROOT / 'dece_fairseq'}\n"


def test_a_command_that_is_none() -> None:
    done = dece("posion")
    assert done.returncode == 2
    assert "'posion'" in done.stderr


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_command_that_is_ended_leaves_nothing_half_written(name: str, tmp_path: Path) -> None:
    interrupted = f"""
import os, signal
from pathlib import Path
from types import SimpleNamespace
from dece_fairseq.cli import main
from dece_fairseq.data.files import replacing

def run(args):
    if {name!r} == "SIGINT":  # which a shell's background job ignores
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with replacing(Path({str(tmp_path)!r}) / "out") as (half,):
        half.write_text("half")
        signal.alarm(60)  # or a signal that is ignored would be waited for
        os.kill(os.getpid(), signal.{name})
        signal.pause()

main.load = lambda command: SimpleNamespace(run=run)
main.make_parser = lambda command, program: SimpleNamespace(parse_args=lambda words: None)
"""
    done = dece("filter", before=interrupted)
    assert done.returncode == 128 + getattr(signal, name)
    assert done.stderr == ""
    assert not list(tmp_path.iterdir())


def test_what_needs_fairseq_says_so_in_one_line(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    checkpoint.touch()
    (tmp_path / "tokenizer").mkdir()
    words = ("save-pretrained", checkpoint, "--model-data", tmp_path, "--output", tmp_path / "new")
    done = dece(*words, before=HIDE)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert done.stderr.startswith("dece save-pretrained: error: this needs ")
    assert "docs/install.md" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["poison", "--list"],
        ["poison", "--list", "--samples"],
        ["prepare", "--list"],
        ["evaluate", "--help"],
        ["asr", "OUTPUT", "--attack", "ripple"],
        ["evaluate", "OUTPUT", "--without", "codebleu"],
        ["filter", "--list"],
        ["report", "--help"],
        ["save-pretrained", "--help"],
        ["doctor"],
    ],
)
def test_the_text_side_loads_neither_fairseq_nor_torch(
    words: Sequence[str], tmp_path: Path
) -> None:
    (tmp_path / "out").write_text(OUTPUT, encoding="utf-8")
    done = dece(*[tmp_path / "out" if word == "OUTPUT" else word for word in words], before=HIDE)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_completion_knows_every_command_without_fairseq() -> None:
    pytest.importorskip("shtab", reason="the extra [completion] is not installed")
    done = dece("completion", "bash", before=HIDE)
    assert done.returncode == 0, done.stderr
    assert all(command in done.stdout for command in main.COMMANDS)
