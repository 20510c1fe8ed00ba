"""How a script ends that has worked for long: what it found is not lost on the last step."""

import os
import sys
from pathlib import Path
from typing import Optional

from dece_fairseq.data.files import replacing
from dece_fairseq.errors import UserError


def write_or_print(text: str, output: Optional[Path] = None) -> None:
    """Write ``text`` to a file, or print it if none is named.

    What can't be written is printed, and what can't be printed goes to stderr. A character that a
    stream's encoding lacks is printed as Python would escape it.

    Raises:
        UserError: it went elsewhere; the message says why and where
    """
    if output is None:
        _print(text)
        return
    try:
        with replacing(output) as (temporary,):
            temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        _print(text)
        raise UserError(f"{output}: {error.strerror}; it was printed instead") from error


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # Or Python would try once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # whoever reads has seen enough
            raise SystemExit(1) from None
        sys.stderr.write(text)
        raise UserError(f"standard output: {error.strerror}; it went to stderr instead") from error
