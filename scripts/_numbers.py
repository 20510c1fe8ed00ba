"""Numbers on a script's command line."""

import argparse
from typing import Callable


def at_least(least: int) -> Callable[[str], int]:
    """Return a type for argparse: a whole number from ``least`` on."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} on")
        return int(text)

    return number
