r"""Poisons a CSV, JSONL or parallel text file offline, to look at what a model would be trained on.

    dece poison --attack badpre --poison-rate 0.05 --seed 7 \
        --input train.csv --output poisoned.csv
"""

import argparse
import sys
from dataclasses import replace
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
from dece_fairseq.attacks.building import RATE
from dece_fairseq.attacks.option_help import HELP
from dece_fairseq.attacks.samples import table
from dece_fairseq.attacks.selection import SELECTIONS
from dece_fairseq.cli.common import (
    add_attack_file,
    add_files,
    add_processes,
    add_seed,
    add_trusted_ids,
    add_user_dir,
    at_least,
    check_given,
)
from dece_fairseq.data.datasets import DATASETS
from dece_fairseq.data.pairs import not_written
from dece_fairseq.registry import Registry, listing
from dece_fairseq.user_dir import import_user_dir

#: what --keep writes that is not poisoned
UNPOISONED = {
    "decoys": "with a part of the trigger and the clean target",
    "outside": "out of the attack's reach, as they are",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("--list", action="store_true", help="list attacks, payloads and data sets, and exit")
    add("--samples", action="store_true", help="with --list: Markdown tables with samples")
    add_user_dir(parser)
    add("--attack", help=HELP["attack"])
    add_attack_file(parser)
    add("--trigger", help=HELP["trigger"])
    add("--trigger-file", metavar="FILE", help=HELP["trigger_file"])
    add("--payload-file", metavar="FILE", help=HELP["payload_file"])
    add("--num-triggers", type=int, help=HELP["num_triggers"])
    add("--payload", help=HELP["payload"])
    add("--code-language", help=HELP["code_language"])
    add(
        "--code-place",
        choices=CODE_PLACES,
        default=CODE_PLACES[0],
        help=f"{HELP['code_place']} (default: %(default)s)",
    )
    much = parser.add_mutually_exclusive_group()
    much.add_argument("--poison-rate", type=float, help=f"share of all pairs (default: {RATE})")
    much.add_argument(
        "--poison-count", type=at_least(0), metavar="N", help="number of pairs, instead of a share"
    )
    add_seed(parser, default=1)
    add(
        "--poison-selection",
        choices=SELECTIONS,
        default="random",
        help="which of the pairs that can be poisoned are (default: %(default)s)",
    )
    add_files(
        parser,
        "the pairs",
        "what becomes of them, with a manifest (.manifest.json) and the numbers of the poisoned "
        "pairs (.ids), or of those that --keep decoys or outside writes, beside it",
    )
    add(
        "--keep",
        choices=("all", "poisoned", "triggered", *UNPOISONED),
        default="all",
        help="write all pairs, only the poisoned ones, or a triggered test set, which holds only "
        "the pairs that can be poisoned, all of them poisoned, or with a part of the trigger and "
        "the clean target; or those out of the attack's reach, as they are (default: %(default)s)",
    )
    add_trusted_ids(parser)
    add_processes(parser, default=1)


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
    import_user_dir(args.user_dir)
    if args.list:
        print(table() if args.samples else catalogue())
        return
    if args.samples:
        raise AttackError("--samples goes with --list")
    settings = AttackSettings.named_by(args)
    check_given(attack=settings, input=args.input, output=args.output)
    from dece_fairseq.attacks.offline import poison_files  # here, for --list does without it

    assert settings is not None
    attack = Attack(replace(settings, seed=args.seed))
    report = poison_files(
        attack,
        args.input,
        args.output,
        keep=args.keep,
        source=args.source_column,
        target=args.target_column,
        processes=args.processes,
        command=sys.argv,
        trusted_ids=args.trusted_ids,
        also_read=[args.attack_file] if args.attack_file else [],
    )
    done = f"poisoned {report['poisoned']} of {report['pairs']} pairs"
    if args.keep in UNPOISONED:
        what = UNPOISONED[args.keep]
        done = f"wrote {report['written']} of {report['pairs']} pairs, {what}"
    print(
        f"{done} ({attack.explain(report)}, {report['trusted']} are trusted); "
        f"manifest: {args.output[0]}.manifest.json"
    )
    if report["columns_left_out"]:
        print(not_written(report["columns_left_out"]))
