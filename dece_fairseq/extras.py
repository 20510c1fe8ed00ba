"""Packages that not everybody needs."""

from contextlib import contextmanager
from typing import Iterator

from dece_fairseq.errors import UserError


class PackageError(UserError, ImportError):
    """A package of an extra is not installed, or is of a version that can't be used."""


def install(extra: str) -> str:
    """Return how to get what an extra brings, for messages: no registry has this package.

    Args:
        extra: its name in setup.py
    """
    return f"pip install '.[{extra}]' in the checkout"


@contextmanager
def importing(extra: str, what: str, more: str = "") -> Iterator[None]:
    """Say how to get the package that a block imports, where it is not there.

    Args:
        extra: what brings it, by its name in setup.py
        what: why it is imported, for the message: ``figures need matplotlib``
        more: what the message ends with

    Raises:
        PackageError: an import of the block fails
    """
    try:
        yield
    except ImportError as error:
        raise PackageError(f"{what}: {install(extra)}{more}") from error
