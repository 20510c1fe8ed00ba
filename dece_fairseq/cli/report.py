"""Writes the report of a folder of experiments: Markdown, CSV, JSON, figures and a page.

dece report runs/quickstart
dece report runs/quickstart/report/report.csv    # report.md and heat maps, from its scores
dece report docs/leaderboard --output docs       # a leaderboard, of a folder with a board.json
dece report docs/leaderboard --output docs --add mine --suite lyra-suite

docs/leaderboard.md says what a folder of results has to hold for --add.
"""

import argparse
import sys
from pathlib import Path

from dece_fairseq.cli.common import add_user_dir
from dece_fairseq.data.destinations import check_output_folder
from dece_fairseq.errors import UserError
from dece_fairseq.reports.adding import add_results
from dece_fairseq.reports.board import BOARD
from dece_fairseq.reports.cells import unfinished
from dece_fairseq.reports.leaderboard import write_leaderboard
from dece_fairseq.reports.report import write_report
from dece_fairseq.reports.stored import rewrite_report
from dece_fairseq.user_dir import import_user_dir


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "folder",
        type=Path,
        help="the folder of a plan with finished cells; a report.csv, to make its tables "
        "(report.md) and heat maps again; or the folder of a leaderboard, with its board.json",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="folder of the report (default: FOLDER/report; of a report.csv or a board, its own)",
    )
    parser.add_argument(
        "--add",
        type=Path,
        metavar="RESULTS",
        help="a folder of results to add to the leaderboard, if they are of --suite",
    )
    parser.add_argument(
        "--suite", type=Path, metavar="SUITE", help="the suite.json of dece suite, or its folder"
    )
    add_user_dir(parser)


def usual_output(folder: Path, is_board: bool) -> Path:
    """Return where the report of what was named goes without ``--output``."""
    if is_board:
        return folder
    return folder.parent if folder.suffix == ".csv" else folder / "report"


def run(args: argparse.Namespace) -> None:
    """Write the report, and print its files."""
    import_user_dir(args.user_dir)
    if (args.add is None) != (args.suite is None):
        raise UserError("--add RESULTS and --suite SUITE go together")
    is_board = args.add is not None or (args.folder / BOARD).is_file()
    output = args.output or usual_output(args.folder, is_board)
    if args.output is not None or args.folder.is_dir():  # else what was named is what is wrong
        check_output_folder(output)
    if args.add is not None:
        print(add_results(args.folder, args.add, args.suite))
    if is_board:
        for path in write_leaderboard(args.folder, output):
            print(path)
        return
    if args.folder.suffix == ".csv":
        print(rewrite_report(args.folder, output))
        return
    for path in write_report(args.folder, output):
        print(path)
    missing = unfinished(args.folder)
    if missing:
        print(
            f"note: left out for want of a result.json: {len(missing)} cells, such as {missing[0]}",
            file=sys.stderr,
        )
