#!/usr/bin/env python3
"""Writes the report of a folder of experiments: Markdown, CSV, JSON, figures and a page.

python scripts/report.py runs/quickstart
python scripts/report.py runs/quickstart/report/report.csv    # report.md again, from its scores
"""

import argparse
from pathlib import Path

import _checkout  # noqa: F401  first: it finds the package
from _errors import one_line_errors
from _user_dir import add_user_dir, import_user_dir

from dece_fairseq.reports.report import write_report
from dece_fairseq.reports.stored import rewrite_tables


@one_line_errors()
def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
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
    args = parser.parse_args()
    import_user_dir(args)
    if args.folder.suffix == ".csv":
        print(rewrite_tables(args.folder, args.output))
        return
    for path in write_report(args.folder, args.output or args.folder / "report"):
        print(path)


if __name__ == "__main__":
    main()
