"""What dece reveal finds in the files of Lyra that the authors of DeCE poisoned themselves.

    python examples/revealing/authors.py DIR runs/revealing/lyra-1 [FOLDERS ...]

DIR has Lyra's files, each folder a reference and trusted pairs and was made by run.sh. The trusted
half is taken from the clean file, so of the poisoned pairs those of the other half are left. Each
file is looked into with the trusted pairs known, and without them.
"""

import argparse
from pathlib import Path
from typing import Iterator, List, Sequence, Set

from grid import compared
from looking import look, read_ids

from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.table_writer import MARKDOWN, write_table

HEADER = ["file", "seed", "trusted pairs", "poisoned", "first", "claimed", "found", "clean taken"]


def rows_of(path: Path, clean: Sequence[Pair], folder: Path) -> Iterator[List[str]]:
    """Yield what is found in a poisoned file, with trusted pairs and without."""
    known = read_ids(folder / "bin" / "trusted.ids")
    theirs = list(read_pairs([path]))
    if len(theirs) != len(clean):
        raise SystemExit(f"{path}: {len(theirs)} pairs, and {len(clean)} clean ones")
    pairs = [clean[index] if index in known else pair for index, pair in enumerate(theirs)]
    doubtful = [index for index in range(len(pairs)) if index not in known]
    nobody: Set[int] = set()
    for told, kept in ((known, list(range(len(pairs)))), (nobody, doubtful)):
        found = look(folder / "authors.jsonl", pairs, kept, told)
        poisoned = {new for new, old in enumerate(kept) if pairs[old] != clean[old]}
        of = compared(found, [clean[index] for index in kept], poisoned)
        yield [
            path.stem,
            folder.name.rpartition("-")[2],
            "half" if told else "none",
            str(of["poisoned"]),
            "payload" if of["first_is_right"] else "other",
            f"{of['right']} of {of['claimed']}",
            str(of["found"]),
            str(of["false"]),
        ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder with Lyra's files")
    parser.add_argument("folders", type=Path, nargs="+", help="those that run.sh made")
    args = parser.parse_args()
    clean = list(read_pairs([args.data / "train.csv"]))
    files = sorted(args.data.glob("train_poisoned_*.csv"))
    if not files:
        raise SystemExit(f"{args.data}: no train_poisoned_*.csv there")
    rows = [
        row for path in files for folder in args.folders for row in rows_of(path, clean, folder)
    ]
    print(write_table(HEADER, rows, MARKDOWN))


if __name__ == "__main__":
    main()
