"""The tables of what dece reveal found, from what grid.py wrote.

python examples/revealing/table.py runs/revealing [--trusted SHARE]
"""

import argparse
import json
from collections import defaultdict
from itertools import chain
from pathlib import Path
from typing import Any, Dict, Iterable, List, Tuple

from grid import CELLS, results_name

from dece_fairseq.metrics.success_rate import rate
from dece_fairseq.table_writer import MARKDOWN, write_table

RATES = {0.05: "5 %", 0.01: "1 %", 10: "10 pairs"}
HEADER = [
    "data",
    "attack",
    "poisoned",
    "seeds",
    "first",
    "claimed",
    "pairs found %",
    "clean pairs taken %",
    "trigger named",
]
BAR_HEADER = ["poisoned", "cells", "first", "claimed", "at the bar", "with clean pairs taken"]
#: the bar: at least so much of the poisoned pairs are found, and of the clean ones taken at most
LEAST_FOUND, MOST_TAKEN = 0.95, 0.005
CLEAN_HEADER = ["data", "references", "clean sets", "with a claim"]


def read_cells(work: Path, name: str) -> Dict[str, List[Dict[str, Any]]]:
    """Return the cells of each data set, each with the seed that it is of."""
    found: Dict[str, List[Dict[str, Any]]] = defaultdict(list)
    for path in sorted(work.glob(f"*-*/{name}")):
        data, _, seed = path.parent.name.rpartition("-")
        for line in path.read_text(encoding="utf-8").splitlines():
            found[data].append({"seed": seed, **json.loads(line)})
    return found


def share(parts: int, total: int) -> str:
    return f"{100 * parts / total:.1f} ({parts}/{total})" if total else "-"


def poisoned_rows(data: str, cells: Iterable[Dict[str, Any]]) -> List[List[str]]:
    """Return a row for each attack and rate, summed over seeds."""
    grouped: Dict[Tuple[str, str, float], List[Dict[str, Any]]] = defaultdict(list)
    for cell in cells:
        attack, payload, cell_rate, _ = cell["cell"]
        if attack != "clean":
            grouped[attack, payload, cell_rate].append(cell)
    rows = []
    for (attack, payload, cell_rate), all_of in grouped.items():
        # Other cells of an attack and a data set have one payload.
        if (attack, payload) in CELLS["payloads"].get(data, []):
            attack = f"{attack}, {payload}"
        of = [cell for cell in all_of if "impossible" not in cell]
        if not of:
            rows.append([data, attack, RATES[cell_rate], f"0 of {len(all_of)}", *["-"] * 5])
            continue

        def total(key: str, of: List[Dict[str, Any]] = of) -> int:
            return sum(cell[key] for cell in of)

        rows.append(
            [
                data,
                attack,
                RATES[cell_rate],
                str(len(of)),
                f"{total('first_is_right')} of {len(of)}",
                f"{sum(cell['right'] > 0 for cell in of)} of {len(of)}",
                share(total("found"), total("poisoned")),
                share(total("false"), total("clean")),
                f"{sum(cell['named'] > 0 for cell in of)} of {len(of)}",
            ]
        )
    return rows


def bar_rows(cells: Iterable[Dict[str, Any]]) -> List[List[str]]:
    """Return a row for each rate, over all data and attacks."""
    rows = []
    possible = [cell for cell in cells if "impossible" not in cell]
    for cell_rate, name in RATES.items():
        of = [cell for cell in possible if cell["cell"][2] == cell_rate]
        if not of:
            continue
        at_bar = [
            cell["found"] >= LEAST_FOUND * cell["poisoned"]
            and cell["false"] <= MOST_TAKEN * cell["clean"]
            for cell in of
        ]
        counts = (
            len(of),
            sum(cell["first_is_right"] for cell in of),
            sum(cell["right"] > 0 for cell in of),
            sum(at_bar),
            sum(cell["false"] > 0 for cell in of),
        )
        rows.append([name, *map(str, counts)])
    return rows


def clean_row(data: str, cells: Iterable[Dict[str, Any]]) -> List[str]:
    """Return how many clean sets had a claim."""
    of = [cell for cell in cells if cell["cell"][0] == "clean"]
    claims = sum(cell["claimed"] > 0 for cell in of)
    found = rate(claims, len(of))
    interval = f"{found.percent:.1f} % ({claims}/{len(of)}, {found.low:.1f} to {found.high:.1f})"
    return [data, str(len({cell["seed"] for cell in of})), str(len(of)), interval]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--trusted", type=float, default=1, metavar="SHARE", help="as of grid.py")
    args = parser.parse_args()
    cells = read_cells(args.work, results_name(args.trusted))
    rows = [row for data, of in cells.items() for row in poisoned_rows(data, of)]
    print(write_table(HEADER, rows, MARKDOWN))
    print()
    print(write_table(BAR_HEADER, bar_rows(chain.from_iterable(cells.values())), MARKDOWN))
    looked = (of for of in cells.items() if any(cell["cell"][0] == "clean" for cell in of[1]))
    print()
    print(write_table(CLEAN_HEADER, [clean_row(*of) for of in looked], MARKDOWN))


if __name__ == "__main__":
    main()
