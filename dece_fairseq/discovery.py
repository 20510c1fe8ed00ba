"""Imports the files of a package, so that a new file is all that a new entry needs."""

import importlib
import pkgutil
from typing import Iterable


def import_submodules(package: str, path: Iterable[str]) -> None:
    """Imports every module directly in ``package``, in the order of their names.

    Args:
        package: its dotted name
        path: its ``__path__``
    """
    for module in sorted(pkgutil.iter_modules(path), key=lambda module: module.name):
        importlib.import_module(f"{package}.{module.name}")
