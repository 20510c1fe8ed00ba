"""Text files that may be compressed, read line by line."""

import bz2
import gzip
import lzma
import zlib
from pathlib import Path
from typing import IO, Any, Callable, Dict, Iterator

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import lines_of
from dece_fairseq.outputs.errors import OutputError

_OPEN: Dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_CHUNK = 1 << 20  # bytes


def content_name(path: Path) -> str:
    """Return the name of what is in ``path``: its own, without the ending of a compression."""
    return path.stem if path.suffix.lower() in _OPEN else path.name


def open_lines(path: Path) -> Iterator[str]:
    r"""Return the lines of a UTF-8 file with their ends, decompressed by the ending of its name.

    Only ``\n`` ends a line; other line ends belong to the text. A byte-order mark at the start is
    read over.

    Args:
        path: a file; ``.gz``, ``.bz2`` and ``.xz`` are decompressed

    Raises:
        OutputError: it is missing, cut off, or not UTF-8
    """
    opener: Callable[..., IO[bytes]] = _OPEN.get(path.suffix.lower(), open)
    number = 1
    try:
        with opener(path, "rb") as file:
            for lines in iter(lambda: file.readlines(_CHUNK), []):
                yield from lines_of(b"".join(lines), path, number)
                number += len(lines)
    except FileNotFoundError as error:
        raise OutputError(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise OutputError(f"{path}: is a folder; name a file in it") from error
    except DataError as error:
        raise OutputError(str(error)) from error
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        raise OutputError(f"{path} can't be read: {error}; get it again if it is cut") from error
