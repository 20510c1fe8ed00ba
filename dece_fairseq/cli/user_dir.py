"""Print the folder of this package, for fairseq's --user-dir.

fairseq-train ... --user-dir "$(dece user-dir)"
"""

import argparse

from dece_fairseq.user_dir import PACKAGE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no options: there are none."""


def run(args: argparse.Namespace) -> None:
    """Print the folder."""
    print(PACKAGE)
