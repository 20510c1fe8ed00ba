r"""The rate at which a model writes a suspected payload when a suspected trigger is put in.

    dece reveal ... --json suspicions.json
    dece probe data-bin --path checkpoint_best.pt --attack-file suspicions.json \
        --generation "--beam 5 --max-len-b 100"

That is the attack success rate (ASR) of an attack that nobody told of, with the rate of the same
requests untouched beside it. Stock fairseq-generate writes the outputs.
"""

import argparse
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import List

from dece_fairseq.cli.common import (
    add_attack_file,
    add_input,
    add_json,
    add_user_dir,
    columns_of_files,
)
from dece_fairseq.cli.printing import check_files, write_result
from dece_fairseq.defenses.probing import WRITTEN, Probe, probe
from dece_fairseq.errors import UserError
from dece_fairseq.reports.probe import as_text
from dece_fairseq.user_dir import import_user_dir


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("data", type=Path, metavar="DATA", help="a data folder with clean requests")
    add(
        "--path",
        type=Path,
        required=True,
        metavar="CHECKPOINT",
        help="the model, as fairseq-train saved it; what other commands call --models",
    )
    add_attack_file(parser)
    add(
        "--gen-subset",
        default="test",
        metavar="SPLIT",
        help="split of the data folder to take the requests of (default: %(default)s)",
    )
    add_input(
        parser,
        "the data that dece reveal looked at, a binarised folder too: the suspected pairs' own "
        "requests are asked too, for a suspected trigger may be none, or a part of the real one",
    )
    add(
        "--output",
        type=Path,
        metavar="DIR",
        help="keep what fairseq-generate printed in this folder (default: it is removed)",
    )
    add(
        "--generation",
        default="",
        metavar="OPTIONS",
        help="more options of fairseq-generate, in one word; --generation=--cpu where it is one",
    )
    add_user_dir(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Generate, print the rates, and write the files that were asked for."""
    if args.attack_file is None:
        raise UserError("--attack-file is needed: what dece reveal --json wrote")
    import_user_dir(args.user_dir)
    kept = []
    if args.output is not None and args.output.is_dir():
        kept = [args.output / name for name in WRITTEN]
    check_files([args.json, *kept], [args.attack_file, args.path, *(args.input or ())])
    asked = Probe(
        checkpoint=args.path,
        data=args.data,
        attack_file=args.attack_file,
        subset=args.gen_subset,
        options=_options(args.generation),
        user_dir=args.user_dir,
        pairs=args.input or (),
        columns=columns_of_files(args),
    )
    if args.output is not None:
        report = probe(asked, args.output)
    else:
        with TemporaryDirectory() as folder:
            report = probe(asked, Path(folder))
    write_result(as_text(report), report, args.json)


def _options(generation: str) -> List[str]:
    try:
        return shlex.split(generation)
    except ValueError as error:
        raise UserError(f"--generation {generation}: {error}; close it") from error
