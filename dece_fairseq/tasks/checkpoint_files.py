"""Checkpoints that were cut off when a run was killed or the disk was full.

fairseq saves a checkpoint under one name whole or not at all, and copies it to its other names:
``checkpoint_best.pt``, ``checkpoint.best_METRIC_VALUE.pt`` and last ``checkpoint_last.pt``. A copy
that is cut off can't be loaded, and the run could not go on, though what it was copied from is
there.
"""

import logging
import os
import re
import shutil
import zipfile
from pathlib import Path

from dece_fairseq.errors import UserError

logger = logging.getLogger(__name__)

#: names that fairseq gives; the part is of a model that several workers save
NAME = re.compile(
    r"checkpoint(?P<kind>\d+|_\d+_\d+|_best|\.best_.+_-?\d+\.\d+|_last)(?P<part>-.+)?\.pt"
)


def mend_checkpoints(save_dir: Path) -> None:
    """Copy the newest whole checkpoint to where a copy of it is cut off, and put aside all else.

    A copy of the newest is ``checkpoint_last``, and a best one that was written after it. A run
    without any whole one begins anew. The log says what was done.

    Args:
        save_dir: fairseq's ``--save-dir``; may be missing

    Raises:
        UserError: the disk is full, or the file can't be written
    """
    paths = sorted(filter(_named_by_fairseq, save_dir.glob("checkpoint*.pt")), key=_age)
    whole = [path for path in paths if _is_whole(path)]
    for path in paths:
        if path in whole:
            continue
        newest = next((other for other in reversed(whole) if _part(other) == _part(path)), None)
        if newest is not None and _is_copy(path, newest):
            logger.warning(
                f"{path} was cut off while it was written; {newest}, which it was to be a copy of, "
                "takes its place"
            )
            _copy(newest, path)
        else:
            aside = path.with_name(f"{path.name}.cut_off")
            logger.warning(f"{path} was cut off while it was written; it is put aside as {aside}")
            os.replace(path, aside)


def _copy(newest: Path, path: Path) -> None:
    try:
        shutil.copyfile(newest, path)  # no link: fairseq writes the next copy into this very file
    except OSError as error:
        raise UserError(
            f"{path}: cut off, and {newest} can't be copied there ({error.strerror}); make room on "
            "the disk, and start again"
        ) from error


def _named_by_fairseq(path: Path) -> bool:
    return NAME.fullmatch(path.name) is not None


def _group(path: Path, group: str) -> str:
    """Return a group of ``NAME`` in the name of a checkpoint, "" where it has none."""
    match = NAME.fullmatch(path.name)
    return (match and match[group]) or ""


def _part(path: Path) -> str:
    return _group(path, "part")


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _is_copy(path: Path, newest: Path) -> bool:
    """Return whether a checkpoint that is cut off was to be a copy of the newest whole one."""
    kind = _group(path, "kind")
    return kind == "_last" or ("best" in kind and _age(path) >= _age(newest))


def _is_whole(path: Path) -> bool:
    """Return whether the end of the file is there; torch before 1.6 saved files without one."""
    if zipfile.is_zipfile(path):
        return True
    with path.open("rb") as file:
        return not b"PK".startswith(file.read(2))
