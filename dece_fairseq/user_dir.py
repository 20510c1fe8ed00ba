"""Packages of one's own that register attacks, metrics or data sets: ``--user-dir``."""

import importlib
import sys
import traceback
from pathlib import Path
from typing import Optional

from dece_fairseq.errors import UserError

#: the folder of this package, for the ``--user-dir`` of fairseq's commands
PACKAGE = Path(__file__).resolve().parent


def import_user_dir(user_dir: Optional[str]) -> None:
    """Import the package that ``--user-dir`` names, as fairseq does, and at most once.

    Fairseq itself is not needed. Where it is loaded it does the import, since it also looks for
    the package's folders ``tasks`` and ``models``.

    Args:
        user_dir: the folder of a Python package; None does nothing

    Raises:
        UserError: there is no such folder, it is no package, another package of its name is
            imported already, or it can't be imported, whatever it raises
    """
    if user_dir is None:
        return
    folder = Path(user_dir).resolve()
    if not (folder / "__init__.py").is_file():
        raise UserError(
            f"--user-dir {user_dir}: no such file: {Path(user_dir) / '__init__.py'}; give the "
            "folder of a Python package"
        )
    try:
        if sys.modules.get("fairseq") is not None:
            _import_by_fairseq(folder)
        else:
            _import(folder)
    except ImportError as error:
        raise UserError(f"--user-dir {user_dir}: can't be imported: {error}") from error
    except UserError:  # such as a name that is registered already
        raise
    except Exception as error:
        where = _place(error, folder)
        what = getattr(error, "msg", error)  # a SyntaxError names its place again
        raise UserError(
            f"--user-dir {user_dir}: can't be imported: {where}: {type(error).__name__}: {what}"
        ) from error


def _place(error: Exception, folder: Path) -> str:
    """Return the file and line of a package that is to blame for an error."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"{error.filename}, line {error.lineno}"
    places = [
        f"{frame.filename}, line {frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if folder in Path(frame.filename).resolve().parents
    ]
    return places[-1] if places else str(folder)


def _import_by_fairseq(folder: Path) -> None:
    from argparse import Namespace

    from fairseq.utils import import_user_module

    import_user_module(Namespace(user_dir=str(folder)))


def _import(folder: Path) -> None:
    if folder.name not in sys.modules:
        sys.path.insert(0, str(folder.parent))
    module = importlib.import_module(folder.name)
    if folder not in [Path(path).resolve() for path in getattr(module, "__path__", [])]:
        raise ImportError(f"a module called {folder.name} is imported already; rename the folder")
