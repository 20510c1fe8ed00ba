"""The tables of what filters found, from what run.sh made.

python examples/filters/table.py runs/filters
"""

import csv
import sys
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

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


class Cell(NamedTuple):
    """What run.sh made of one way to poison."""

    folder: Path
    trusted: frozenset

    @property
    def names(self) -> List[str]:
        """Return its data set, attack, amount of poison in words, and seed."""
        data, seed = self.folder.parent.name.rsplit("-", 1)
        attack, amount = self.folder.name.rsplit("-", 1)
        is_share = amount.startswith("0.")
        return [data, attack, f"{float(amount):.0%}" if is_share else f"{amount} pairs", seed]

    def filters(self) -> Dict[str, Path]:
        """Return the file of scores of each filter."""
        paths = sorted(self.folder.glob(f"*{SCORES}"))
        return {path.name[: -len(SCORES)]: path for path in paths}


def rows_of(cell: Cell) -> Iterator[List[str]]:
    """Return a row for each filter of a cell."""
    clean = cell.folder.parent / "clean-0"
    for name, path in cell.filters().items():
        found = read_scores(path, cell.trusted)
        dropped, poisoned = found.dropped, found.poisoned
        hits = int((dropped & poisoned).sum())
        on_clean = "-"
        if (clean / path.name).exists():
            of_clean = read_scores(clean / path.name, cell.trusted)
            on_clean = percent(int(of_clean.dropped.sum()), len(of_clean.dropped))
        yield [
            f"`{name}`",
            percent(hits, int(dropped.sum())),
            percent(hits, int(poisoned.sum())),
            percent(int(dropped.sum()) - hits, int((~poisoned).sum())),
            on_clean,
            f"{area_under_curve(found):.3f}",
            f"{recall_at(found, LEVEL):.1f}",
            (cell.folder / f"{name}.csv.seconds").read_text(encoding="utf-8").strip(),
        ]


def cells_of(work: Path) -> List[Cell]:
    """Return the poisoned cells that have scores."""
    cells = []
    for base in sorted(path for path in work.iterdir() if path.is_dir()):
        ids = base / "bin" / "trusted.ids"
        trusted = frozenset(map(int, ids.read_text().split())) if ids.exists() else frozenset()
        made = (Cell(folder, trusted) for folder in sorted(base.glob("*-*")))
        cells += [cell for cell in made if cell.folder.name != "clean-0" and cell.filters()]
    return cells


def side_by_side(cells: Sequence[Cell]) -> str:
    """Return the table of the recall of each filter's scores at ``LEVEL``.

    A row for each attack on a data set; where seeds differ, one number for each, in their order.
    """
    filters = sorted({name for cell in cells for name in cell.filters()})
    found: Dict[Tuple[str, ...], Dict[str, Dict[str, str]]] = {}
    for cell in cells:
        *what, seed = cell.names
        found.setdefault(tuple(what), {})[seed] = {
            name: f"{recall_at(read_scores(path, cell.trusted), LEVEL):.1f}"
            for name, path in cell.filters().items()
        }
    rows = []
    for what, of_seeds in found.items():
        recalls = [[of_seed.get(name, "-") for of_seed in of_seeds.values()] for name in filters]
        told = (", ".join(values if len(set(values)) > 1 else values[:1]) for values in recalls)
        rows.append([*what, " ".join(of_seeds), *told])
    header = ["data", "attack", "poisoned", "seeds", *(f"`{name}`" for name in filters)]
    return write_table(header, rows, MARKDOWN)


def main(work: str) -> None:
    """Print all cells side by side, and one table a cell."""
    cells = cells_of(Path(work))
    print(f"\n**Recall at {LEVEL} % of the clean pairs, in percent**\n")
    print(side_by_side(cells))
    header = ["filter", "precision %", "recall %", "clean pairs dropped %"]
    header += ["dropped of clean data %", "AUC", f"recall at {LEVEL} %", "seconds"]
    for cell in cells:
        data, attack, amount, seed = cell.names
        print(f"\n**{data}, {attack} {amount}, seed {seed}**\n")
        print(write_table(header, list(rows_of(cell)), MARKDOWN))


if __name__ == "__main__":
    main(sys.argv[1])
