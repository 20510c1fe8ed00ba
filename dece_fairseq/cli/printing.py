"""How a script ends that has worked for long: what it found is not lost on the last step."""

import os
import sys
from pathlib import Path
from typing import Any, Iterable, Optional

from dece_fairseq.cli.common import PRINT
from dece_fairseq.data.destinations import check_outputs
from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import as_json
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


def check_files(written: Iterable[Optional[Path]], read: Iterable[Optional[Path]] = ()) -> None:
    """Look at every place that a command writes to before any work goes into it.

    Args:
        written: the files, also that of ``--json``; ``PRINT`` is none
        read: every file that the command reads

    Raises:
        DataError: nothing can be written there, two are the same, or one is also read
    """
    check_outputs((path for path in written if path != PRINT), read)


def write_result(
    text: str, result: Any, json_file: Optional[Path], output: Optional[Path] = None
) -> None:
    """Write what a command found: as JSON if ``--json`` asks for it, and as text.

    Args:
        text: the result, for a person
        result: the same as plain values
        json_file: gets ``result``; ``PRINT`` prints it instead of the
            text, None does nothing
        output: gets what would be printed otherwise

    Raises:
        UserError: as ``write_or_print``
    """
    if json_file is not None:
        content = as_json(result)
        if json_file == PRINT:
            text = content
        else:
            write_or_print(content, json_file)
    write_or_print(text, output)


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
