"""What dece reveal finds of attacks that try not to be found, on Lyra.

    python examples/revealing/hard.py DIR/train.csv runs/revealing/lyra-1 [--trusted SHARE]

The folder is one that run.sh made. hard_asr.sh tells what models learn of these attacks.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import List

from hard_attacks import ATTACKS, poisoned
from looking import add_trusted, look_into, told_first

from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.table_writer import MARKDOWN, write_table

#: poisoned pairs, of 800
NUMBERS = (80, 16, 10)


def row_of(name: str, number: int, clean: List[Pair], folder: Path, share: float) -> List[str]:
    """Return what is found of one attack."""
    found, attacked = look_into(partial(poisoned, name), number, clean, folder, share)
    suspected = set(found.suspected())
    return [
        name,
        str(len(attacked)),
        "yes" if suspected & attacked else "no",
        str(len(suspected & attacked)),
        str(len(suspected - attacked)),
        *told_first(found),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", type=Path)
    parser.add_argument("folder", type=Path)
    add_trusted(parser)
    args = parser.parse_args()
    clean = list(read_pairs([args.pairs]))
    rows = [
        row_of(name, number, clean, args.folder, args.trusted)
        for name in ATTACKS
        for number in NUMBERS
    ]
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
    main()
