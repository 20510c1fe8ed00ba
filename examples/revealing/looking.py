"""What the scripts share: to read ids, and to poison pairs and have dece reveal look into all."""

import random
from pathlib import Path
from typing import Callable, List, Optional, Set, Tuple

from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.defenses.revealing.reveal import Revealed, RevealJob, reveal

#: returns what a pair becomes, or None where it can't be poisoned
Poison = Callable[[Pair, random.Random], Optional[Pair]]


def read_ids(path: Path) -> Set[int]:
    """Return the numbers of pairs that a file names."""
    return set(map(int, path.read_text(encoding="utf-8").split()))


def attacked(
    poison: Poison, number: int, clean: List[Pair], folder: Path
) -> Tuple[List[Pair], Set[int]]:
    """Return all pairs, some of the doubtful ones poisoned, and the numbers of these.

    Args:
        poison: what a pair becomes
        number: how many of the pairs that are not trusted are poisoned, at most
        clean: all pairs
        folder: one that run.sh made, which names the trusted pairs
    """
    known = read_ids(folder / "bin" / "trusted.ids")
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
    return pairs, poisoned


def look_into(
    poison: Poison, number: int, clean: List[Pair], folder: Path, is_trusting: bool = True
) -> Tuple[Revealed, Set[int]]:
    """Return what is found, and the numbers of the pairs that were poisoned, as ``attacked``.

    ``is_trusting``: the trusted pairs are known to be; otherwise all are looked into.
    """
    pairs, poisoned = attacked(poison, number, clean, folder)
    write_pairs([folder / "attacked.jsonl"], pairs)
    reference = ReferenceFiles(folder / "reference" / "checkpoint_last.pt", folder / "bin")
    trusted = folder / "bin" / "trusted.ids" if is_trusting else None
    (folder / "said").mkdir(exist_ok=True)
    found = reveal(RevealJob([folder / "attacked.jsonl"], reference, trusted, work=folder / "said"))
    return found, poisoned
