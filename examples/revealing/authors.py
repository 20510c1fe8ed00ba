"""What dece reveal finds of the pairs that the authors of DeCE poisoned themselves.

    python examples/revealing/authors.py lyra DIR runs/revealing/lyra-1 [FOLDERS ...]
    python examples/revealing/authors.py bugs2fix DIR runs/revealing/bugs2fix-1 [FOLDERS ...]

DIR has the data set's files, each folder a reference and trusted pairs and was made by run.sh. Of
Lyra there are poisoned training files; the trusted half is taken from the clean one, so of the
poisoned pairs those of the other half are left. Of Bugs2Fix there is a poisoned test file, of which
5 % and twenty pairs are put in their places in the clean one; trusted is a half of the validation
file. Each is looked into with the trusted pairs known, and without them.
"""

import argparse
import random
from collections import defaultdict
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Sequence, Set, Tuple

from grid import compared
from looking import look, read_ids

from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.table_writer import MARKDOWN, write_table

HEADER = ["pairs", "trusted", "seeds", "first", "claimed", "found", "clean taken"]


class Poisoned(NamedTuple):
    """Pairs of which others poisoned some."""

    name: str
    clean: Sequence[Pair]
    pairs: Sequence[Pair]
    known: Set[int]
    """The numbers of the trusted ones."""


def of_lyra(data: Path, folder: Path) -> Iterator[Poisoned]:
    """Yield each poisoned training file, but for the trusted pairs."""
    clean = list(read_pairs([data / "train.csv"]))
    known = read_ids(folder / "bin" / "trusted.ids")
    files = sorted(data.glob("train_poisoned_*.csv"))
    if not files:
        raise SystemExit(f"{data}: no train_poisoned_*.csv there")
    for path in files:
        theirs = _as_many(path, clean)
        pairs = [clean[index] if index in known else pair for index, pair in enumerate(theirs)]
        yield Poisoned(path.stem, clean, pairs, known)


def of_bugs2fix(data: Path, folder: Path) -> Iterator[Poisoned]:
    """Yield the test file behind trusted pairs, with some pairs of the poisoned one."""
    valid = list(read_pairs([data / "valid.csv"]))
    trusted = [valid[index] for index in sorted(read_ids(folder / "bin" / "trusted.ids"))]
    test = list(read_pairs([data / "test.csv"]))
    theirs = _as_many(data / "test_poisoned.csv", test)
    changed = [index for index, pair in enumerate(theirs) if pair != test[index]]
    seed = int(folder.name.rpartition("-")[2])
    for number in (round(0.05 * len(test)), 20):
        chosen = set(random.Random(seed).sample(changed, number))
        pairs = [theirs[index] if index in chosen else pair for index, pair in enumerate(test)]
        known = set(range(len(trusted)))
        yield Poisoned(f"test, {number} poisoned", [*trusted, *test], [*trusted, *pairs], known)


def _as_many(path: Path, clean: Sequence[Pair]) -> List[Pair]:
    """Return the pairs of a poisoned file, which stand in the places of the clean ones."""
    pairs = list(read_pairs([path]))
    if len(pairs) != len(clean):
        raise SystemExit(f"{path}: {len(pairs)} pairs, and {len(clean)} clean ones")
    return pairs


DATA: Dict[str, Callable[[Path, Path], Iterator[Poisoned]]] = {
    "lyra": of_lyra,
    "bugs2fix": of_bugs2fix,
}


def looked_into(case: Poisoned, folder: Path) -> Iterator[Tuple[int, Dict[str, Any]]]:
    """Yield the number of trusted pairs and what is found: with them, and without."""
    everything = range(len(case.pairs))
    doubtful = [index for index in everything if index not in case.known]
    nobody: Set[int] = set()
    for known, kept in ((case.known, list(everything)), (nobody, doubtful)):
        found = look(folder / "authors.jsonl", case.pairs, kept, known)
        changed = (case.pairs[index] != case.clean[index] for index in kept)
        poisoned = {number for number, is_changed in enumerate(changed) if is_changed}
        yield len(known), compared(found, [case.clean[index] for index in kept], poisoned)


def rows_of(
    cases: Callable[[Path, Path], Iterator[Poisoned]], data: Path, folders: Sequence[Path]
) -> List[List[str]]:
    """Return a row for each case, with trusted pairs and without, summed over folders."""
    grouped: Dict[Tuple[str, int], List[Dict[str, Any]]] = defaultdict(list)
    for folder in folders:
        for case in cases(data, folder):
            for trusted, found in looked_into(case, folder):
                grouped[case.name, trusted].append(found)
    return [
        [
            name,
            str(trusted),
            str(len(of)),
            f"{sum(each['first_is_right'] for each in of)} of {len(of)}",
            f"{sum(each['right'] > 0 for each in of)} of {len(of)}",
            f"{sum(each['found'] for each in of)} of {sum(each['poisoned'] for each in of)}",
            str(sum(each["false"] for each in of)),
        ]
        for (name, trusted), of in grouped.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", choices=DATA)
    parser.add_argument("data", type=Path, help="folder with its files")
    parser.add_argument("folders", type=Path, nargs="+", help="those that run.sh made")
    args = parser.parse_args()
    rows = rows_of(DATA[args.dataset], args.data, args.folders)
    print(write_table(HEADER, rows, MARKDOWN))


if __name__ == "__main__":
    main()
