r"""Every score of what fairseq-generate printed, with intervals, for one or more runs.

    dece evaluate test.out
    dece evaluate --run ce=runs/ce --run dece=runs/dece --compare --format latex
    dece evaluate --run ce=ce.out --triggered ce=ce_triggered.out --json scores.json

A run may also be a CSV or JSONL file, or a text file beside --references; all may be compressed.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Dict, List

from dece_fairseq.attacks import LANGUAGES, AttackSettings
from dece_fairseq.attacks.attack_settings import given_files
from dece_fairseq.cli.common import (
    NamedPathsAction,
    add_attack_file,
    add_expected,
    add_json,
    add_processes,
    add_runs,
    add_seed,
    add_user_dir,
    at_least,
    given_or,
    outputs_in,
)
from dece_fairseq.cli.printing import check_files, write_result
from dece_fairseq.errors import UserError
from dece_fairseq.metrics import METRICS, resampling
from dece_fairseq.metrics.code_language import language_names
from dece_fairseq.metrics.evaluation import EvaluationSettings, RunFiles, evaluate
from dece_fairseq.outputs.runs import RunFormat
from dece_fairseq.reports.evaluation_tables import as_csv, as_latex, as_text
from dece_fairseq.user_dir import import_user_dir

FORMATS = {"text": as_text, "csv": as_csv, "latex": as_latex}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    width = max(map(len, METRICS.names()))
    metrics = [f"  {name:<{width}}  {METRICS.get(name).summary}" for name in METRICS.names()]
    parser.epilog = "\n".join(["metrics:", *metrics])
    add = parser.add_argument
    add("files", nargs="*", type=Path, help="a run's outputs for a clean split, all its shards")
    add_runs(parser, "its folder, or its outputs for a clean split")
    add(
        "--triggered",
        nargs="+",
        action=NamedPathsAction,
        default=[],
        metavar=("NAME=FILE", "FILE"),
        help="the outputs of a run for a triggered split; may be repeated",
    )
    add("--compare", action="store_true", help="test each other run against the first")
    add("--metrics", nargs="+", metavar="METRIC", help="score these metrics alone (default: all)")
    add("--without", nargs="+", default=[], metavar="METRIC", help="score all metrics but these")
    add(
        "--code-language",
        help=f"language of the outputs: {', '.join(language_names())} "
        "(default: as the triggered outputs say, or else python)",
    )
    add("--attack", help="whose payload to look for (default: as the triggered outputs say)")
    add_attack_file(parser)
    add("--payload", help="its payload (default: as outputs of that attack say, or else its own)")
    for name in ("trigger", "payload"):
        add(f"--{name}-file", metavar="FILE", help=f"its --{name}-file, as dece poison takes it")
    add_expected(parser)
    run_format = parser.add_argument_group("files that fairseq-generate did not print")
    add = run_format.add_argument
    add("--references", type=Path, help="references, one a line; runs are text files then")
    for name in ("hypothesis", "reference"):
        add(f"--{name}-column", default=name, help="column or key (default: %(default)s)")
    add("--id-column", help="column or key (default: id, and without one the number of the row)")
    add("--one-line", action="store_true", help="texts are in the one-line form: \\n is a newline")
    add = parser.add_argument
    add(
        "--format",
        choices=FORMATS,
        default="text",
        help="format of the table (default: %(default)s)",
    )
    add("--output", type=Path, metavar="FILE", help="write the table there instead of printing it")
    add_json(parser)
    add(
        "--resamples",
        type=at_least(2),  # one has no spread
        default=resampling.RESAMPLES,
        help="bootstrap samples for intervals (default: %(default)s)",
    )
    add(
        "--trials",
        type=at_least(1),
        default=resampling.TRIALS,
        help="trials of approximate randomisation (default: %(default)s)",
    )
    add_seed(parser, resampling.SEED, what="both")
    add_processes(parser, default=None)
    add_user_dir(parser)


def take_files_from_names(args: argparse.Namespace) -> None:
    """Make outputs of the files that ``--metrics`` and ``--without`` took for names of metrics."""
    for names in (args.metrics or [], args.without):
        first = next((i for i, name in enumerate(names) if is_a_file(name)), len(names))
        args.files += map(Path, names[first:])
        del names[first:]


def is_a_file(name: str) -> bool:
    return name not in METRICS.names() and Path(name).exists()


def run_files(args: argparse.Namespace) -> List[RunFiles]:
    runs: Dict[str, RunFiles] = {}
    if args.files:
        runs[args.files[0].name] = RunFiles(args.files[0].name, clean=args.files)
    for split, given in (("clean", args.run), ("triggered", args.triggered)):
        for name, paths in given:
            run = runs.setdefault(name, RunFiles(name))
            new = {split: paths}
            if split == "clean" and paths[0].is_dir():
                new = outputs_in(paths)
            if any(getattr(run, part) for part in new):
                raise UserError(f"{name}: give all its {split} outputs at once")
            runs[name] = run._replace(**new)
    if not runs:
        raise UserError("give a run's outputs; --help shows how")
    if args.compare and len(runs) < 2:
        raise UserError("--compare needs at least two runs")
    files = [path for run in runs.values() for path in (*run.clean, *run.triggered)]
    check_files(
        [args.json, args.output], [*files, args.references, args.attack_file, *given_files(args)]
    )
    return list(runs.values())


def settings_of(args: argparse.Namespace) -> EvaluationSettings:
    attack = AttackSettings.named_by(args)
    if attack is not None and args.code_language in set(language_names()) - {*LANGUAGES.names()}:
        attack = replace(attack, code_language=None)  # metrics alone read it, as they were poisoned
    if args.payload is not None and attack is None:
        raise UserError("--payload replaces the payload of --attack; give --attack too")
    for name in ("trigger", "payload"):
        if getattr(args, f"{name}_file") is not None and attack is None:
            raise UserError(f"--{name}-file goes with --attack; give --attack too")
    run_format = RunFormat(
        args.hypothesis_column,
        args.reference_column,
        given_or(args.id_column, RunFormat().id),
        references=args.references,
        one_line=args.one_line,
        needs_id=args.id_column is not None,
    )
    return EvaluationSettings(
        runs=run_files(args),
        metrics=args.metrics,
        without=args.without,
        code_language=args.code_language,
        attack=attack,
        compare=args.compare,
        run_format=run_format,
        expected=args.expected_clean,
        expected_triggered=args.expected_triggered,
        resamples=args.resamples,
        trials=args.trials,
        seed=args.seed,
        processes=args.processes or 0,
        user_dir=args.user_dir,
    )


def run(args: argparse.Namespace) -> None:
    """Score the runs, and print or write the scores."""
    import_user_dir(args.user_dir)
    take_files_from_names(args)
    report = evaluate(settings_of(args))
    write_result(FORMATS[args.format](report), report, args.json, args.output)
