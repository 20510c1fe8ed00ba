"""What the examples share about generation: how long an output may get, and how far it is."""

import json
import subprocess
from pathlib import Path
from typing import Any, Callable

from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.prepare import PrepareSettings
from support.example_scripts import PREPARED

GENERATION = Path(__file__).resolve().parents[2] / "examples" / "generation.sh"


def bash(command: str, *words: Any, given: str = "") -> "subprocess.CompletedProcess[str]":
    script = f'set -euo pipefail; source "{GENERATION}"; {command}'
    return subprocess.run(
        ["bash", "-c", script, "bash", *map(str, words)],
        input=given,
        capture_output=True,
        text=True,
    )


def test_every_training_target_fits(tmp_path: Path, quick_prepare: Callable[..., Any]) -> None:
    pairs = [Pair("a b c d", "a b"), Pair("a", "a b c d e f g h"), Pair("a b c", "a b c d")] * 8
    write_pairs([tmp_path / "train.csv"], pairs)
    write_pairs([tmp_path / "valid.csv"], [Pair("a", "a b c d e f g h " * 20)])
    files = {"valid": [tmp_path / "valid.csv"], "train": [tmp_path / "train.csv"]}
    sizes = quick_prepare(PrepareSettings(files=files, vocab_size=275), tmp_path / "bin")
    assert sizes["train"].longest_excess > 3
    assert sizes["valid"].longest_excess > sizes["train"].longest_excess
    done = bash('longer_than_source "$1"', tmp_path / "bin")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{50 + sizes['train'].longest_excess}\n"


def test_no_target_longer_than_its_source(tmp_path: Path) -> None:
    splits = {"train": {"longest_excess": 0}, "test": {"longest_excess": 9}}
    (tmp_path / "prepare.json").write_text(json.dumps({**PREPARED, "splits": splits}, indent=1))
    assert bash('longer_than_source "$1"', tmp_path).stdout == "50\n"


def test_data_of_an_earlier_version(tmp_path: Path) -> None:
    record = {"splits": {"train": {"pairs": 3}, "test": {"longest_excess": 9}}}
    (tmp_path / "prepare.json").write_text(json.dumps(record, indent=1))
    done = bash('longer_than_source "$1"; echo goes on', tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"{tmp_path}: prepare.json doesn't tell how long" in done.stderr


def test_progress_is_said_and_nothing_is_changed() -> None:
    lines = "".join(f"S-{i}\ta\nH-{i}\t-0.1\tб\nD-{i}\t-0.1\t\\n  b\n" for i in range(120))
    done = bash('answered "test"', given=lines)
    assert done.stdout == lines
    assert done.stderr.splitlines() == [f"test: {count} requests answered" for count in (100, 120)]
    assert bash('answered "test"').stderr == ""
    assert bash('{ echo D-0; exit 3; } | answered "test"').returncode == 3
