#!/usr/bin/env python3
"""Turn pairs of texts into binarised data for fairseq-train, without loss."""

import argparse
import sys
from pathlib import Path

import _checkout  # noqa: F401  first: it finds the package

from dece_fairseq.data.datasets import DATASETS
from dece_fairseq.data.pairs import DataError
from dece_fairseq.data.prepare import Recipe, Trusted, prepare, table


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="A split is one .csv or .jsonl file, or two files of parallel text, source first. "
        "Data sets by name: "
        + "; ".join(f"{d.name}: {d.origin} (licence: {d.licence})" for d in DATASETS.values()),
    )
    for split in ("train", "valid", "test"):
        parser.add_argument(
            f"--{split}", type=Path, nargs="+", metavar="FILE", help=f"pairs of the split {split}"
        )
    parser.add_argument("--dataset", choices=sorted(DATASETS), help="a data set by name")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the folder of that data set")
    parser.add_argument("--dest", type=Path, required=True, help="the data folder to make")
    parser.add_argument("--overwrite", action="store_true", help="replace the data folder")
    parser.add_argument("--source-column", default="src", help="column or key (%(default)s)")
    parser.add_argument("--target-column", default="tgt", help="column or key (%(default)s)")
    parser.add_argument("--source-lang", default="src", help="fairseq's name (%(default)s)")
    parser.add_argument("--target-lang", default="tgt", help="fairseq's name (%(default)s)")
    subwords = parser.add_mutually_exclusive_group()
    subwords.add_argument(
        "--vocab-size", type=int, default=2000, help="number of subwords (default %(default)s)"
    )
    subwords.add_argument(
        "--spm", type=Path, metavar="MODEL", help="use this sentencepiece model, learn none"
    )
    parser.add_argument(
        "--trusted",
        type=float,
        metavar="SHARE",
        help="also write this share of the training pairs as the split 'trusted'",
    )
    parser.add_argument(
        "--trusted-seed", type=int, default=1, help="of the draw (default %(default)s)"
    )
    return parser


def main() -> None:
    parser = build_parser()
    args = parser.parse_args()
    named = {"train": args.train, "valid": args.valid, "test": args.test}
    files = {split: paths for split, paths in named.items() if paths}
    if (args.dataset is None) != (args.data is None) or (args.dataset is None) != bool(files):
        parser.error("give either --dataset and --data, or --train (and --valid, --test)")
    recipe = Recipe(
        files=files,
        columns=(args.source_column, args.target_column),
        languages=(args.source_lang, args.target_lang),
        vocab_size=args.vocab_size,
        model=args.spm,
        trusted=None if args.trusted is None else Trusted(args.trusted, args.trusted_seed),
    )
    try:
        if args.dataset:
            dataset = DATASETS[args.dataset]
            recipe = recipe._replace(
                files=dataset.locate(args.data), columns=dataset.columns, rows=dataset.rows
            )
        sizes = prepare(recipe, args.dest, args.overwrite, command=sys.argv)
    except (DataError, OSError) as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")
    print(table(sizes))


if __name__ == "__main__":
    main()
