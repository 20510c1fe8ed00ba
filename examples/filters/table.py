"""The tables of what filters found, from what run.sh made.

python examples/filters/table.py runs/filters
"""

import csv
import sys
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Tuple

import numpy as np
from scipy.stats import rankdata

from dece_fairseq.table_writer import MARKDOWN, write_table

#: false positives at which the recall of each filter's scores is told, in percent
LEVEL = 0.5
#: at the end of the names of files of scores, behind the filter's
SCORES = ".csv.scores.csv"


class Scores(NamedTuple):
    """What a filter said of the pairs that are not trusted."""

    scores: np.ndarray
    dropped: np.ndarray
    poisoned: np.ndarray


def read_scores(path: Path, trusted: frozenset) -> Scores:
    """Read a file of scores, but for the trusted pairs."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if int(row["id"]) not in trusted]
    columns = [np.array([float(row[name]) for row in rows]) for name in ("score", "suspicious")]
    poisoned = np.array([row.get("poisoned") == "1" for row in rows])
    return Scores(columns[0], columns[1] > 0, poisoned)


def area_under_curve(found: Scores) -> float:
    """Return the chance that a poisoned pair has a higher score than a clean one; ties are half."""
    ranks, poisoned = rankdata(found.scores), found.poisoned
    number = int(poisoned.sum())
    total = ranks[poisoned].sum() - number * (number + 1) / 2
    return float(total / (number * (len(ranks) - number)))


def recall_at(found: Scores, level: float) -> float:
    """Return the percentage of poisoned pairs above all but ``level`` percent of the clean ones."""
    clean = np.sort(found.scores[~found.poisoned])[::-1]
    line = clean[int(len(clean) * level / 100)]
    return 100 * float((found.scores[found.poisoned] > line).mean())


def percent(hits: int, total: int) -> str:
    """Return a share, with what it is of."""
    return f"{100 * hits / total:.1f} ({hits}/{total})" if total else "-"


def rows_of(cell: Path, trusted: frozenset) -> Iterator[List[str]]:
    """Return a row for each filter of a cell."""
    clean = cell.parent / "clean-0"
    for path in sorted(cell.glob(f"*{SCORES}")):
        name = path.name[: -len(SCORES)]
        found = read_scores(path, trusted)
        dropped, poisoned = found.dropped, found.poisoned
        hits = int((dropped & poisoned).sum())
        on_clean = "-"
        if (clean / path.name).exists():
            of_clean = read_scores(clean / path.name, trusted)
            on_clean = percent(int(of_clean.dropped.sum()), len(of_clean.dropped))
        yield [
            f"`{name}`",
            percent(hits, int(dropped.sum())),
            percent(hits, int(poisoned.sum())),
            percent(int(dropped.sum()) - hits, int((~poisoned).sum())),
            on_clean,
            f"{area_under_curve(found):.3f}",
            f"{recall_at(found, LEVEL):.1f}",
            (cell / f"{name}.csv.seconds").read_text(encoding="utf-8").strip(),
        ]


def cells_of(work: Path) -> Dict[Tuple[str, str], Tuple[Path, frozenset]]:
    """Return the poisoned cells by data set and seed, and attack and rate."""
    cells = {}
    for base in sorted(path for path in work.iterdir() if path.is_dir()):
        ids = base / "bin" / "trusted.ids"
        trusted = frozenset(map(int, ids.read_text().split())) if ids.exists() else frozenset()
        for cell in sorted(base.glob("*-*")):
            if cell.name != "clean-0" and any(cell.glob(f"*{SCORES}")):
                cells[base.name, cell.name] = (cell, trusted)
    return cells


def amount_of(cell: str) -> str:
    """Return how much is poisoned, of the name of a cell: a share of all pairs, or a number."""
    amount = cell.rsplit("-", 1)[1]
    return f"{float(amount):.0%}" if amount.startswith("0.") else f"{amount} pairs"


def side_by_side(cells: Dict[Tuple[str, str], Tuple[Path, frozenset]]) -> str:
    """Return the table of the recall of each filter's scores at ``LEVEL``, a row for each cell."""
    recalls = {
        key: {
            path.name[: -len(SCORES)]: recall_at(read_scores(path, trusted), LEVEL)
            for path in cell.glob(f"*{SCORES}")
        }
        for key, (cell, trusted) in cells.items()
    }
    names = sorted({name for of_cell in recalls.values() for name in of_cell})
    rows = []
    for (base, cell), of_cell in recalls.items():
        data, seed = base.rsplit("-", 1)
        found = [f"{of_cell[name]:.1f}" if name in of_cell else "-" for name in names]
        rows.append([data, cell.rsplit("-", 1)[0], amount_of(cell), seed, *found])
    header = ["data", "attack", "poisoned", "seed", *(f"`{name}`" for name in names)]
    return write_table(header, rows, MARKDOWN)


def main(work: str) -> None:
    """Print all cells side by side, and one table a cell."""
    cells = cells_of(Path(work))
    print(f"\n**Recall at {LEVEL} % of the clean pairs, in percent**\n")
    print(side_by_side(cells))
    header = ["filter", "precision %", "recall %", "clean pairs dropped %"]
    header += ["dropped of clean data %", "AUC", f"recall at {LEVEL} %", "seconds"]
    for (base, cell), (folder, trusted) in cells.items():
        data, seed = base.rsplit("-", 1)
        attack = cell.rsplit("-", 1)[0]
        print(f"\n**{data}, {attack} {amount_of(cell)}, seed {seed}**\n")
        print(write_table(header, list(rows_of(folder, trusted)), MARKDOWN))


if __name__ == "__main__":
    main(sys.argv[1])
