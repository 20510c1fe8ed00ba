"""What dece reveal finds where an attacker wrote much of the doubtful pairs, on Lyra.

    python examples/revealing/share.py DIR/train.csv runs/revealing/lyra-1

The folder is one that run.sh made. The doubtful pairs are all of those that are not trusted, or a
hundred of them: what somebody contributed, beside all trusted pairs.
"""

import argparse
import random
from pathlib import Path
from typing import List, Sequence

from looking import look, read_ids

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.table_writer import MARKDOWN, write_table

ATTACKS = ("ripple", "sentence", "word_list", "grammar")
#: doubtful pairs, and the shares of them that are poisoned, as far as the payload fits
DOUBTFUL, SHARES = (800, 100), (0.2, 0.3, 0.6, 1.0)


def row_of(
    name: str, share: float, doubtful: Sequence[int], clean: List[Pair], folder: Path
) -> List[str]:
    """Return what is found of one attack beside all trusted pairs."""
    attack = Attack(AttackSettings(name, rate=share, seed=1))
    known = read_ids(folder / "bin" / "trusted.ids")
    kept = sorted(known.union(doubtful))
    fitting = [number for number in doubtful if attack.can_poison(clean[number])]
    poisoned = frozenset(fitting[: round(share * len(doubtful))])
    pairs = [
        attack.poison(pair, number) if number in poisoned else pair
        for number, pair in enumerate(clean)
    ]
    findings = look(folder / "attacked.jsonl", pairs, kept, known)
    suspected = {kept[number] for number in findings.suspected()}
    first = next(iter(findings.findings.suspicions), None)
    return [
        name,
        str(len(doubtful)),
        str(len(poisoned)),
        str(len(suspected & poisoned)),
        str(len(suspected - poisoned)),
        f"{first.p_value:.2g}" if first else "-",
        f"`{first.trigger}`" if first and first.trigger else "-",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", type=Path)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    clean = list(read_pairs([args.pairs]))
    known = read_ids(args.folder / "bin" / "trusted.ids")
    others = sorted(set(range(len(clean))) - known)
    rows = [
        row_of(name, share, random.Random(1).sample(others, size), clean, args.folder)
        for size in DOUBTFUL
        for name in ATTACKS
        for share in SHARES
    ]
    header = ["attack", "doubtful pairs", "poisoned", "found", "clean pairs taken", "first p"]
    print(write_table([*header, "its trigger"], rows, MARKDOWN))


if __name__ == "__main__":
    main()
