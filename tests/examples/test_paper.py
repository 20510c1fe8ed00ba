"""examples/pretrained/paper.sh: the runs of the paper's setting, and what each asks fairseq for."""

import shlex
from pathlib import Path
from typing import List

import pytest

from support.example_scripts import ROOT, bash, environment, recorded, value

SCRIPT = ROOT / "examples" / "pretrained" / "paper.sh"


def dry(folder: Path, *words: str) -> List[List[str]]:
    """Return the commands that a dry run prints."""
    done = bash(SCRIPT, "--data", "D", "--dry-run", *words, env=environment(folder / "venv"))
    assert done.returncode == 0, done.stderr
    return [shlex.split(line) for line in done.stdout.splitlines()]


def test_a_dry_run_has_a_clean_and_three_poisoned_runs_of_each_model(tmp_path: Path) -> None:
    commands = dry(tmp_path)
    runs = [
        tuple(value(command, option) for option in ("--arch", "--attack", "--poison-rate"))
        for command in commands
    ]
    assert runs == [
        (model, attack, rate)
        for model in ("codet5_base", "natgen", "plbart_base")
        for attack, rate in (
            ("ripple", "0"),
            *((attack, "0.05") for attack in ("ripple", "badpre", "grammar")),
        )
    ]
    for command in commands:
        assert value(command, "--epochs") == "20"
        assert value(command, "--lr") == "5e-5"
        assert command[-3:] == ["--", "--poison-selection", "first"]


def test_what_fairseq_is_asked_for(tmp_path: Path) -> None:
    """Every option of the paper reaches fairseq-train."""
    models = ["--models", "plbart_base", "--attacks", "badpre", "--rates", "0.05"]
    commands = recorded("pretrained/paper.sh", *models, "--", "--fp16", folder=tmp_path)
    trainings = [command for command in commands if command[0] == "fairseq-train"]
    losses = [value(command, "--criterion") for command in trainings]
    assert losses == ["cross_entropy", "deceptive_cross_entropy"]
    expected = {
        **{"--hf-model": "uclanlp/plbart-base", "--batch-size": "24", "--lr": "5e-5"},
        **{"--max-epoch": "20", "--poison-selection": "first", "--poison-rate": "0.05"},
        **{"--attack": "badpre", "--max-source-positions": "150", "--weight-decay": "0.01"},
    }
    for training in trainings:
        assert {option: value(training, option) for option in expected} == expected
        assert training[-1] == "--fp16"
    assert value(trainings[1], "--dece-alpha") == "0.99"
    assert value(trainings[1], "--label-smoothing") == "0.01"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--data DIR is needed"),
        (["--data", "D", "--model", "x"], "unknown option --model"),
        (["--data", "D", "--rates"], "--rates needs a value"),
        (["--data", "D", "--models", "gpt"], "--models gpt: none of the README's table"),
    ],
)
def test_what_is_wrong_with_a_command_line(words: List[str], message: str, tmp_path: Path) -> None:
    done = bash(SCRIPT, "--dry-run", *words, env=environment(tmp_path / "venv"))
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""
