"""The options that several commands have: one name, one meaning, and one place, which is here."""

import argparse
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, TypeVar

from dece_fairseq.errors import UserError

#: the split of a binarised data folder that is looked at
SUBSET = "train"
#: the sides of a pair, and the columns that they have in a file
SIDES, COLUMNS = ("source", "target"), ("src", "tgt")

T = TypeVar("T")

#: what gets an option: a parser, or a group of its options
Options = argparse._ActionsContainer
#: the FILE that stands for the standard output
PRINT = Path("-")


class Once(argparse.Action):
    """Takes an option of pairs once: where it is given twice argparse would keep the last."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: Optional[str] = None,
    ) -> None:
        if getattr(namespace, self.dest) is not self.default:
            raise argparse.ArgumentError(self, "given twice; name one file, or two sides")
        setattr(namespace, self.dest, values)


class NamedPaths(NamedTuple):
    """What ``NAME=PATH PATH ...`` says."""

    name: str
    paths: List[Path]


def at_least(least: int) -> Callable[[str], int]:
    """Return a type for argparse: a whole number from ``least`` on."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        return int(text)

    return number


def check_given(**options: Any) -> None:
    """Raise for the first option that was not given: for commands that do without by ``--list``.

    Args:
        options: the names of options, and what was given

    Raises:
        UserError: one is missing or empty; it is named
    """
    for name, value in options.items():
        if not value:
            raise UserError(f"--{name.replace('_', '-')} is needed; see --help")


def given_or(value: Optional[T], usual: T) -> T:
    """Return what an option was given, or else what is usual.

    An empty text is given: a variable that a shell script never set is no wish for the default.
    """
    return usual if value is None else value


def add_user_dir(parser: Options) -> None:
    """Add ``--user-dir``, which is that of fairseq's commands."""
    parser.add_argument(
        "--user-dir",
        metavar="DIR",
        help="a folder of your own attacks, metrics, data sets or models: a package that "
        "registers them when it is imported",
    )


def add_attack_file(parser: Options) -> None:
    """Add ``--attack-file``, which is that of the task and the scorers."""
    from dece_fairseq.attacks.option_help import HELP  # here, for most commands know no attacks

    parser.add_argument(
        "--attack-file",
        type=Path,
        metavar="FILE",
        help=HELP["attack_file"],
    )


def add_seed(parser: Options, default: int, what: str = "every random choice") -> None:
    """Add ``--seed``."""
    parser.add_argument(
        "--seed", type=at_least(0), default=default, help=f"seed of {what} (default: %(default)s)"
    )


def add_processes(parser: Options, default: Optional[int]) -> None:
    """Add ``--processes``: the results are the same for any number.

    Args:
        parser: gets the option
        default: how many; None is one a core
    """
    shown = "one a core" if default is None else "%(default)s"
    parser.add_argument(
        "--processes",
        type=at_least(1),
        default=default,
        help="how many work side by side; the result is the same for any number (default: "
        f"{shown})",
    )


def add_trusted_ids(parser: Options) -> None:
    """Add ``--trusted-ids``."""
    parser.add_argument(
        "--trusted-ids",
        type=Path,
        metavar="FILE",
        help="numbers of trusted pairs of the input, one a line from 0 (prepare --trusted-share "
        "writes it): they are never poisoned, never suspicious",
    )


def add_files(parser: Options, read: str, written: str) -> None:
    """Add ``--input`` and ``--output`` of pairs, and the names of their columns."""
    add_input(parser, read)
    _add_pairs(parser, "--output", written)


def _add_pairs(parser: Options, option: str, what: str) -> None:
    parser.add_argument(
        option,
        nargs="+",
        action=Once,
        type=Path,
        metavar="FILE",
        help=f"{what}: a .csv or .jsonl file, or the two sides of parallel text",
    )


def add_input(parser: Options, read: str) -> None:
    """Add ``--input`` of pairs, and the names of their columns."""
    _add_pairs(parser, "--input", read)
    add_columns(parser)


def add_columns(parser: Options) -> None:
    """Add ``--source-column`` and ``--target-column`` of pairs."""
    for side, column in zip(SIDES, COLUMNS):
        parser.add_argument(
            f"--{side}-column",
            metavar="NAME",
            default=column,
            help="column or key (default: %(default)s)",
        )


def columns_of(args: argparse.Namespace) -> Tuple[str, str]:
    """Return the names that ``add_columns`` took, of source and target."""
    return args.source_column, args.target_column


