"""What the scripts share: to read ids, and to poison pairs and have dece reveal look into all."""

import argparse
import random
from pathlib import Path
from typing import Callable, List, Optional, Sequence, Set, Tuple

from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.trusted_ids import ids_of_kept
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.defenses.revealing.reveal import Revealed, RevealJob, reveal

#: returns what a pair becomes, or None where it can't be poisoned
Poison = Callable[[Pair, random.Random], Optional[Pair]]


def add_trusted(parser: argparse.ArgumentParser) -> None:
    """Add the option that says how many trusted pairs there are."""
    parser.add_argument(
        "--trusted", type=float, default=1, metavar="SHARE", help="of the trusted pairs, are known"
    )


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


def some_of(trusted: Set[int], share: float) -> Set[int]:
    """Return a random share of the numbers of the trusted pairs."""
    return set(random.Random(1).sample(sorted(trusted), round(share * len(trusted))))


def told_first(found: Revealed) -> List[str]:
    """Return the p-value of the first suspicion and its trigger, as cells of a table."""
    first = next(iter(found.findings.suspicions), None)
    if first is None:
        return ["-", "-"]
    return [f"{first.p_value:.2g}", f"`{first.trigger}`" if first.trigger else "-"]


def look_into(
    poison: Poison,
    number: int,
    clean: List[Pair],
    folder: Path,
    share: Optional[float] = 1.0,
) -> Tuple[Revealed, Set[int]]:
    """Return what is found, and the numbers of the pairs that were poisoned, as ``attacked``.

    ``share``: so much of the trusted pairs is known to be trusted, and the others are left out;
    None: all pairs are looked into.
    """
    pairs, poisoned = attacked(poison, number, clean, folder)
    known = read_ids(folder / "bin" / "trusted.ids") if share is not None else set()
    doubtful = set(range(len(pairs))) - known
    known = some_of(known, share or 0)
    kept = sorted(known | doubtful)
    found = look(folder / "attacked.jsonl", pairs, kept, known)
    return found, {new for new, old in enumerate(kept) if old in poisoned}


def look(path: Path, pairs: Sequence[Pair], kept: Sequence[int], known: Set[int]) -> Revealed:
    """Return what is found of some of the pairs.

    ``path``: where they are written, in a folder that run.sh made; ``kept``: their numbers, in
    order; ``known``: the numbers of the trusted ones among them.
    """
    folder, told = path.parent, path.with_suffix(".ids")
    write_pairs([path], [pairs[number] for number in kept])
    told.write_text(ids_of_kept(sorted(known), kept), encoding="utf-8")
    reference = ReferenceFiles(folder / "reference" / "checkpoint_last.pt", folder / "bin")
    (folder / "said").mkdir(exist_ok=True)
    return reveal(RevealJob([path], reference, told if known else None, work=folder / "said"))
