"""Write the model of a fairseq checkpoint as transformers saves one, with its tokenizer beside it.

Of an encoder with a fresh decoder (CodeBERT, GraphCodeBERT) it is the encoder: transformers has no
such decoder.
"""

import argparse
import shutil
from pathlib import Path

from dece_fairseq.cli.common import add_user_dir
from dece_fairseq.data.files import temporary_beside
from dece_fairseq.data.model_tokenizer import ModelTokenizer
from dece_fairseq.data.prepare import TOKENIZER_NAME
from dece_fairseq.errors import UserError
from dece_fairseq.user_dir import import_user_dir


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("checkpoint", type=Path, help="what fairseq-train saved")
    parser.add_argument(
        "--model-data",
        type=Path,
        required=True,
        metavar="DIR",
        help="the data folder that dece prepare --tokenizer made, for dictionary and tokenizer",
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="the folder to make"
    )
    add_user_dir(parser)


def run(args: argparse.Namespace) -> None:
    """Write the folder."""
    if args.output.exists():
        raise UserError(f"{args.output} exists already; choose another --output")
    folder = args.model_data / TOKENIZER_NAME
    if not folder.is_dir():  # else transformers would look for it on the hub
        raise UserError(
            f"--model-data {args.model_data}: no folder {TOKENIZER_NAME} in it; give the data "
            "folder that dece prepare --tokenizer made"
        )
    # Here, for they need fairseq.
    from dece_fairseq.checkpoints import load_checkpoint
    from dece_fairseq.models.hugging_face import HuggingFaceModel

    import_user_dir(args.user_dir)  # now that fairseq is loaded, whose models it may add to
    tokenizer = ModelTokenizer.load(str(folder), "--model-data")
    model, _, _ = load_checkpoint(args.checkpoint, args.model_data, str(args.checkpoint))
    if not isinstance(model, HuggingFaceModel):
        raise UserError(f"{args.checkpoint}: {type(model).__name__} is not a model of transformers")
    staging = temporary_beside(args.output)
    try:
        model.save_pretrained(str(staging))
        tokenizer.save_files(staging)
        staging.rename(args.output)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    print(f"{args.output}: for transformers, with {' and then '.join(model.sides())}")
