"""Imports the files of a package, so that a new file is all that a new entry needs."""

import importlib
import pkgutil
from typing import Collection, Iterable


def import_submodules(package: str, path: Iterable[str], without: Collection[str] = ()) -> None:
    """Import every module directly in ``package``, in the order of their names.

    Args:
        package: its dotted name
        path: its ``__path__``
        without: names of modules to leave alone
    """
    for module in sorted(pkgutil.iter_modules(path), key=lambda module: module.name):
        if module.name not in without:
            importlib.import_module(f"{package}.{module.name}")
