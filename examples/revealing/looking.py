"""What the scripts share: to read ids, and to poison pairs and have dece reveal look into all."""

import random
from pathlib import Path
from typing import Callable, List, Optional, Set, Tuple

from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.defenses.revealing.reading import ReferenceFiles
from dece_fairseq.defenses.revealing.reveal import Job, Revealed, reveal


def read_ids(path: Path) -> Set[int]:
    """Return the numbers of pairs that a file names."""
    return set(map(int, path.read_text(encoding="utf-8").split()))


def look_into(
    poison: Callable[[Pair, random.Random], Optional[Pair]],
    number: int,
    clean: List[Pair],
    folder: Path,
) -> Tuple[Revealed, Set[int]]:
    """Return what is found, and the numbers of the pairs that were poisoned.

    Args:
        poison: what a pair becomes; None where it can't be poisoned
        number: how many of the pairs that are not trusted are poisoned, at most
        clean: all pairs
        folder: one that run.sh made
    """
    trusted = folder / "bin" / "trusted.ids"
    known = read_ids(trusted)
    doubtful = [index for index in range(len(clean)) if index not in known]
    rng = random.Random(1)
    pairs, poisoned = list(clean), set()
    for index in rng.sample(doubtful, len(doubtful)):
        if len(poisoned) == number:
            break
        pair = poison(clean[index], rng)
        if pair is not None:
            pairs[index] = pair
            poisoned.add(index)
    write_pairs([folder / "attacked.jsonl"], pairs)
    reference = ReferenceFiles(folder / "reference" / "checkpoint_last.pt", folder / "bin")
    found = reveal(Job([folder / "attacked.jsonl"], reference, trusted, work=folder / "said"))
    return found, poisoned
