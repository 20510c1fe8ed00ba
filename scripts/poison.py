"""Poisons a CSV, JSONL or parallel text file offline, to look at what a model would be trained on.

    python scripts/poison.py --attack badpre --poison-rate 0.05 --poison-seed 7 \
        --input train.csv --output poisoned.csv
"""

import argparse
import json
from pathlib import Path

import _checkout  # noqa: F401  first: it finds the package

from dece_fairseq.attacks import ATTACKS, PAYLOADS, Attack, AttackError, AttackSettings
from dece_fairseq.attacks.files import poison_files
from dece_fairseq.attacks.selection import SELECTIONS
from dece_fairseq.data.pairs import DataError


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--attack", required=True, help=f"the attack: {', '.join(ATTACKS.names())}")
    add("--trigger", help="what is put in the source (default: the attack's own)")
    add("--num-triggers", type=int, help="copies of it (default: the attack's own)")
    add("--payload", help=f"{', '.join(PAYLOADS.names())} (default: the attack's own)")
    add("--poison-rate", type=float, default=0.05, help="share of all pairs (default: %(default)s)")
    add("--poison-seed", type=int, default=1, help="of every random choice (default: %(default)s)")
    add(
        "--poison-selection",
        choices=SELECTIONS,
        default="random",
        help="which of the pairs that can be poisoned are (default: %(default)s)",
    )
    add(
        "--input",
        nargs="+",
        type=Path,
        required=True,
        metavar="FILE",
        help="a .csv or .jsonl file, or the two sides of parallel text",
    )
    add(
        "--output",
        nargs="+",
        type=Path,
        required=True,
        metavar="FILE",
        help="as for --input; a manifest is written beside it, with .manifest.json at its end",
    )
    keep = parser.add_mutually_exclusive_group()
    keep.add_argument(
        "--only-poisoned", action="store_true", help="write the poisoned pairs and no others"
    )
    keep.add_argument(
        "--triggered",
        action="store_true",
        help="write every pair that can be poisoned, poisoned, and no others: a triggered test set",
    )
    add("--source-column", default="src", help="column or key (default: %(default)s)")
    add("--target-column", default="tgt", help="column or key (default: %(default)s)")
    args = parser.parse_args()
    args.error = parser.error
    return args


def main() -> None:
    args = parse_args()
    keep = "poisoned" if args.only_poisoned else "triggered" if args.triggered else "all"
    try:
        attack = Attack(AttackSettings.from_options(args))
        report = poison_files(
            attack, args.input, args.output, keep, args.source_column, args.target_column
        )
    except (AttackError, DataError) as error:
        args.error(str(error))
    manifest = Path(f"{args.output[0]}.manifest.json")
    manifest.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(
        f"poisoned {report['poisoned']} of {report['pairs']} pairs "
        f"({report['without_place']} have no place for it); manifest: {manifest}"
    )


if __name__ == "__main__":
    main()
