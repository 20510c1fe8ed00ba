"""Files and folders that appear whole or not at all."""

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Iterable, Iterator, Tuple

#: what a write says where there is no room, on the disk or in a file (`ulimit -f`, FAT)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def replacing(*paths: Path) -> Iterator[Tuple[Path, ...]]:
    """Give paths to write to instead of ``paths``; they take their places if the block ends well.

    The temporary files stand beside their targets, so that taking the place is one step of the
    file system. If the block raises they are removed, and what was there before stays. Of several
    files the last one vouches for the others: an old one goes first and the new one comes last, so
    that even a process killed in between leaves none beside files that it does not belong to.

    Raises:
        OSError: a file can't be written or put in its place; it is named, not the temporary one,
            or all are where there is no room, which a write tells without a name
    """
    temporaries = tuple(temporary_beside(path) for path in paths)
    named = dict(zip(map(str, temporaries), map(str, paths)))
    try:
        yield temporaries
        for path in paths[1:][-1:]:
            if path.exists():
                path.unlink()
        for temporary, path in zip(temporaries, paths):
            os.replace(temporary, path)
    except OSError as error:
        if error.filename is not None:
            name = named.get(str(error.filename))
        else:  # a write to a full disk names no file
            name = names_of(paths) if error.errno in FULL else None
        if name is None:
            raise
        raise OSError(error.errno, error.strerror, name) from error
    finally:
        for temporary in temporaries:
            if temporary.exists():
                temporary.unlink()


def temporary_beside(path: Path) -> Path:
    """Return a path in the folder of ``path`` that no other process uses."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def names_of(paths: Iterable[Path]) -> str:
    """Return paths as a message names them, in one line."""
    return " ".join(map(str, paths))
