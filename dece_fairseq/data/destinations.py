"""Whether a result can be written where it is asked for, known before any work goes into it."""

import os
from pathlib import Path
from typing import Iterable, Optional, Sequence

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair, check_writable, kind_of


def check_output(path: Path, inputs: Iterable[Path] = ()) -> None:
    """Check the place of a file that will be written.

    Args:
        path: the file
        inputs: what is read for it, and must not be lost

    Raises:
        DataError: the folder is not there or can't be written to, ``path`` is a folder, or it is
            one of the inputs
    """
    if not path.parent.is_dir():
        raise DataError(f"{path}: there is no folder {path.parent}; make it first")
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name a file to write")
    if not os.access(path.parent, os.W_OK):
        raise DataError(f"{path}: nothing can be written to {path.parent}; name another folder")
    if path.exists() and any(other.exists() and path.samefile(other) for other in inputs):
        raise DataError(f"{path}: would be both read and written; name another file")


def check_outputs(paths: Iterable[Optional[Path]], inputs: Iterable[Optional[Path]] = ()) -> None:
    """Check the places of all files that a command will write.

    Args:
        paths: the files; None stands for an option that was not given
        inputs: every file that the command reads, likewise

    Raises:
        DataError: as ``check_output``, or two of ``paths`` are the same file
    """
    read = [path for path in inputs if path is not None]
    seen = set()
    for path in paths:
        if path is None:
            continue
        check_output(path, read)
        if path.resolve() in seen:
            raise DataError(f"{path}: named twice as output; give each output a file of its own")
        seen.add(path.resolve())


def check_output_folder(folder: Path, option: str = "--output") -> None:
    """Check the place of a folder that will be made where it is not there, and written to.

    Args:
        folder: the folder
        option: what names it, for the message

    Raises:
        DataError: it, or one above it, is a file or can't be written to
    """
    there = next(place for place in (folder, *folder.parents) if place.exists())
    place = "" if there == folder else f"{there} "
    if not there.is_dir():
        raise DataError(f"{option} {folder}: {place}is a file; name a folder")
    if not os.access(there, os.W_OK):
        raise DataError(f"{option} {folder}: nothing can be written to {there}; name another")


def check_pairs(pairs: Iterable[Pair], paths: Sequence[Path]) -> None:
    """Check that files can hold pairs, of which some will be written there.

    Args:
        pairs: all of them
        paths: as of ``write_pairs``; without any, nothing is checked

    Raises:
        DataError: a pair can't be written in this kind of file
    """
    if paths:
        kind = kind_of(paths)
        for number, pair in enumerate(pairs, start=1):
            check_writable(pair, kind, f"{paths[0]}: pair {number} of the input")
