r"""Looks for poisoned pairs in a data set by a data-side defence, and writes what it keeps.

    dece filter --defense bki --input poisoned.csv --output kept.csv \
        --models checkpoint_last.pt --model-data data-bin

Beside the output stand a score for every pair (.scores.csv) and a report (.report.json), and with
--trusted-ids the numbers that trusted pairs have among what is kept (.trusted.ids).
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Dict

from dece_fairseq.cli.common import (
    add_files,
    add_seed,
    add_trusted_ids,
    add_user_dir,
    check_given,
    columns_of,
)
from dece_fairseq.cli.printing import write_or_print
from dece_fairseq.defenses import DEFENSES, DefenseError, DefenseSettings
from dece_fairseq.defenses.defense import OPTIONS, unused_options
from dece_fairseq.defenses.filtering import filter_files
from dece_fairseq.registry import listing
from dece_fairseq.reports.filter import as_text
from dece_fairseq.user_dir import import_user_dir

DEFAULTS = DefenseSettings()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("--list", action="store_true", help="list the defences and exit")
    add("--defense", help=", ".join(DEFENSES.names()))
    add_files(parser, "what to look into", "what is kept of it")
    add(
        "--manifest",
        type=Path,
        metavar="FILE",
        help="tells which pairs are poisoned, for precision and recall: what dece poison "
        "wrote, or the task's poison_manifest.json (default: the input's name with .manifest.json "
        "at its end, if that is there)",
    )
    needs = parser.add_argument_group("what a defence looks with")
    add = needs.add_argument
    several: Dict[str, Dict[str, Any]] = {
        "models": {"nargs": "+"},
        "trusted": {"nargs": "+", "action": "append"},
    }
    for name, what in OPTIONS.items():
        option = f"--{name.replace('_', '-')}"
        metavar = "DIR" if name.endswith(("data", "dir")) else "FILE"
        add(option, type=Path, metavar=metavar, help=what, **several.get(name, {}))
    add_trusted_ids(needs)
    settings = parser.add_argument_group("how it looks")
    add = settings.add_argument
    add(
        "--rate",
        type=float,
        default=DEFAULTS.rate,
        help="expected share of poisoned pairs, for defences that drop a share "
        "(default: %(default)s)",
    )
    add(
        "--top",
        type=int,
        default=DEFAULTS.top,
        help="number of words that bki and naturalness take for the trigger (default: %(default)s)",
    )
    add(
        "--order",
        type=int,
        default=DEFAULTS.order,
        help="length of the n-grams of naturalness (default: %(default)s)",
    )
    add(
        "--window",
        type=int,
        default=DEFAULTS.window,
        help="length of the window of surprise, in tokens (default: %(default)s)",
    )
    add(
        "--threshold",
        type=float,
        default=DEFAULTS.threshold,
        help="of a word's suspicion, by onion (default: %(default)s)",
    )
    add_seed(settings, DEFAULTS.seed)
    add_user_dir(parser)


def settings_of(args: argparse.Namespace) -> DefenseSettings:
    if args.top < 1:
        raise DefenseError(f"--top must be at least 1, got {args.top}")
    return DefenseSettings(
        models=tuple(args.models or ()),
        model_data=args.model_data,
        language_model=args.language_model,
        language_model_data=args.language_model_data,
        trusted=tuple(map(tuple, args.trusted or ())),
        trusted_ids=args.trusted_ids,
        save_dir=args.save_dir,
        columns=columns_of(args),
        rate=args.rate,
        top=args.top,
        order=args.order,
        window=args.window,
        threshold=args.threshold,
        seed=args.seed,
    )


def run(args: argparse.Namespace) -> None:
    """Filter the pairs, and print how it went."""
    import_user_dir(args.user_dir)
    if args.list:
        print(listing(DEFENSES))
        return
    check_given(defense=args.defense, input=args.input, output=args.output)
    settings = settings_of(args)
    unused = unused_options(args.defense, settings)
    if unused:  # a note, as scripts give the same options to every defence
        print(f"note: {args.defense} does not look at {', '.join(unused)}", file=sys.stderr)
    report = filter_files(
        args.defense,
        settings,
        args.input,
        args.output,
        columns=columns_of(args),
        manifest=args.manifest,
        command=sys.argv,
    )
    write_or_print(as_text(report))
