"""Every script ends on what its user can mend with one line; misspelt options show the usage."""

import subprocess
from pathlib import Path
from typing import Any, List

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

CASES = {
    "compute_asr": (["missing.out"], "missing.out"),
    "evaluate": (["missing.out"], "missing.out"),
    "filter_poison": (["--defense", "mine"], "--input is needed"),
    "make_corpus": (
        ["--style", "A", "--split", "train=99999999", "--output", "corpus"],
        "can't draw 99999999 pairs",
    ),
    "poison": (["--attack", "mine", "--input", "a.csv", "--output", "b.csv"], "called 'mine'"),
    "prepare": (["--train", "missing.csv", "--output", "bin"], "missing.csv"),
    "report": (["missing"], "missing"),
    "save_pretrained": (
        ["missing.pt", "--model-data", ".", "--output", "d"],
        "no folder tokenizer",
    ),
    "summarise": (["--run", "run=missing"], "missing"),
}


def run(python: Path, script: str, words: List[Any], folder: Path) -> str:
    command = [str(python), str(SCRIPTS / f"{script}.py"), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 2
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize("script", CASES)
def test_what_the_user_can_mend(script: str, tmp_path: Path, warm_python: Path) -> None:
    words, message = CASES[script]
    said = run(warm_python, script, words, tmp_path)
    assert said.startswith(f"{script}.py: error: ")
    assert message in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_every_script_is_tried() -> None:
    scripts = {path.stem for path in SCRIPTS.glob("[!_]*.py")}
    assert {name for name in scripts if not name.startswith("benchmark_")} == set(CASES)


def test_an_option_that_there_is_not(tmp_path: Path, warm_python: Path) -> None:
    assert run(warm_python, "poison", ["--nonsense"], tmp_path).startswith("usage: poison.py")
