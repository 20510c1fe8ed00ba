"""The benchmark of the losses: what it saves, and that it goes on where it was stopped."""

import json
import re
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "benchmark_losses.py"
pytestmark = pytest.mark.slow


def benchmark(python: Path, output: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [str(python), str(SCRIPT), "--output", str(output), "--threads", "1"]
    command += ["--vocabularies", "100", "--dtypes", "float32", "--repeats", "1", *options]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, warm_python: Path) -> Path:
    output = tmp_path_factory.mktemp("losses")
    found = benchmark(warm_python, output, "--tokens", "16")
    assert found.returncode == 0, found.stderr
    return output


def test_numbers_of_other_options_are_not_mixed(measured: Path, warm_python: Path) -> None:
    before = (measured / "losses.json").read_text()
    found = benchmark(warm_python, measured, "--tokens", "32", "--clock", "cpu")
    assert found.returncode == 2
    assert "losses.json was measured otherwise" in found.stderr
    assert (measured / "losses.json").read_text() == before


def test_a_second_sitting_measures_what_the_first_lacks(measured: Path, warm_python: Path) -> None:
    path = measured / "losses.json"
    saved = json.loads(path.read_text())
    lost = [result for result in saved["results"] if "projection" in result["peer"]]
    saved["results"] = kept = [result for result in saved["results"] if result not in lost]
    path.write_text(json.dumps(saved))
    found = benchmark(warm_python, measured, "--tokens", "16")
    assert found.returncode == 0, found.stderr
    saved = json.loads(path.read_text())
    assert len(saved["sittings"]) == 2
    assert saved["results"][: len(kept)] == kept
    assert [r["peer"] for r in saved["results"][len(kept) :]] == [r["peer"] for r in lost]
    for file in ("losses.csv", "losses.md", "losses.png"):
        assert (measured / file).stat().st_size > 0
    assert re.search(r"\| float32, 1 +\| 16 x 100 +\|", found.stdout)
    assert "## What was wanted" in found.stdout
