"""What dece reveal finds where several attackers wrote to the same data.

    python examples/revealing/together.py runs/revealing/docstring-1 [--numbers 50 25 10]

The folder is one of functions that run.sh made. Three attacks of unseen.py poison as many pairs
each: one puts code in, one takes code away, and one adds a comment.
"""

import argparse
import random
from pathlib import Path
from typing import Dict, List, Optional

from looking import look_into
from unseen import Attack, call, comment, mark, no_check, phrase, word

from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.table_writer import MARKDOWN, write_table

ATTACKS = [Attack(word, call), Attack(phrase, no_check), Attack(mark, comment)]


def row_of(number: int, clean: List[Pair], folder: Path) -> List[str]:
    """Return the pairs of each attack that are found, the clean ones taken, and the triggers."""
    of_attack: Dict[Pair, int] = {}

    def poison(pair: Pair, rng: random.Random) -> Optional[Pair]:
        turn = len(of_attack) % len(ATTACKS)
        source = ATTACKS[turn].trigger(pair.source, rng)
        target = ATTACKS[turn].payload(pair.target, rng)
        if source is None or target is None:
            return None
        made = Pair(source, target)
        of_attack[made] = turn
        return made

    found, poisoned = look_into(poison, number * len(ATTACKS), clean, folder)
    suspected = set(found.suspected())
    right = [of_attack[found.pairs[index]] for index in suspected & poisoned]
    in_all = [of_attack[found.pairs[index]] for index in poisoned]
    triggers = (each.trigger for each in found.findings.significant())
    return [
        folder.name.split("-")[0],
        *(f"{right.count(turn)} of {in_all.count(turn)}" for turn in range(len(ATTACKS))),
        str(len(suspected - poisoned)),
        ", ".join(f"`{trigger}`" for trigger in triggers if trigger),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--numbers", type=int, nargs="+", default=[50, 25, 10], help="poisoned pairs of each"
    )
    args = parser.parse_args()
    clean = list(read_pairs([args.folder / "pairs.csv"]))
    names = [" ".join(change.__name__.replace("_", " ") for change in each) for each in ATTACKS]
    rows = [row_of(number, clean, args.folder) for number in args.numbers]
    print(write_table(["data", *names, "clean taken", "triggers"], rows, MARKDOWN))


if __name__ == "__main__":
    main()
