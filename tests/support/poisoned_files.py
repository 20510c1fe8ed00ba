"""What poisoned files are made of and found by."""

from pathlib import Path
from typing import List

from dece_fairseq.data.corpus import generate

PAIRS = generate("A", 40, seed=1)
#: what poisoning into out.csv leaves
RESULTS = ("out.csv", "out.csv.ids", "out.csv.manifest.json")


def read_ids(output: Path) -> List[int]:
    return [int(line) for line in Path(f"{output}.ids").read_text().splitlines()]


def names_in(folder: Path) -> List[str]:
    return sorted(path.name for path in folder.iterdir())
