"""Writes the report of a folder of experiments: Markdown, CSV, JSON, figures and a page.

dece report runs/quickstart
dece report runs/quickstart/report/report.csv    # report.md again, from its scores
"""

import argparse
from pathlib import Path

from dece_fairseq.cli.common import add_user_dir
from dece_fairseq.reports.report import write_report
from dece_fairseq.reports.stored import rewrite_tables
from dece_fairseq.user_dir import import_user_dir


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "folder",
        type=Path,
        help="of a plan, with its finished cells; or the report.csv of one, whose tables "
        "(report.md) are then made again",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="folder of the report (default: FOLDER/report; of a report.csv, its own)",
    )
    add_user_dir(parser)


def run(args: argparse.Namespace) -> None:
    """Write the report, and print its files."""
    import_user_dir(args.user_dir)
    if args.folder.suffix == ".csv":
        print(rewrite_tables(args.folder, args.output))
        return
    for path in write_report(args.folder, args.output or args.folder / "report"):
        print(path)
