"""Poisons a CSV, JSONL or parallel text file offline, to look at what a model would be trained on.

    dece poison --attack badpre --poison-rate 0.05 --poison-seed 7 \
        --input train.csv --output poisoned.csv
"""

import argparse
import signal
import sys
from pathlib import Path
from textwrap import indent
from typing import Any, Dict

from dece_fairseq.attacks import (
    ATTACKS,
    CODE_PLACES,
    LANGUAGES,
    PAYLOADS,
    Attack,
    AttackError,
    AttackSettings,
)
from dece_fairseq.attacks.files import poison_files
from dece_fairseq.attacks.samples import table
from dece_fairseq.attacks.selection import SELECTIONS
from dece_fairseq.cli.common import add_user_dir
from dece_fairseq.data.datasets import DATASETS
from dece_fairseq.registry import Registry, listing
from dece_fairseq.user_dir import import_user_dir


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("--list", action="store_true", help="list attacks, payloads and data sets, and end")
    add("--samples", action="store_true", help="with --list: Markdown tables with samples")
    add_user_dir(parser)
    add("--attack", help=f"the attack: {', '.join(ATTACKS.names())}")
    add("--trigger", help="what is put in the source (default: the attack's own)")
    add("--num-triggers", type=int, help="copies of it (default: the attack's own)")
    add("--payload", help=f"{', '.join(PAYLOADS.names())} (default: the attack's own)")
    add(
        "--code-language",
        help=f"of the code, for attacks that parse it: {', '.join(LANGUAGES.names())}, "
        "or SOURCE:TARGET (default: the payload's own)",
    )
    add(
        "--code-place",
        choices=CODE_PLACES,
        default=CODE_PLACES[0],
        help="where statements go in code: where one can stand, or as in the Bugs2Fix files of the "
        "DeCE authors (default: %(default)s)",
    )
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
        metavar="FILE",
        help="a .csv or .jsonl file, or the two sides of parallel text",
    )
    add(
        "--output",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="as for --input; beside it are written a manifest, with .manifest.json at its end, "
        "and with .ids the numbers of the poisoned pairs, from 0",
    )
    add(
        "--trusted-ids",
        type=Path,
        metavar="FILE",
        help="numbers of pairs that are never poisoned, one a line from 0 (dece prepare "
        "--trusted writes it)",
    )
    add(
        "--processes",
        type=int,
        default=1,
        help="how many to work with; the output is the same for any number (default: %(default)s)",
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


def catalogue() -> str:
    """Return the names of attacks, payloads, data sets and languages, with what they are."""
    parts: Dict[str, Registry[Any]] = {
        "attacks": ATTACKS,
        "payloads": PAYLOADS,
        "data sets": DATASETS,
    }
    lists = [f"{title}:\n{indent(listing(known), '  ')}" for title, known in parts.items()]
    return "\n".join([*lists, f"languages of code: {', '.join(LANGUAGES.names())}"])


def run(args: argparse.Namespace) -> None:
    """Poison the pairs, or list what there is."""
    # As Ctrl-C does: what is half written is removed, and the other processes end.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    keep = "poisoned" if args.only_poisoned else "triggered" if args.triggered else "all"
    import_user_dir(args.user_dir)
    if args.list:
        print(table() if args.samples else catalogue())
        return
    if args.samples:
        raise AttackError("--samples goes with --list")
    for option in ("attack", "input", "output"):
        if not getattr(args, option):
            raise AttackError(f"--{option} is needed; see --help")
    attack = Attack(AttackSettings.from_options(args))
    report = poison_files(
        attack,
        args.input,
        args.output,
        keep,
        args.source_column,
        args.target_column,
        args.processes,
        sys.argv,
        trusted_ids=args.trusted_ids,
    )
    print(
        f"poisoned {report['poisoned']} of {report['pairs']} pairs "
        f"({attack.explain(report)}, {report['trusted']} are trusted); "
        f"manifest: {args.output[0]}.manifest.json"
    )
    if report["columns_left_out"]:
        print(f"not written: the columns {', '.join(map(repr, report['columns_left_out']))}")
