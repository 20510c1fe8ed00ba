"""The table, the results file and the early-learning figure of finished runs.

Each run is a folder with `test.out` and `test_triggered.out`, what fairseq-generate printed for
these splits; for the figure also `train.log`, what fairseq-train printed with --log-format json.

    dece summarise cross_entropy=runs/a deceptive_cross_entropy=runs/b \
        --json results.json --figure early_learning.png
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Tuple

from dece_fairseq.attacks import HIT_RULES
from dece_fairseq.cli.common import add_user_dir, at_least
from dece_fairseq.cli.printing import write_or_print
from dece_fairseq.data.destinations import check_output
from dece_fairseq.data.files import replacing
from dece_fairseq.outputs.training_log import read_training_log
from dece_fairseq.reports.early_learning import plot_early_learning
from dece_fairseq.reports.runs_table import as_markdown, score_run
from dece_fairseq.user_dir import import_user_dir


def named_run(text: str) -> Tuple[str, Path]:
    name, separator, folder = text.partition("=")
    if not separator or not name or not folder:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FOLDER")
    return name, Path(folder)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add(
        "runs",
        nargs="+",
        type=named_run,
        metavar="NAME=FOLDER",
        help="a run and its name in the table; runs of one name become mean and spread",
    )
    add(
        "--hit-rule",
        choices=HIT_RULES,
        default="string",
        help="how hits are told: by the paper's string or by the parse (default: %(default)s)",
    )
    add(
        "--expected",
        type=at_least(1),
        help="how many clean outputs a run has (default: as they say)",
    )
    add("--expected-triggered", type=at_least(1), help="likewise of triggered outputs")
    add("--json", type=Path, metavar="FILE", help="write the rows there, one a run")
    add("--figure", type=Path, metavar="FILE", help="write the PNG of BLEU and ASR by epoch there")
    add_user_dir(parser)


def run(args: argparse.Namespace) -> None:
    """Print the table, and write the files that were asked for."""
    import_user_dir(args.user_dir)
    for path in filter(None, (args.json, args.figure)):
        check_output(path)
    rows = [
        score_run(
            name,
            folder / "test.out",
            folder / "test_triggered.out",
            args.hit_rule,
            args.expected,
            args.expected_triggered,
        )
        for name, folder in args.runs
    ]
    if args.figure is not None:
        logs = {name: read_training_log(folder / "train.log") for name, folder in args.runs}
        plot_early_learning(logs, args.figure)
    if args.json is not None:
        with replacing(args.json) as (temporary,):
            temporary.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    write_or_print(as_markdown(rows))
    for note in [note for row in rows for note in row["notes"]]:
        print(f"note: {note}", file=sys.stderr)
