"""``dece COMMAND``, also ``python -m dece_fairseq COMMAND``."""

import argparse
import importlib
import io
import logging
import signal
import sys
import threading
import warnings
from typing import Any, Dict, Sequence

from dece_fairseq.cli.hash_seed import fix_hash_seed
from dece_fairseq.cli.old_names import translate
from dece_fairseq.errors import end_with, one_line_errors

#: what each command does; it stands in the file of its name, with ``_`` for ``-``
COMMANDS: Dict[str, str] = {
    "asr": "attack success rate and false triggers of what fairseq-generate printed",
    "completion": "print the completion of this command for a shell",
    "corpus": "write the generated pairs of the quick start",
    "doctor": "say what is installed, what that enables, and how to get the rest",
    "evaluate": "every score of one or more runs, with intervals and tests",
    "filter": "look for poisoned pairs, and write the others",
    "gauge": "say how well a model knows the task, and at which level DeCE protects it",
    "poison": "poison pairs offline, or write a triggered test set",
    "prepare": "make subwords and binarised data of pairs",
    "probe": "ask a model with a suspected trigger: the ASR of an attack nobody told of",
    "rank": "rank the forms of a payload by how likely a clean model finds each",
    "report": "the report of a folder of experiments",
    "reveal": "find the attack on a data set without knowing it",
    "save-pretrained": "save the model of a checkpoint as transformers does",
    "suite": "every attack that fits a data set, as files with checksums",
    "summarise": "the table and the figure of finished runs",
    "user-dir": "print the folder for fairseq's --user-dir",
}

#: commands whose result may depend on Python's hash seed
NEED_HASH_SEED = ("evaluate",)
#: how a warning begins by which torch tells how fairseq calls it, of no use to who runs a command
OF_FAIRSEQ = "Support for mismatched key_padding_mask and attn_mask is deprecated"
#: how to get fairseq, for messages
WAY_OUT = (
    "on Linux, x86_64, Python 3.8 to 3.12, 'pip install .' in the checkout brings fairseq and "
    "torch; docs/install.md has the rest"
)


def load(command: str) -> Any:
    """Return the module of a command: ``add_arguments(parser)`` and ``run(args)``."""
    return importlib.import_module(f"dece_fairseq.cli.{command.replace('-', '_')}")


def make_parser(command: str, program: str) -> argparse.ArgumentParser:
    """Return the parser of one command, which calls itself ``program``."""
    module = load(command)
    parser = argparse.ArgumentParser(
        prog=program,
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    return parser


def top_parser() -> argparse.ArgumentParser:
    """Return the parser of what stands before a command."""
    from dece_fairseq.version import version  # here, for it asks git

    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:<{width}}  {what}" for name, what in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="dece",
        usage="dece COMMAND ...",
        description="Deceptive Cross-Entropy for fairseq: poison, train, generate, score.",
        epilog=f"commands:\n{commands}\n\n'dece COMMAND --help' tells the options of one.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"dece_fairseq {version()}")
    parser.add_argument(
        "command", choices=COMMANDS, metavar="COMMAND", help="one of the commands below"
    )
    return parser


def main() -> None:
    """Run the command that the command line names.

    An error that the user can mend ends the program with status 2.
    """
    words = sys.argv[1:]
    if not words or words[0] not in COMMANDS:
        parser = top_parser()
        parser.parse_args(words or ["--help"])
        parser.error("no command was given")  # options alone
    run(words[0], words[1:], f"dece {words[0]}")


def run(command: str, words: Sequence[str], program: str) -> None:
    """Run one command. Only its own module is imported, so that it starts at once.

    Args:
        command: one of ``COMMANDS``
        words: what stands behind it on the command line
        program: what it calls itself in messages
    """
    if command in NEED_HASH_SEED:
        fix_hash_seed()
    # fairseq logs while it is imported, and makes matplotlib tell every font that it looks at.
    logging.disable(logging.INFO)
    warnings.filterwarnings("ignore", OF_FAIRSEQ, UserWarning)
    escape_what_the_terminal_lacks()
    end_tidily()
    try:
        with one_line_errors(program):
            words = translate(command, words, program)
            load(command).run(make_parser(command, program).parse_args(words))
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in ("fairseq", "torch"):
            raise
        end_with(f"this needs {name}, which is not installed: {WAY_OUT}", program)


def end_tidily() -> None:
    """End on SIGTERM as on Ctrl-C: what is half written is removed, other processes end too."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def escape_what_the_terminal_lacks() -> None:
    """Print characters that the terminal doesn't know as Python would escape them.

    What a command has worked for is not lost on one of them.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
