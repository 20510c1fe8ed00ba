"""The option ``--user-dir`` of the scripts, which is that of fairseq's commands."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from dece_fairseq.attacks import AttackError


def add_user_dir(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--user-dir",
        metavar="DIR",
        help="a folder of your own attacks, metrics or data sets: a package that registers them "
        "when it is imported",
    )


def import_user_dir(args: Namespace) -> None:
    """Imports the package that ``--user-dir`` names, the way fairseq does.

    Raises:
        AttackError: there is no such folder, it is no package, or it can't be imported
    """
    if not args.user_dir:
        return
    if not (Path(args.user_dir) / "__init__.py").is_file():
        raise AttackError(
            f"--user-dir {args.user_dir}: no such file: {Path(args.user_dir) / '__init__.py'}; "
            "give the folder of a Python package"
        )
    try:
        from fairseq.utils import import_user_module  # which takes seconds

        import_user_module(args)
    except ImportError as error:
        raise AttackError(f"--user-dir {args.user_dir}: can't be imported: {error}") from error
