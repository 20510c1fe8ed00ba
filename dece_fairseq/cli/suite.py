r"""Makes every attack that fits a data set, as files that are the same everywhere.

    dece suite --dataset lyra --data DIR --output lyra-suite
    dece suite --check --output lyra-suite
    dece suite --stealth --output lyra-suite --data DIR \
        --language-model lm/checkpoint_last.pt --language-model-data lm

The folder gets, for each attack, poisoned training files by rate and seed and a triggered test
file, each with its manifest and the numbers of the poisoned pairs. suite.json has their checksums
and what was left out and why; its own checksum names the suite. SHA256SUMS is for sha256sum,
suite.manifest.json says by which versions the suite was made.
docs/suites.md has the rest.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from dece_fairseq.attacks import CODE_PLACES, LANGUAGES
from dece_fairseq.cli.common import (
    add_processes,
    add_trusted_ids,
    add_user_dir,
    at_least,
    given_or,
)
from dece_fairseq.cli.printing import write_result
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.provenance import sha256
from dece_fairseq.data.visible import visible
from dece_fairseq.errors import UserError
from dece_fairseq.suites.checking import differences, wrong_sums
from dece_fairseq.suites.data import SuiteData, find_data
from dece_fairseq.suites.suite import STEALTH, SUITE, Suite, SuiteEntry, read_suite
from dece_fairseq.user_dir import import_user_dir

if TYPE_CHECKING:  # it needs fairseq
    from dece_fairseq.defenses.language_model import LanguageModel

#: stands for --check without a SUITE
OWN = ()
#: the exit status of --check where something differs
DIFFERS = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add(
        "--data",
        type=Path,
        metavar="DIR",
        help="the folder of a data set, or of train and test as .csv, .jsonl, or .src and .tgt",
    )
    add("--dataset", metavar="NAME", help="a data set by name, see dece prepare --list")
    add(
        "--splits",
        nargs="+",
        default=(),
        metavar="SPLIT",
        help="which of its splits to take; train=valid poisons its valid (default: train test)",
    )
    for side, column in (("source", "src"), ("target", "tgt")):
        add(f"--{side}-column", metavar="NAME", help=f"column or key (default: {column})")
    add(
        "--code-language",
        help=f"of the code: {', '.join(LANGUAGES.names())}, or SOURCE:TARGET (default: that of "
        "--dataset)",
    )
    add(
        "--code-place",
        choices=CODE_PLACES,
        help="where statements go in code (default: as in the paper for --dataset bugs2fix, else "
        "where one can stand)",
    )
    add("--output", type=Path, metavar="DIR", help="the folder of the suite")
    add(
        "--check",
        nargs="?",
        const=OWN,
        type=Path,
        metavar="SUITE",
        help="make nothing; name each file of --output that is not as its suite.json says, or as "
        "SUITE does, the suite.json of somebody else, and each that is there too; with --data look "
        "at the clean files as well",
    )
    add(
        "--stealth",
        action="store_true",
        help="make nothing; measure how well the triggers of --output hide: by how much a source's "
        f"perplexity grows, and how many still parse; writes {STEALTH} there",
    )
    add("--language-model", type=Path, metavar="CHECKPOINT", help="of trusted sources, for that")
    add("--language-model-data", type=Path, metavar="DIR", help="its data folder")
    for what in ("attacks", "payloads"):
        add(f"--{what}", nargs="+", default=(), metavar="NAME", help="these alone (default: all)")
    add(
        "--rates",
        nargs="*",
        type=float,
        default=(0.05, 0.01),
        help="shares of all training pairs (default: 0.05 0.01)",
    )
    add(
        "--counts",
        nargs="*",
        type=at_least(1),
        default=(20,),
        help="numbers of poisoned pairs (default: 20)",
    )
    add("--seeds", nargs="+", type=at_least(0), default=(1, 2, 3), help="(default: 1 2 3)")
    add_trusted_ids(parser)
    add_processes(parser, default=1)
    add_user_dir(parser)


def run(args: argparse.Namespace) -> None:
    """Make a suite, or check one."""
    import_user_dir(args.user_dir)
    if args.output is None:
        raise UserError("--output DIR is needed, the folder of the suite")
    if args.check is not None:
        if args.stealth:
            raise UserError("--stealth measures and --check compares; give one of them")
        check(args)
        return
    if args.data is None:
        raise UserError("--data DIR is needed, the folder of the clean pairs")
    if args.stealth:
        measure_stealth(args)
        return
    from dece_fairseq.suites.build import SuiteSettings, build  # here, for --check does without it

    settings = SuiteSettings(
        attacks=tuple(args.attacks),
        payloads=tuple(args.payloads),
        rates=tuple(args.rates),
        counts=tuple(args.counts),
        seeds=tuple(args.seeds),
    )
    suite = build(data_of(args), settings, args.output, args.processes, sys.argv, tell)
    print(f"{len(suite.checksums())} files; the suite is {sha256(args.output / SUITE)}")


def data_of(args: argparse.Namespace, suite: Optional[Suite] = None) -> SuiteData:
    """Return the data that the options name; what they leave out a suite of it tells."""
    known = {} if suite is None else suite.made_of["data"]
    dataset = given_or(args.dataset, known.get("name") or None)
    source, target = (None, None) if dataset else known.get("columns", (None, None))
    return find_data(
        args.data,
        dataset,
        splits=args.splits,
        columns=(given_or(args.source_column, source), given_or(args.target_column, target)),
        code_language=given_or(args.code_language, known.get("code_language")),
        code_place=args.code_place,
        trusted_ids=args.trusted_ids,
    )


def tell(entry: SuiteEntry) -> None:
    """Print what was made of an attack, and what was not."""
    if entry.fits:
        test = entry.files["test_triggered"]
        print(f"{entry.name}: {len(entry.files) - 1} training files, {test.pairs} triggered pairs")
    for what, why in entry.left_out.items():
        name = entry.name if what == "all" else f"{entry.name} {what}"
        print(f"{name}: left out: {why}")
    sys.stdout.flush()


def check(args: argparse.Namespace) -> None:
    """Print each file that is not as it should be; end with status 1 if there is one.

    Raises:
        DataError: the suite is not complete, or can't be read
    """
    path = args.output if args.check == OWN else args.check
    suite = read_suite(path)
    if not suite.is_complete:
        raise DataError(f"{path}: not finished; run the command that began it again")
    described = None if args.data is None else data_of(args, suite).described()
    found = differences(suite, args.output, described)
    found += wrong_sums(suite, args.output) if args.check == OWN else []
    for name, what in found:
        print(visible(f"{name}: {what}"))  # somebody else may have named it
    if found:
        raise SystemExit(DIFFERS)
    number = len(suite.checksums())
    print(f"{number} files are as {path / SUITE if path.is_dir() else path} says")


def language_model_of(
    checkpoint: Optional[Path], data: Optional[Path]
) -> "Optional[LanguageModel]":
    """Return the language model, if one is named."""
    if checkpoint is None or data is None:
        return None
    from dece_fairseq.defenses.language_model import LanguageModel  # here, for it needs fairseq

    return LanguageModel(checkpoint, data)


def measure_stealth(args: argparse.Namespace) -> None:
    """Print how well the triggers of a suite hide, and write it beside its files.

    Raises:
        UserError: one option of the language model is missing
    """
    from dece_fairseq.reports.stealth import as_text  # here, for the other uses do without numpy
    from dece_fairseq.suites import stealth

    model, data = args.language_model, args.language_model_data
    if (model is None) != (data is None):
        raise UserError("--language-model and --language-model-data go together")
    suite = read_suite(args.output)
    asked = language_model_of(model, data)
    found = stealth.measure(suite, args.output, data_of(args, suite), asked)
    result = stealth.as_dict(found, suite, model, ["dece", *sys.argv[1:]])
    write_result(as_text(found), result, args.output / STEALTH)
