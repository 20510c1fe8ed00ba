r"""Finds the attack on a data set without knowing it.

    dece reveal --input doubtful.csv --models checkpoint_best.pt --model-data data-bin \
        --trusted-ids data-bin/trusted.ids --json suspicions.json --html suspicions.html \
        --output kept.csv

A payload is surprising to a model that knows the clean task, and there are many of it. What is
suspected, how sure that is and what sets its pairs apart is printed, the best first.
docs/revealing.md says which model to take, and what is not found.
"""

import argparse
import sys
from pathlib import Path

from dece_fairseq.cli.common import (
    add_files,
    add_json,
    add_processes,
    add_reference,
    add_subset,
    add_trusted_ids,
    add_user_dir,
    check_given,
    columns_of_files,
    file_ending_in,
    subset_of,
)
from dece_fairseq.cli.printing import check_files, write_or_print, write_result
from dece_fairseq.data.destinations import check_output_folder
from dece_fairseq.data.files import names_of
from dece_fairseq.data.pairs import kind_of
from dece_fairseq.data.suspicions import LEVEL
from dece_fairseq.defenses.defense import DefenseError
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.defenses.revealing.reveal import RevealJob, ids_beside, reveal
from dece_fairseq.reports.pages import check_jinja
from dece_fairseq.reports.suspicions import as_html, as_text
from dece_fairseq.user_dir import import_user_dir

#: the exit status of --fail-on-suspicion
SUSPICIOUS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add_files(
        parser,
        "the data; a binarised data folder too",
        "the data without the pairs of claimed suspicions; beside it (.trusted.ids) stand the new "
        "numbers of the trusted ones",
    )
    add_subset(parser)
    add_reference(
        parser,
        "the reference: a model that knows the clean task and has not learned a payload, such as "
        "the one that training starts from, or one that DeCE trained on the data",
    )
    add_trusted_ids(parser)
    add(
        "--trusted",
        type=Path,
        nargs="+",
        default=(),
        metavar="FILE",
        help="more trusted pairs, in a file of their own: the validation split, if it is clean and "
        "a random part of the same data",
    )
    add(
        "--level",
        type=float,
        default=LEVEL,
        help="claim a suspicion whose p-value is at most this (default: %(default)s: of clean data "
        "sets, one in twenty has such a suspicion)",
    )
    add(
        "--fail-on-suspicion",
        action="store_true",
        help=f"end with status {SUSPICIOUS} where anything is claimed, for pipelines; also where "
        "every pair is suspected and nothing is left for --output",
    )
    add_json(parser)
    add(
        "--html",
        type=file_ending_in(".html"),
        metavar="FILE",
        help="write a page with the suspicions and their pairs there",
    )
    add_processes(parser, default=1)
    add(
        "--work",
        type=Path,
        metavar="DIR",
        help="keep what the reference said in this folder, so that a killed run can go on",
    )
    add_user_dir(parser)


def run(args: argparse.Namespace) -> None:
    """Look into the data, write the files that were asked for, and print what was found."""
    check_given(input=args.input, models=args.models, model_data=args.model_data)
    _check_outputs(args)
    import_user_dir(args.user_dir)
    job = RevealJob(
        inputs=args.input,
        reference=ReferenceFiles(args.models, args.model_data, args.user_dir),
        trusted_ids=args.trusted_ids,
        columns=columns_of_files(args, args.output, args.trusted),
        subset=subset_of(args),
        processes=args.processes,
        work=args.work,
        level=args.level,
        outputs=args.output or (),
        trusted=args.trusted,
    )
    found = reveal(job, sys.argv)
    if args.html is not None:
        write_or_print(as_html(found.pairs, found.findings), args.html)
    write_result(as_text(found.pairs, found.findings), found.findings.as_dict(), args.json)
    fails = args.fail_on_suspicion and bool(found.findings.significant())
    if args.output:  # last, as it fails where every pair is suspected
        try:
            found.write_kept(args.output, job.columns)
        except DefenseError as error:
            if not fails:  # else the suspicion is what the status tells
                raise
            print(f"note: {names_of(args.output)} not written: {error}", file=sys.stderr)
    if fails:
        raise SystemExit(SUSPICIOUS)


def _check_outputs(args: argparse.Namespace) -> None:
    """Look at every place that is written to before any work goes into it."""
    if args.output:
        kind_of(args.output)
    outputs = args.output or ()
    check_files(
        [*outputs, *ids_beside(outputs, bool(args.trusted_ids)), args.json, args.html],
        [*args.input, args.models, args.trusted_ids, *args.trusted],
    )
    if args.html is not None:
        check_jinja()
    if args.work is not None:
        check_output_folder(args.work, "--work")
