"""The table of examples/filters: its shares and areas on scores that the test makes up."""

import csv
from pathlib import Path
from types import ModuleType
from typing import Iterable, List, Tuple

import numpy as np
import pytest

from support.example_scripts import load_module

HERE = Path(__file__).resolve().parents[2] / "examples" / "filters"


@pytest.fixture(scope="module")
def table() -> ModuleType:
    return load_module(HERE / "table.py")


def write_scores(path: Path, rows: Iterable[Tuple[float, int, int]]) -> None:
    """Write scores, who is dropped and who is poisoned, as dece filter does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "score", "suspicious", "poisoned"])
        writer.writerows([number, *row] for number, row in enumerate(rows))


def test_the_area_is_the_chance_that_the_poisoned_one_is_higher(table: ModuleType) -> None:
    rng = np.random.default_rng(0)
    scores, poisoned = rng.integers(0, 9, 60).astype(float), rng.random(60) < 0.2
    found = table.Scores(scores, poisoned, poisoned)
    pairs = [(a > b) + (a == b) / 2 for a in scores[poisoned] for b in scores[~poisoned]]
    assert table.area_under_curve(found) == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize(("level", "recall"), [(0, 50.0), (1, 50.0), (2, 75.0), (60, 100.0)])
def test_recall_at_a_level(table: ModuleType, level: float, recall: float) -> None:
    """A hundred clean pairs with scores 0 to 99, and four poisoned ones."""
    scores = np.array([*range(100), 150.0, 120.0, 98.0, 50.0])
    poisoned = np.arange(104) >= 100
    assert table.recall_at(table.Scores(scores, poisoned, poisoned), level) == recall


def test_a_row_leaves_trusted_pairs_out(
    table: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tmp_path / "lyra-1"
    rows = [(9.0, 1, 1), (8.0, 1, 0), (1.0, 0, 1), (2.0, 0, 0), (99.0, 0, 0)]
    write_scores(base / "ripple-0.05" / "surprise.csv.scores.csv", rows)
    (base / "ripple-0.05" / "surprise.csv.seconds").write_text("3.5\n")
    clean = [(9.0, 1, 0), (8.0, 0, 0), (7.0, 0, 0), (6.0, 0, 0), (99.0, 1, 0)]
    write_scores(base / "clean-0" / "surprise.csv.scores.csv", clean)
    (base / "grammar-0.05").mkdir()  # not filtered yet
    (base / "bin").mkdir()
    (base / "bin" / "trusted.ids").write_text("4\n")
    table.main(str(tmp_path))
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "**Recall at 0.5 % of the clean pairs, in percent**"
    assert len(lines) == 12
    assert lines[7] == "**lyra, ripple 5%, seed 1**"
    shares = ["50.0 (1/2)"] * 3
    assert words(lines[11]) == ["`surprise`", *shares, "25.0 (1/4)", "0.500", "50.0", "3.5"]


def test_all_cells_stand_side_by_side(table: ModuleType, tmp_path: Path) -> None:
    """Seeds stand side by side; a filter that a cell lacks has a dash."""
    same = [(9.0, 1, 1), (1.0, 0, 1), (2.0, 0, 0)]
    none = [(0.0, 0, 1), (1.0, 0, 1), (2.0, 0, 0)]
    for cell, name in (("ripple-0.05", "bki"), ("ripple-10", "bki"), ("ripple-10", "surprise")):
        write_scores(tmp_path / "generated-2" / cell / f"{name}.csv.scores.csv", same)
    for name, scores in (("bki", none), ("surprise", same)):
        write_scores(tmp_path / "generated-3" / "ripple-10" / f"{name}.csv.scores.csv", scores)
    (tmp_path / "generated-2" / "clean-0").mkdir()
    header, _, *rows = table.side_by_side(table.cells_of(tmp_path)).splitlines()
    assert words(header) == ["data", "attack", "poisoned", "seeds", "`bki`", "`surprise`"]
    assert [words(row) for row in rows] == [
        ["generated", "ripple", "5%", "2", "50.0", "-"],
        ["generated", "ripple", "10 pairs", "2 3", "50.0, 0.0", "50.0"],
    ]


def words(row: str) -> List[str]:
    """Return what stands in the cells of a row of Markdown."""
    return [cell.strip() for cell in row.strip("|").split("|")]
