"""Packages that not everybody needs."""

from dece_fairseq.errors import UserError


class PackageError(UserError, ImportError):
    """A package of an extra is not installed, or is of a version that can't be used."""


def install(extra: str) -> str:
    """Return how to get what an extra brings, for messages: no registry has this package.

    Args:
        extra: its name in setup.py
    """
    return f"pip install '.[{extra}]' in the checkout"
