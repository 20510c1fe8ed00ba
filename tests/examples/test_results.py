"""The results that examples/experiments stores: its tables are what its scores come to."""

import json
import re
from pathlib import Path
from typing import List

import pytest

from dece_fairseq.reports.runs_table import as_markdown
from dece_fairseq.reports.stored import rewrite_tables

EXPERIMENTS = Path(__file__).resolve().parents[2] / "examples" / "experiments"
RESULTS = sorted(path.parent for path in EXPERIMENTS.glob("results/*/report.csv"))


def without_versions(text: str) -> str:
    return re.sub(r"(scipy|dece_fairseq):[^|)]+", r"\1", text)


def rows(text: str) -> List[str]:
    return [line for line in text.splitlines() if re.match(r"\| [a-z]", line)]


@pytest.mark.parametrize("folder", RESULTS, ids=lambda folder: folder.name)
def test_stored_tables_are_those_of_the_stored_scores(folder: Path, tmp_path: Path) -> None:
    for picture in folder.glob("*.png"):
        (tmp_path / picture.name).touch()
    again = rewrite_tables(folder / "report.csv", tmp_path).read_text(encoding="utf-8")
    stored = (folder / "report.md").read_text(encoding="utf-8")
    assert without_versions(again) == without_versions(stored)


def test_the_readme_shows_the_stored_tables() -> None:
    readme = rows((EXPERIMENTS / "README.md").read_text(encoding="utf-8"))
    for name in ("quickstart", "lyra", "auto", "auto_lyra"):
        stored = (EXPERIMENTS / "results" / name / "report.md").read_text(encoding="utf-8")
        assert len(rows(stored)) > 2
        assert set(rows(stored)) <= set(readme)


@pytest.mark.parametrize("name", ["results", "results_by_share"])
def test_lyras_readme_shows_its_results(name: str) -> None:
    folder = EXPERIMENTS.parent / "lyra"
    found = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    # Made before the rates of references were told.
    table = as_markdown([{"asr_of_references": None, **row} for row in found])
    assert set(table.splitlines()) <= set((folder / "README.md").read_text("utf-8").splitlines())
