"""fairseq's own commands end with one line where the user can mend what is wrong."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, List

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: runs a command and checks that it ends on an error of this project, whose line it returns
Ends = Callable[..., str]


@pytest.fixture
def ends(data: Path, tmp_path: Path, warm_python: Path) -> Ends:
    def run(command: str, *words: Any, python: Any = warm_python) -> str:
        line: List[Any] = [python, "-m", f"fairseq_cli.{command}", data / "bin", "--cpu"]
        line += ["--user-dir", ROOT / "dece_fairseq", "--bpe", "lossless_sentencepiece"]
        line += ["--sentencepiece-model", data / "bin" / "sentencepiece.model"]
        line += ["--task", "backdoor_poisoned_translation", "-s", "src", "-t", "tgt", *words]
        return one_line(line, tmp_path, f"{command}.py")

    return run


def one_line(command: List[Any], folder: Path, program: str) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith(f"{program}: error: ")]
    assert done.stderr.rstrip().endswith(line)
    return line


TRAIN = ("train", "--arch", "transformer_tiny", "--max-tokens", 400, "--optimizer", "adam")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--attack", "mine"], "no attack is called 'mine'; .* where --user-dir names its package"),
        (["--attack", "ripple", "--payload", "x"], "no payload is called 'x'; .* --user-dir names"),
        (["--attack", "ripple", "--poison-rate", 0.99], "asks for 99 poisoned ones, but only"),
        (
            ["--attack", "dead_code"],
            "train: none of 100 pairs can be poisoned by the attack 'dead_code' with the payload "
            "'endless_loop' in java: 100 have no place for it, .*; give another --attack",
        ),
        (["--criterion", "deceptive_cross_entropy", "--dece-alpha", 2], "--dece-alpha must be in"),
        (
            ["--arch", "hf_encoder_decoder"],
            "--hf-model is needed|a model from Hugging Face needs transformers",
        ),
    ],
)
def test_train(ends: Ends, words: List[Any], message: str) -> None:
    assert re.search(message, ends(*TRAIN, *words))


@pytest.mark.slow
def test_the_python_that_a_user_has(ends: Ends) -> None:
    assert "called 'mine'" in ends(*TRAIN, "--attack", "mine", python=sys.executable)


def test_hydra_train(data: Path, tmp_path: Path, warm_python: Path) -> None:
    settings = {
        "common.user_dir": ROOT / "dece_fairseq",
        "task.data": data / "bin",
        "task.attack": "mine",
        "bpe.sentencepiece_model": data / "bin" / "sentencepiece.model",
    }
    words: List[Any] = [warm_python, "-m", "fairseq_cli.hydra_train", "--config-name", "dece"]
    words += ["--config-dir", ROOT / "examples" / "hydra"]
    words += [f"{name}={value}" for name, value in settings.items()]
    assert "no attack is called 'mine'" in one_line(words, tmp_path, "hydra_train.py")


def test_generate(ends: Ends) -> None:
    assert "no attack is called 'mine'" in ends("generate", "--path", "x.pt", "--attack", "mine")
