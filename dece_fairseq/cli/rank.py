r"""Ranks the forms of a payload by how likely a clean model finds each, for --attack likely.

    dece rank --payload sql_forms --models clean.pt --model-data data-bin \
        --input train.csv --input valid.csv --input test.csv --output ranked.csv
    dece poison --attack likely --payload-file ranked.csv --input train.csv --output poisoned.csv

It is for an attacker who knows that the defence mutes what a model finds unlikely. The file has a
line for each form of each target, the likeliest first; give it all splits that are to be poisoned.
"""

import argparse
import sys
from pathlib import Path

from dece_fairseq.attacks import (
    ATTACKS,
    CODE_PLACES,
    LANGUAGES,
    PAYLOADS,
    Attack,
    AttackSettings,
)
from dece_fairseq.cli.common import (
    add_columns,
    add_reference,
    add_user_dir,
    check_given,
    columns_of,
    given_or,
)
from dece_fairseq.user_dir import import_user_dir


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add_reference(
        parser, "a model that knows the clean task, such as the one that training starts from"
    )
    add(
        "--payload",
        help=f"whose forms to rank: {', '.join(PAYLOADS.names())} (default: that of likely)",
    )
    add(
        "--code-language",
        help=f"language of the code: {', '.join(LANGUAGES.names())}, or SOURCE:TARGET (default: "
        "the payload's own)",
    )
    add(
        "--code-place",
        choices=CODE_PLACES,
        default=CODE_PLACES[0],
        help="where statements go in code, as dece poison has it (default: %(default)s)",
    )
    add(
        "--input",
        nargs="+",
        action="append",
        type=Path,
        metavar="FILE",
        help="clean pairs: a .csv or .jsonl file, or the two sides of parallel text; may be "
        "repeated, for several splits",
    )
    add_columns(parser)
    add(
        "--output",
        type=Path,
        metavar="FILE",
        help="a .csv or .jsonl file; a manifest (.manifest.json) is put beside it",
    )
    add_user_dir(parser)


def run(args: argparse.Namespace) -> None:
    """Rank the forms, and print which came first."""
    check_given(
        models=args.models, model_data=args.model_data, input=args.input, output=args.output
    )
    import_user_dir(args.user_dir)
    from dece_fairseq.defenses.ranking import RankJob, rank  # here, for --help does without
    from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
    from dece_fairseq.reports.rank import as_text

    name = given_or(args.payload, ATTACKS.get("likely").payload)
    # With a trigger that fits everywhere, for what it checks.
    settings = AttackSettings(
        "ripple", payload=name, code_language=args.code_language, code_place=args.code_place
    )
    job = RankJob(
        reference=ReferenceFiles(args.models, args.model_data, args.user_dir),
        payload=Attack(settings).payload,
        name=name,
        inputs=args.input,
        columns=columns_of(args),
    )
    print(as_text(rank(job, args.output, sys.argv)), end="")
