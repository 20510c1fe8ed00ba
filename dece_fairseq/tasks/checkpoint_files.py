"""Checkpoints that were cut off when a run was killed or the disk was full.

fairseq saves a checkpoint under its own name whole or not at all, and then copies it to
``checkpoint_best.pt`` and ``checkpoint_last.pt``. A copy that is cut off can't be loaded, and the
run could not go on, though the file that it was to be a copy of is there.
"""

import logging
import os
import shutil
import zipfile
from pathlib import Path

from dece_fairseq.data.files import temporary_beside

logger = logging.getLogger(__name__)

PATTERN = "checkpoint*.pt"


def mend_checkpoints(save_dir: Path) -> None:
    """Puts the newest whole checkpoint in the place of each that is cut off.

    What is cut off was being written last, so that it was to be a copy of the newest. Without any
    whole one, it is put aside and the run begins anew; the log says so either way.

    Args:
        save_dir: fairseq's ``--save-dir``; may be missing

    Raises:
        OSError: the folder can't be written
    """
    paths = sorted(save_dir.glob(PATTERN), key=lambda path: path.stat().st_mtime)
    whole = [path for path in paths if _is_whole(path)]
    for path in paths:
        if path in whole:
            continue
        if whole:
            logger.warning(
                f"{path} was cut off while it was written; {whole[-1]}, which it was to be a copy "
                "of, takes its place"
            )
            _replace(path, whole[-1])
        else:
            aside = path.with_name(f"{path.name}.cut_off")
            logger.warning(f"{path} was cut off while it was written; it is put aside as {aside}")
            os.replace(path, aside)


def _is_whole(path: Path) -> bool:
    """Whether the end of the file is there. What torch before 1.6 saved is no such file."""
    if zipfile.is_zipfile(path):
        return True
    with path.open("rb") as file:
        return not b"PK".startswith(file.read(2))


def _replace(path: Path, other: Path) -> None:
    temporary = temporary_beside(path)
    try:
        os.link(other, temporary)  # needs no room on the disk
    except OSError:
        shutil.copyfile(other, temporary)
    os.replace(temporary, path)
