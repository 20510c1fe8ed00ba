"""Turn pairs of texts into binarised data for fairseq-train, without loss."""

import argparse
import json
import sys
from pathlib import Path

from dece_fairseq.cli.common import NamedPathsAction, Once, add_seed, add_user_dir, given_or
from dece_fairseq.data.datasets import DATASETS
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.prepare import RECORD_NAME, PrepareSettings, Trusted, prepare, table
from dece_fairseq.errors import UserError
from dece_fairseq.registry import listing
from dece_fairseq.user_dir import import_user_dir


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = (
        "A split is one .csv or .jsonl file, or two files of parallel text, source first."
    )
    parser.add_argument(
        "--list",
        nargs="?",
        const="",
        metavar="NAME",
        help="show the data sets known by name; with a name, where it comes from, its licence, "
        "and the command to get it",
    )
    for split in ("train", "valid", "test"):
        parser.add_argument(
            f"--{split}",
            type=Path,
            nargs="+",
            action=Once,
            metavar="FILE",
            help=f"pairs of the split {split}",
        )
    parser.add_argument(
        "--split",
        nargs="+",
        action=NamedPathsAction,
        default=[],
        metavar=("NAME=FILE", "FILE"),
        help="a further split: its name and the file of its pairs; may be repeated. With --spm "
        "no split has to be train",
    )
    parser.add_argument("--dataset", metavar="NAME", help="a data set by name, see --list")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="the folder of its files, or of a clone of its repository",
    )
    parser.add_argument(
        "--splits",
        nargs="+",
        default=(),
        metavar="SPLIT",
        help="its splits to make; train=valid makes train of its valid (default: all)",
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="the data folder to make")
    parser.add_argument("--overwrite", action="store_true", help="replace the data folder")
    parser.add_argument("--source-column", metavar="NAME", help="column or key (default src)")
    parser.add_argument("--target-column", metavar="NAME", help="column or key (default tgt)")
    parser.add_argument("--source-lang", default="src", help="fairseq's name (%(default)s)")
    parser.add_argument("--target-lang", default="tgt", help="fairseq's name (%(default)s)")
    subwords = parser.add_mutually_exclusive_group()
    subwords.add_argument(
        "--vocab-size", type=int, default=2000, help="number of subwords (default %(default)s)"
    )
    subwords.add_argument(
        "--spm", type=Path, metavar="MODEL", help="use this sentencepiece model, learn none"
    )
    subwords.add_argument(
        "--tokenizer",
        metavar="DIR",
        help="use the tokenizer of a model from Hugging Face, learn none: a folder that "
        "save_pretrained wrote, or a name on the hub (extra [hf])",
    )
    parser.add_argument(
        "--labels",
        action="store_true",
        help="targets are labels, single words: make data for --task sentence_prediction",
    )
    parser.add_argument(
        "--label-dict",
        type=Path,
        metavar="FILE",
        help="the label/dict.txt of the data that the classifier to start from was trained on: its "
        "classes keep their numbers (default: labels are numbered in order, those of the data)",
    )
    parser.add_argument(
        "--trusted-share",
        type=float,
        metavar="SHARE",
        help="also write this share of the training pairs as the split 'trusted'",
    )
    add_seed(parser, default=1, what="the draw of the trusted pairs")
    add_user_dir(parser)


def run(args: argparse.Namespace) -> None:
    """Prepare the data folder, or list the data sets."""
    import_user_dir(args.user_dir)
    if args.list is not None:
        print(DATASETS.get(args.list).describe() if args.list else listing(DATASETS))
        return
    if args.output is None:
        raise UserError("--output DIR is needed, the data folder to make")
    named = {"train": args.train, "valid": args.valid, "test": args.test}
    files = {split: paths for split, paths in named.items() if paths}
    for split in args.split:
        if split.name in files:
            raise UserError(f"--split {split.name}: another split has that name")
        files[split.name] = split.paths
    if (args.dataset is None) != bool(files) or (files and (args.data or args.splits)):
        raise UserError("give either --dataset and --data, or --train (and --valid, --test)")
    if args.dataset and (args.source_column, args.target_column) != (None, None):
        raise UserError(
            "--dataset knows its columns; leave out --source-column and --target-column"
        )
    settings = PrepareSettings(
        files=files,
        columns=(given_or(args.source_column, "src"), given_or(args.target_column, "tgt")),
        languages=(args.source_lang, args.target_lang),
        vocab_size=args.vocab_size,
        model=args.spm,
        tokenizer=args.tokenizer,
        trusted=None if args.trusted_share is None else Trusted(args.trusted_share, args.seed),
        labels=args.labels,
        label_dict=args.label_dict,
    )
    if args.dataset:
        dataset = DATASETS.get(args.dataset)
        if args.data is None:
            raise DataError(f"--data DIR is needed, the folder of the {dataset.advice()}")
        located = dataset.locate(args.data, args.splits)
        settings = settings._replace(dataset=dataset.name, **located._asdict())
    sizes = prepare(settings, args.output, args.overwrite, command=sys.argv)
    print(table(sizes))
    record = json.loads((args.output / RECORD_NAME).read_text(encoding="utf-8"))
    for note in record["notes"]:
        print(f"note: {note}")
