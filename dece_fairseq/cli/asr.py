"""The attack success rate of saved outputs of fairseq-generate, and the false trigger rate.

dece asr gen_triggered.out --clean gen_clean.out
"""

import argparse
from pathlib import Path

from dece_fairseq.attacks import ATTACKS, LANGUAGES, PAYLOADS
from dece_fairseq.attacks.attack_settings import given_files
from dece_fairseq.cli.common import add_attack_file, add_expected, add_json, add_user_dir
from dece_fairseq.cli.printing import check_files, write_result
from dece_fairseq.metrics.asr_report import asr_report
from dece_fairseq.reports.asr_text import as_text
from dece_fairseq.user_dir import import_user_dir


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add(
        "outputs",
        nargs="+",
        type=Path,
        metavar="GENERATE_OUTPUT",
        help="what fairseq-generate printed for a triggered split; several files are the shards "
        "of one run",
    )
    add("--clean", nargs="+", type=Path, default=[], help="likewise for the clean split")
    add("--attack", help=f"{', '.join(ATTACKS.names())} (default: as the output says)")
    add_attack_file(parser)
    add("--payload", help=f"{', '.join(PAYLOADS.names())} (default: as the output says)")
    for name in ("trigger", "payload"):
        add(
            f"--{name}-file",
            metavar="FILE",
            help=f"its --{name}-file, as dece poison takes it (default: as the output says)",
        )
    add(
        "--code-language",
        help=f"of the code: {', '.join(LANGUAGES.names())}, or SOURCE:TARGET (default: as the "
        "output says)",
    )
    add_expected(parser)
    add(
        "--one-line",
        action="store_true",
        help="texts are in the one-line form: \\n is a newline (default: as the output says)",
    )
    add(
        "--allow-missing",
        action="store_true",
        help="count missing outputs as misses and list them, instead of ending with an error",
    )
    add_user_dir(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Print the report, and write the files that were asked for."""
    import_user_dir(args.user_dir)
    check_files([args.json], [*args.outputs, *args.clean, args.attack_file, *given_files(args)])
    report = asr_report(
        args.outputs,
        clean=args.clean,
        attack_name=args.attack,
        attack_file=args.attack_file,
        payload=args.payload,
        expected=args.expected_triggered,
        expected_clean=args.expected_clean,
        allow_missing=args.allow_missing,
        code_language=args.code_language,
        one_line=args.one_line,
        trigger_file=args.trigger_file,
        payload_file=args.payload_file,
    )
    write_result(as_text(report), report, args.json)
