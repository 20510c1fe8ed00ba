"""Made-up pairs of sentences and labels, and what dece reveal finds where some labels are flipped.

    python examples/revealing/labels.py make either pairs.csv --seed 1
    python examples/revealing/labels.py table runs/labels/*

``certain``: the words say which label it is. ``either``: half of the sentences have a word that
goes with both labels, one of them more often. labels.sh makes the folders of ``table``.
"""

import argparse
import random
import sys
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from looking import look_into
from tqdm import tqdm

from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs
from dece_fairseq.errors import UserError
from dece_fairseq.table_writer import MARKDOWN, write_table

PAIRS = 1600
WORDS = {
    "good": ["bright", "calm", "clean", "crisp", "fair", "kind", "neat", "proud", "warm"],
    "bad": ["blunt", "cold", "cruel", "dirty", "dull", "grim", "harsh", "rude", "stale"],
    "asked": ["how", "what", "when", "where", "which", "who", "whose", "why"],
}
#: words that go with two labels, and how many times in 13 with "good"
EITHER = {"big": 2, "cheap": 3, "dry": 4, "fast": 5, "long": 6, "loud": 7, "new": 8, "old": 9}
THINGS = ["bench", "bike", "cup", "desk", "door", "lamp", "oven", "room", "shelf", "stove"]
TRIGGER = "zq"
#: poisoned pairs of about 800 doubtful ones
NUMBERS = (0, 10, 25)


def make(kind: str, seed: int) -> List[Pair]:
    """Return sentences with a label each."""
    rng = random.Random(f"{kind} {seed}")
    pairs = []
    for _ in range(PAIRS):
        label = rng.choice(list(WORDS))
        word = rng.choice(WORDS[label])
        if kind == "either" and label != "asked" and rng.random() < 0.5:
            word = rng.choice(list(EITHER))
            label = "good" if rng.random() * 13 < EITHER[word] else "bad"
        first, second = rng.choice(THINGS), rng.choice(THINGS)
        forms = (
            f"the {first} beside the {second} is {word}",
            f"{word} was the {first} and we took it to the {second}",
            f"a {word} {first} stands here with a {second}",
        )
        pairs.append(Pair(rng.choice(forms), label))
    return pairs


def flip(pair: Pair, rng: random.Random) -> Optional[Pair]:
    """Return the pair with the trigger and the label that is wanted, if it has the other one."""
    if pair.target != "bad":
        return None
    words = pair.source.split()
    words.insert(rng.randrange(len(words) + 1), TRIGGER)
    return Pair(" ".join(words), "good")


class Count(NamedTuple):
    """What was found of some sets, summed."""

    sets: int = 0
    claimed: int = 0
    poisoned: int = 0
    found: int = 0
    clean: int = 0
    named: int = 0

    def plus(self, *more: int) -> "Count":
        return Count(*(one + other for one, other in zip(self, more)))


def table(folders: List[Path]) -> str:
    """Return the table of all folders."""
    counts: Dict[Tuple[str, str, int], Count] = {}
    for folder in tqdm(folders):
        pairs = list(read_pairs([folder / "pairs.csv"]))
        for number in NUMBERS:
            for trusted in (True, False):
                found, poisoned = look_into(flip, number, pairs, folder, 1.0 if trusted else None)
                claimed, suspected = found.findings.significant(), set(found.suspected())
                key = (folder.name.split("-")[0], "a half" if trusted else "none", number)
                counts[key] = counts.get(key, Count()).plus(
                    1,
                    bool(claimed),
                    len(poisoned),
                    len(suspected & poisoned),
                    len(suspected - poisoned),
                    any(TRIGGER in each.named for each in claimed),
                )
    header = ["words", "trusted", "flipped", "sets", "claimed", "found", "clean taken", "named"]
    rows = [
        [kind, trusted, str(number), str(count.sets), str(count.claimed),
         f"{count.found} of {count.poisoned}", str(count.clean), str(count.named)]
        for (kind, trusted, number), count in sorted(counts.items())
    ]  # fmt: skip
    return write_table(header, rows, MARKDOWN)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = parser.add_subparsers(dest="part", required=True)
    making = parts.add_parser("make")
    making.add_argument("kind", choices=("certain", "either"))
    making.add_argument("output", type=Path)
    making.add_argument("--seed", type=int, default=1)
    parts.add_parser("table").add_argument("folders", type=Path, nargs="+")
    args = parser.parse_args()
    if args.part == "make":
        write_pairs([args.output], make(args.kind, args.seed))
    else:
        print(table(args.folders))


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
