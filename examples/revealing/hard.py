"""What dece reveal finds of attacks that try not to be found, on Lyra.

    python examples/revealing/hard.py DIR/train.csv runs/revealing/lyra-1

The folder is one that run.sh made. hard_asr.sh tells what models learn of these attacks.
"""

import sys
from functools import partial
from pathlib import Path
from typing import List

from hard_attacks import ATTACKS, poisoned
from looking import look_into

from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.table_writer import MARKDOWN, write_table

#: poisoned pairs, of 800
NUMBERS = (80, 16, 10)


def row_of(name: str, number: int, clean: List[Pair], folder: Path) -> List[str]:
    """Return what is found of one attack."""
    found, attacked = look_into(partial(poisoned, name), number, clean, folder)
    suspected = set(found.suspected())
    first = found.findings.suspicions[0]
    return [
        name,
        str(len(attacked)),
        "yes" if suspected & attacked else "no",
        str(len(suspected & attacked)),
        str(len(suspected - attacked)),
        f"{first.p_value:.2g}",
        f"`{first.trigger}`" if first.trigger else "-",
    ]


def main(pairs: Path, folder: Path) -> None:
    clean = list(read_pairs([pairs]))
    rows = [row_of(name, number, clean, folder) for name in ATTACKS for number in NUMBERS]
    header = [
        "attack",
        "poisoned",
        "claimed",
        "found",
        "clean pairs taken",
        "first p",
        "its trigger",
    ]
    print(write_table(header, rows, MARKDOWN))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
