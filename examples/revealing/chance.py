"""How often several triggers are named of clean pairs that have nothing in common.

    python examples/revealing/chance.py DIR/train.csv [--tries 1000]

Random pairs of the first half stand for a suspicion, so many at a time.
"""

import argparse
import random
from pathlib import Path
from typing import Sequence

import numpy as np

from dece_fairseq.data.pairs import read_pairs
from dece_fairseq.defenses.revealing.alternatives import candidates, find_alternatives
from dece_fairseq.defenses.revealing.spans import Texts
from dece_fairseq.defenses.revealing.words import split
from dece_fairseq.table_writer import MARKDOWN, write_table

#: pairs of a suspicion
SIZES = (7, 10, 20, 80)


def named(sources: Sequence[str], size: int, tries: int) -> int:
    """Return how many of the tries name triggers of so many random pairs."""
    texts = Texts(map(split, sources))
    among = candidates(texts)
    rng, nothing = random.Random(f"{size}"), np.array([], dtype=int)
    found = 0
    for _ in range(tries):
        pairs = np.sort(rng.sample(range(len(sources) // 2), size))
        found += find_alternatives(texts, among, pairs, nothing) is not None
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--tries", type=int, default=1000)
    args = parser.parse_args()
    sources = [pair.source for pair in dict.fromkeys(read_pairs([args.pairs]))]
    rows = [[str(size), f"{named(sources, size, args.tries)} of {args.tries}"] for size in SIZES]
    print(write_table(["pairs", "named"], rows, MARKDOWN))


if __name__ == "__main__":
    main()
