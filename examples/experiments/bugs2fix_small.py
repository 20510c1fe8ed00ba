"""Cuts a small data set out of Bugs2Fix for plans: trained on its validation file, a short test.

    python examples/experiments/bugs2fix_small.py DIR OUTPUT

DIR is the data set's folder, OUTPUT gets ``train.csv`` (its 5,835 validation pairs), ``test.csv``
(the first 1,000 test pairs) and ``valid.csv`` (the next 200), with columns ``src`` and ``tgt``.
"""

import sys
from pathlib import Path

from dece_fairseq.data.datasets import DATASETS
from dece_fairseq.data.pairs import read_pairs, write_pairs

TEST, VALID = 1000, 200


def main(folder: Path, output: Path) -> None:
    found = DATASETS.get("bugs2fix").locate(folder, ["train=valid", "test"])
    train, test = (
        list(read_pairs(found.files[split], *found.columns)) for split in ("train", "test")
    )
    output.mkdir(parents=True, exist_ok=True)
    write_pairs([output / "train.csv"], train)
    write_pairs([output / "test.csv"], test[:TEST])
    write_pairs([output / "valid.csv"], test[TEST : TEST + VALID])


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
