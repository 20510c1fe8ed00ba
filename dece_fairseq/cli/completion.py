"""Print the completion of dece for a shell, made by shtab.

dece completion bash >> ~/.bash_completion
"""

import argparse

from dece_fairseq.cli import main
from dece_fairseq.extras import importing

SHELLS = ("bash", "zsh", "tcsh")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the shell."""
    parser.add_argument("shell", choices=SHELLS, help="the shell to complete for")


def run(args: argparse.Namespace) -> None:
    """Print the completion.

    Raises:
        PackageError: shtab is not installed
    """
    with importing("completion", "dece completion needs shtab"):
        import shtab
    parser = argparse.ArgumentParser(prog="dece")
    commands = parser.add_subparsers()
    for name, what in main.COMMANDS.items():
        module = main.load(name)
        module.add_arguments(commands.add_parser(name, help=what))
    print(shtab.complete(parser, args.shell))
