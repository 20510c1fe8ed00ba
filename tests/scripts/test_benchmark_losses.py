"""The benchmark of the losses: what it saves, and that it goes on where it was stopped."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "benchmark_losses.py"
pytestmark = pytest.mark.slow


def benchmark(output: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(SCRIPT), "--output", str(output), "--threads", "1"]
    command += ["--vocabularies", "100", "--dtypes", "float32", "--repeats", "1", *options]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("losses")
    found = benchmark(output, "--tokens", "16")
    assert found.returncode == 0, found.stderr
    return output


def test_numbers_of_other_options_are_not_mixed(measured: Path) -> None:
    before = (measured / "losses.json").read_text()
    found = benchmark(measured, "--tokens", "32", "--clock", "cpu")
    assert found.returncode == 1
    assert "losses.json was measured otherwise" in found.stderr
    assert (measured / "losses.json").read_text() == before


def test_a_second_sitting_measures_what_the_first_lacks(measured: Path) -> None:
    first = json.loads((measured / "losses.json").read_text())
    found = benchmark(measured, "--tokens", "16", "32")
    assert found.returncode == 0, found.stderr
    second = json.loads((measured / "losses.json").read_text())
    assert [len(first["sittings"]), len(second["sittings"])] == [1, 2]
    assert second["results"][: len(first["results"])] == first["results"]
    assert len(second["results"]) == 2 * len(first["results"])
    for file in ("losses.csv", "losses.md", "losses.png"):
        assert (measured / file).stat().st_size > 0
    for text in ("| float32, 1 | 16 x 100 |", "| float32, 1 | 32 x 100 |", "## What was wanted"):
        assert text in found.stdout
