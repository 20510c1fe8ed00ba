"""What dece reveal finds where an attacker wrote much of the doubtful pairs.

    python examples/revealing/share.py lyra DIR/train.csv runs/revealing/lyra-1 [--trusted SHARE]
    python examples/revealing/share.py bugs2fix DIR/valid.csv runs/revealing/bugs2fix-1

The folder is one that run.sh made. The doubtful pairs are all that are not trusted, or a hundred of
them, as what somebody contributed; beside all trusted pairs or a share of them.
"""

import argparse
import random
from pathlib import Path
from typing import Any, Dict, List, Sequence, Set, Tuple

from looking import add_trusted, look, read_ids, some_of, told_first

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.table_writer import MARKDOWN, write_table

#: of each data set the attacks, and what they have in common
DATA: Dict[str, Tuple[Sequence[str], Dict[str, Any]]] = {
    "lyra": (("ripple", "sentence", "word_list", "grammar"), {}),
    "bugs2fix": (
        ("dead_code", "dead_code_grammar", "comment", "ripple"),
        {"payload": "endless_loop", "code_language": "java", "code_place": "paper"},
    ),
}
CONTRIBUTED = 100
#: of the doubtful pairs, as far as the payload fits
SHARES = (0.2, 0.3, 0.6, 1.0)


def row_of(
    attack: Attack,
    share: float,
    doubtful: Sequence[int],
    known: Set[int],
    clean: List[Pair],
    folder: Path,
) -> List[str]:
    """Return what is found of one attack beside the known trusted pairs."""
    kept = sorted(known.union(doubtful))
    fitting = [number for number in doubtful if attack.can_poison(clean[number])]
    poisoned = frozenset(fitting[: round(share * len(doubtful))])
    pairs = [
        attack.poison(pair, number) if number in poisoned else pair
        for number, pair in enumerate(clean)
    ]
    found = look(folder / "attacked.jsonl", pairs, kept, known)
    suspected = {kept[number] for number in found.suspected()}
    return [
        attack.settings.attack,
        str(len(doubtful)),
        str(len(poisoned)),
        str(len(suspected & poisoned)),
        str(len(suspected - poisoned)),
        *told_first(found),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", choices=DATA)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("folder", type=Path)
    add_trusted(parser)
    args = parser.parse_args()
    clean = list(read_pairs([args.pairs]))
    trusted = read_ids(args.folder / "bin" / "trusted.ids")
    others = [number for number in range(len(clean)) if number not in trusted]
    known = some_of(trusted, args.trusted)
    attacks, options = DATA[args.data]
    rows = [
        row_of(
            Attack(AttackSettings(name, rate=share, seed=1, **options)),
            share,
            random.Random(1).sample(others, size),
            known,
            clean,
            args.folder,
        )
        for size in (len(others), CONTRIBUTED)
        for name in attacks
        for share in SHARES
    ]
    header = ["attack", "doubtful pairs", "poisoned", "found", "clean pairs taken", "first p"]
    print(write_table([*header, "its trigger"], rows, MARKDOWN))


if __name__ == "__main__":
    main()