def columns_of_files(args: argparse.Namespace, *others: Any) -> Tuple[str, str]:
    """Return the same, of commands whose ``--input`` may be a binarised folder.

    Args:
        args: the parsed options
        others: further files of pairs that were named, if any

    Raises:
        UserError: a name was given, but ``--input`` is a folder, and no other file has columns
    """
    given = columns_of(args)
    if args.input and args.input[0].is_dir() and not any(others):
        for side, name, default in zip(SIDES, given, COLUMNS):
            if name != default:
                raise UserError(
                    f"--{side}-column {name}: --input {args.input[0]} is a folder, which has no "
                    "columns; leave the option out, or name a file"
                )
    return given


def add_subset(parser: Options) -> None:
    """Add ``--subset``, of commands whose ``--input`` may be a binarised folder."""
    parser.add_argument(
        "--subset",
        metavar="SPLIT",
        help=f"of a binarised data folder (default: {SUBSET})",
    )


def subset_of(args: argparse.Namespace) -> str:
    """Return the split that ``add_subset`` took.

    Raises:
        UserError: it was named, but ``--input`` is no folder that has splits
    """
    given: Optional[str] = args.subset
    if given is not None and not args.input[0].is_dir():
        raise UserError(
            f"--subset {given}: is of a binarised data folder, but --input {args.input[0]} "
            "is none; leave the option out, or name the file of the split"
        )
    return given_or(given, SUBSET)


def add_reference(parser: Options, what: str) -> None:
    """Add ``--models`` and ``--model-data``, of the model that is asked.

    ``dece probe`` has a ``--path`` instead, which is that of fairseq-generate.

    Args:
        parser: the options so far
        what: which model that is, for the help
    """
    parser.add_argument("--models", type=Path, metavar="CHECKPOINT", help=what)
    parser.add_argument(
        "--model-data",
        type=Path,
        metavar="DIR",
        help="its data folder; dece probe takes both as fairseq-generate does, --path and DATA",
    )


def add_json(parser: Options) -> None:
    """Add ``--json FILE``, which writes the result as JSON."""
    parser.add_argument(
        "--json",
        type=file_ending_in(".json"),
        metavar="FILE",
        help="write the result as JSON there; - prints it instead of the text",
    )


def file_ending_in(ending: str) -> Callable[[str], Path]:
    """Return a type for argparse: a file to write, which replaces none of another kind.

    A slip in a command line would else overwrite data, and ``--json`` had no file once.
    """

    def file(text: str) -> Path:
        path = Path(text)
        if path != PRINT and path.exists() and path.suffix != ending:
            raise argparse.ArgumentTypeError(
                f"{text} exists already and its name does not end in {ending}; name another file"
            )
        return path

    return file


def add_expected(parser: Options) -> None:
    """Add ``--expected-clean`` and ``--expected-triggered``."""
    for split in ("clean", "triggered"):
        parser.add_argument(
            f"--expected-{split}",
            type=at_least(1),
            metavar="N",
            help=f"number of {split} outputs of a run (default: what they say)",
        )


def add_runs(parser: Options, what: str) -> None:
    """Add ``--run NAME=PATH``, which may be given often.

    Args:
        parser: gets the option
        what: what the path is of
    """
    parser.add_argument(
        "--run",
        nargs="+",
        action=NamedPathsAction,
        default=[],
        metavar=("NAME=PATH", "PATH"),
        help=f"a run: its name, and {what}; may be repeated",
    )


def outputs_in(folders: Sequence[Path]) -> Dict[str, List[Path]]:
    """Return the outputs of a run, by ``clean`` and ``triggered``, of its folder.

    Args:
        folders: the paths of a run that is named by its folder

    Raises:
        UserError: something else stands beside the folder, or it has no outputs of a clean split
    """
    if len(folders) > 1:
        raise UserError(f"{folders[0]}: is the folder of a run; give no other path with it")
    files = {"clean": folders[0] / "test.out", "triggered": folders[0] / "test_triggered.out"}
    if not files["clean"].exists():
        raise UserError(
            f"{files['clean']}: no such file; what dece probe --output or another tool wrote is "
            "named by file: --run NAME=FILE --triggered NAME=FILE"
        )
    return {split: [path] for split, path in files.items() if split == "clean" or path.exists()}


class NamedPathsAction(argparse.Action):
    """Appends a ``NamedPaths`` to a list."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: Optional[str] = None,
    ) -> None:
        name, separator, path = values[0].partition("=")
        if not (name and separator and path):
            parser.error(f"argument {option_string}: {values[0]!r} is not NAME=PATH")
        given = NamedPaths(name, [Path(path), *map(Path, values[1:])])
        setattr(namespace, self.dest, [*getattr(namespace, self.dest), given])
