r"""The table, the results file and the early-learning figure of finished runs.

Each run is a folder with `test.out` and `test_triggered.out`, what fairseq-generate printed for
these splits; for the figure also `train.log`, what fairseq-train printed with --log-format json.

    dece summarise --run cross_entropy=runs/a --run deceptive_cross_entropy=runs/b \
        --json results.json --figure early_learning.png
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from dece_fairseq.attacks import HIT_RULES
from dece_fairseq.cli.common import add_expected, add_json, add_runs, add_user_dir, file_ending_in
from dece_fairseq.cli.printing import check_files, write_result
from dece_fairseq.errors import UserError
from dece_fairseq.outputs.training_log import Epoch, read_training_log
from dece_fairseq.reports.early_learning import Curves, curves_of, draw_early_learning, save_png
from dece_fairseq.reports.runs_table import as_markdown, score_run
from dece_fairseq.user_dir import import_user_dir

#: what is read in the folder of a run
READ = CLEAN, TRIGGERED, LOG = "test.out", "test_triggered.out", "train.log"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add_runs(parser, "its folder; runs of one name become mean and spread")
    add(
        "--hit-rule",
        choices=HIT_RULES,
        default="string",
        help="how hits of the table are told: by the paper's string or by the parse (default: "
        "%(default)s); --json has both",
    )
    add_expected(parser)
    add_json(parser)
    add(
        "--figure",
        type=file_ending_in(".png"),
        metavar="FILE",
        help="write the PNG of BLEU and ASR by epoch there",
    )
    add_user_dir(parser)


def folder_of(name: str, paths: Sequence[Path]) -> Path:
    """Return the folder of a run.

    Raises:
        UserError: it is no folder, or several paths are given
    """
    if len(paths) > 1 or not paths[0].is_dir():
        shown = " ".join(map(str, paths))
        raise UserError(
            f"--run {name}={shown}: no such folder; give the folder of the run's test.out"
        )
    return paths[0]


def curves(runs: Sequence[Tuple[str, Path]]) -> Dict[str, Curves]:
    """Return what the logs of the runs say by epoch, by name.

    Raises:
        OutputError: a log is missing or holds no epoch
        UserError: the runs of a name were not validated on both splits
    """
    logs: Dict[str, List[List[Epoch]]] = {}
    for name, folder in runs:
        logs.setdefault(name, []).append(read_training_log(folder / LOG))
    found = {}
    for name, epochs in logs.items():
        of_name = curves_of(epochs)
        if of_name is None:
            raise UserError(
                f"--figure: no epoch of {name} was validated for both BLEU and ASR; train with "
                "--valid-subset valid,valid_triggered --eval-bleu --eval-asr"
            )
        found[name] = of_name
    return found


def run(args: argparse.Namespace) -> None:
    """Print the table, and write the files that were asked for."""
    import_user_dir(args.user_dir)
    runs = [(name, folder_of(name, paths)) for name, paths in args.run]
    check_files([args.json, args.figure], [folder / file for _, folder in runs for file in READ])
    if not runs:
        raise UserError("give a run, as --run NAME=FOLDER")
    rows = [
        score_run(
            name,
            folder / CLEAN,
            folder / TRIGGERED,
            args.expected_clean,
            args.expected_triggered,
        )
        for name, folder in runs
    ]
    if args.figure is not None:
        save_png(draw_early_learning(curves(runs)), args.figure)
    write_result(as_markdown(rows, args.hit_rule), rows, args.json)
    for note in [note for row in rows for note in row["notes"]]:
        print(f"note: {note}", file=sys.stderr)
