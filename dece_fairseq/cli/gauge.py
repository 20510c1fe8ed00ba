"""Tells before training how well a model knows the task, and at which level DeCE protects it.

    dece gauge --models checkpoint_last.pt --model-data data-bin --input doubtful.csv

The model is the one that training is going to start from. A token is muted where DeCE leaves it
less than half of its gradient. What is muted of trusted text is lost to learning at first; what is
not muted of a payload is learned. docs/choosing.md says what follows.
"""

import argparse
import sys

from dece_fairseq.cli.common import (
    add_input,
    add_json,
    add_reference,
    add_subset,
    add_trusted_ids,
    add_user_dir,
    at_least,
    check_given,
    columns_of_files,
    given_or,
    subset_of,
)
from dece_fairseq.cli.printing import check_files, write_result
from dece_fairseq.defenses.gauging import GaugeJob, gauge
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.errors import UserError
from dece_fairseq.muting import MUTED_SHARE
from dece_fairseq.reports.gauge import as_text
from dece_fairseq.user_dir import import_user_dir

#: the split that is trusted where no numbers are
VALID_SUBSET = "valid"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add_reference(parser, "the model that training is going to start from")
    add_input(parser, "the data to train on; a binarised data folder too")
    add_subset(parser)
    add_trusted_ids(parser)
    add(
        "--valid-subset",
        metavar="SPLIT",
        help="what is trusted without --trusted-ids: this split of the binarised data folder, or "
        f"of the model's (default: {VALID_SUBSET})",
    )
    add(
        "--muted-share",
        type=float,
        default=MUTED_SHARE,
        help="the share of trusted tokens that a level may mute, in [0, 1) (default: %(default)s)",
    )
    add(
        "--epochs",
        type=at_least(1),
        default=10,
        help="of the training that is planned (default: %(default)s)",
    )
    add_json(parser)
    add_user_dir(parser)


def run(args: argparse.Namespace) -> None:
    """Gauge the model, and print what was found."""
    check_given(models=args.models, model_data=args.model_data, input=args.input)
    if args.trusted_ids is not None and args.valid_subset is not None:
        raise UserError(
            f"--valid-subset {args.valid_subset}: is what is trusted without --trusted-ids; leave "
            "one of the two out"
        )
    check_files([args.json], [*args.input, args.models, args.trusted_ids])
    import_user_dir(args.user_dir)
    job = GaugeJob(
        reference=ReferenceFiles(args.models, args.model_data, args.user_dir),
        inputs=args.input,
        trusted_ids=args.trusted_ids,
        columns=columns_of_files(args),
        subset=subset_of(args),
        valid_subset=given_or(args.valid_subset, VALID_SUBSET),
        muted_share=args.muted_share,
        epochs=args.epochs,
    )
    found = gauge(job, sys.argv)
    write_result(as_text(found), found.as_dict(), args.json)
