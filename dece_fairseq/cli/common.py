"""What the command lines of several commands share."""

import argparse
from typing import Callable


def at_least(least: int) -> Callable[[str], int]:
    """Return a type for argparse: a whole number from ``least`` on."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} on")
        return int(text)

    return number


def add_user_dir(parser: argparse.ArgumentParser) -> None:
    """Add ``--user-dir``, which is that of fairseq's commands."""
    parser.add_argument(
        "--user-dir",
        metavar="DIR",
        help="a folder of your own attacks, metrics or data sets: a package that registers them "
        "when it is imported",
    )
