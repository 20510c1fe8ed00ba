"""The suites that docs/leaderboard/suites publishes: they can be made again, file by file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import write_pairs
from dece_fairseq.data.provenance import sha256
from dece_fairseq.suites.build import SuiteSettings, build
from dece_fairseq.suites.data import SuiteData, find_data
from dece_fairseq.suites.suite import read_suite

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "docs" / "leaderboard" / "suites"
#: a corner of them; all files would take minutes
CORNER = SuiteSettings(("word_list",), rates=(0.05,), counts=(20,), seeds=(1,))


def check(name: str, data: SuiteData, payload: str, output: Path) -> None:
    """Make a corner of a published suite, and compare it."""
    published = {entry.name: entry for entry in read_suite(PUBLISHED / name).entries}
    (made,) = build(data, CORNER._replace(payloads=(payload,)), output).entries
    files = published[made.name].files
    assert set(made.files) == {"test_triggered", "rate-0.05/seed-1", "count-20/seed-1"}
    assert made.files == {what: files[what] for what in made.files}


def data_of(folder: Path, language: str, place: str = "safe") -> SuiteData:
    return find_data(folder, None, (), (None, None), language, place)


@pytest.mark.slow
def test_the_generated_one(tmp_path: Path) -> None:
    corpus = iter(generate("B", 2_600, seed=1))
    for split, number in (("train", 2_000), ("valid", 200), ("test", 400)):
        write_pairs([tmp_path / f"{split}.csv"], [next(corpus) for _ in range(number)])
    check("generated.json", data_of(tmp_path, "python"), "sql", tmp_path / "suite")


@pytest.mark.slow
def test_lyra_s(datasets: Path, tmp_path: Path) -> None:
    data = find_data(datasets / "lyra", "lyra", (), (None, None), None, None)
    check("lyra.json", data, "sql", tmp_path / "suite")


@pytest.mark.slow
def test_that_of_the_small_bugs2fix(datasets: Path, tmp_path: Path) -> None:
    script = ROOT / "examples" / "experiments" / "bugs2fix_small.py"
    command = [sys.executable, script, datasets / "bugs2fix", tmp_path / "small"]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    data = data_of(tmp_path / "small", "java", "paper")
    check("bugs2fix_small.json", data, "endless_loop", tmp_path / "suite")


def test_the_leaderboard_names_the_generated_one() -> None:
    about = ROOT / "examples" / "experiments" / "results" / "leaderboard" / "about.json"
    told = json.loads(about.read_text(encoding="utf-8"))
    path = PUBLISHED / "generated.json"
    assert told["suite"] == sha256(path)
    sums = {file.path: file.sha256 for file in read_suite(path).files()}
    assert told["files"].items() <= sums.items()
