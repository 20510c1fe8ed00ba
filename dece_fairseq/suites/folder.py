"""The folder of a suite: nothing else is in it, and one run at a time works there."""

from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from filelock import FileLock, Timeout

from dece_fairseq.data.destinations import check_output_folder
from dece_fairseq.data.errors import DataError
from dece_fairseq.suites.suite import LOCK, SUITE


def check_folder(folder: Path) -> None:
    """Check that a suite can be made in a folder, or gone on with.

    Raises:
        DataError: it can't be written to, or holds other things than a suite
    """
    check_output_folder(folder)
    if not folder.is_dir() or (folder / SUITE).exists():
        return
    # A run that was killed at its beginning leaves its lock, and a file that is not yet SUITE.
    own = (LOCK, f".{SUITE}")
    if any(not path.name.startswith(own) for path in folder.iterdir()):
        raise DataError(f"{folder}: holds other files and no suite; name a new folder by --output")


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make a folder, and keep other runs out of it for a time; a run that is killed keeps nobody.

    Raises:
        DataError: another run is at work there
        OSError: the folder can't be written to
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(str(folder / LOCK), timeout=0):
            yield
    except Timeout as error:
        raise DataError(
            f"{folder}: another run is making this suite; wait for its end, or name another "
            "--output"
        ) from error
