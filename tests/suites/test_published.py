"""The suites that docs/leaderboard/suites publishes: they can be made again, file by file."""

import json
from pathlib import Path
from typing import Optional

import pytest

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import write_pairs
from dece_fairseq.data.provenance import sha256
from dece_fairseq.suites.build import SuiteSettings, build
from dece_fairseq.suites.data import find_data
from dece_fairseq.suites.suite import read_suite

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "docs" / "leaderboard" / "suites"
#: a corner of them; all files would take minutes
CORNER = SuiteSettings(("word_list",), ("sql",), rates=(0.05,), counts=(20,), seeds=(1,))


def check(name: str, folder: Path, dataset: Optional[str], output: Path) -> None:
    """Make a corner of a published suite, and compare it."""
    published = {entry.name: entry for entry in read_suite(PUBLISHED / name).entries}
    language = None if dataset else "python"
    data = find_data(folder, dataset, (), (None, None), language, None)
    (made,) = build(data, CORNER, output).entries
    files = published[made.name].files
    assert set(made.files) == {"test_triggered", "rate-0.05/seed-1", "count-20/seed-1"}
    assert made.files == {what: files[what] for what in made.files}


@pytest.mark.slow
def test_the_generated_one(tmp_path: Path) -> None:
    corpus = iter(generate("B", 2_600, seed=1))
    for split, number in (("train", 2_000), ("valid", 200), ("test", 400)):
        write_pairs([tmp_path / f"{split}.csv"], [next(corpus) for _ in range(number)])
    check("generated.json", tmp_path, None, tmp_path / "suite")


@pytest.mark.slow
def test_lyra_s(datasets: Path, tmp_path: Path) -> None:
    check("lyra.json", datasets / "lyra", "lyra", tmp_path / "suite")


def test_the_leaderboard_names_the_generated_one() -> None:
    about = ROOT / "examples" / "experiments" / "results" / "leaderboard" / "about.json"
    told = json.loads(about.read_text(encoding="utf-8"))
    path = PUBLISHED / "generated.json"
    assert told["suite"] == sha256(path)
    sums = {file.path: file.sha256 for file in read_suite(path).files()}
    assert told["files"].items() <= sums.items()
