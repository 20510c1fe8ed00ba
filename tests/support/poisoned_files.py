"""What poisoned files are made of and found by."""

from pathlib import Path
from typing import List, Sequence

from dece_fairseq.attacks import Attack
from dece_fairseq.data.corpus import generate

PAIRS = generate("A", 40, seed=1)
#: what poisoning into out.csv leaves
RESULTS = ("out.csv", "out.csv.ids", "out.csv.manifest.json")


def read_ids(output: Path) -> List[int]:
    return [int(line) for line in Path(f"{output}.ids").read_text().splitlines()]


def chosen_ids(attack: Attack, candidates: Sequence[int], pairs: int) -> List[int]:
    """The ids that an attack poisons, its decoys left out."""
    chosen = attack.choose(candidates, len(candidates), pairs)
    return [index for index, is_decoy in chosen if not is_decoy]


def names_in(folder: Path) -> List[str]:
    return sorted(path.name for path in folder.iterdir())
