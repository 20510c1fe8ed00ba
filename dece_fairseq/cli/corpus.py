"""Writes generated pairs of an English request and Python with SQL, the data of the quick start.

dece corpus --style B --seed 1 --split train=2000 valid=200 --output corpus

Or, with --style defects, of functions and labels.
"""

import argparse
from pathlib import Path
from typing import Tuple

from dece_fairseq.cli.common import add_seed
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.corpus_grammar import STYLES
from dece_fairseq.data.defects import generate_defects
from dece_fairseq.data.destinations import check_output_folder
from dece_fairseq.data.pairs import write_pairs
from dece_fairseq.errors import UserError

DEFECTS = "defects"


def named_size(text: str) -> Tuple[str, int]:
    name, _, size = text.partition("=")
    if not name.isidentifier() or not size.isdigit() or int(size) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PAIRS with at least one pair")
    return name, int(size)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add(
        "--style",
        choices=[*STYLES, DEFECTS],
        required=True,
        help="the wording of the requests; or functions, labelled 1 if they are open to SQL "
        "injection, else 0",
    )
    add_seed(parser, default=1, what="the draw")
    add(
        "--skip",
        type=int,
        default=0,
        help="functions to leave out at the start, those of another corpus of the same seed "
        "(default: %(default)s)",
    )
    add(
        "--split",
        nargs="+",
        type=named_size,
        required=True,
        metavar="NAME=PAIRS",
        help="the splits to make; no two share a request or a function",
    )
    add(
        "--output",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="the folder to write a NAME.csv for each split to",
    )


def run(args: argparse.Namespace) -> None:
    """Write the splits."""
    names = [name for name, _ in args.split]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"--split {name}: given twice; give each split a name of its own")
    total = sum(size for _, size in args.split)
    if args.style == DEFECTS:
        pairs = generate_defects(total, args.seed, args.skip)
    else:
        pairs = generate(args.style, total, args.seed, args.skip)
    check_output_folder(args.output)
    args.output.mkdir(parents=True, exist_ok=True)
    for name, size in args.split:
        write_pairs([args.output / f"{name}.csv"], pairs[:size])
        pairs = pairs[size:]
        print(f"{args.output / name}.csv: {size} pairs of style {args.style}")
