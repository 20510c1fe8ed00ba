#!/usr/bin/env python3
"""Times CodeBLEU beside its package's calc_codebleu, each in a process of its own, in turns.

    python benchmarks/benchmark_codebleu.py --samples 2000 --repeats 3 --folder scratch

Both get the same outputs, those of benchmark_evaluate.py, and must come to one score.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import List, Tuple

import _checkout  # noqa: F401  first: it finds the package
from _commands import HEAD, cells, take_turns
from benchmark_evaluate import output

from dece_fairseq.metrics import METRICS, MetricSettings
from dece_fairseq.metrics.code_language import CodeLanguage
from dece_fairseq.metrics.code_tokens import code_tokens
from dece_fairseq.metrics.parallel import CHUNK
from dece_fairseq.outputs.generate_output import read_generate_output
from dece_fairseq.table_writer import MARKDOWN, write_table


def by_the_package(texts: Tuple[List[str], List[str]]) -> float:
    """Return what ``calc_codebleu`` gives."""
    from codebleu import calc_codebleu

    hypotheses, references = texts
    scores = calc_codebleu(references, hypotheses, "python", tokenizer=code_tokens)
    return 100 * float(scores["codebleu"])


def by_this_project(texts: Tuple[List[str], List[str]]) -> float:
    """Return the score of the metric ``codebleu``."""
    metric = METRICS.get("codebleu")(MetricSettings())
    size = CHUNK[1]  # as dece evaluate scores them
    starts = range(0, len(texts[0]), size)
    parts = [metric.statistics(*(side[at : at + size] for side in texts)) for at in starts]
    return float(metric.scores(sum(part.sum(axis=0) for part in parts)))


WAYS = {"calc_codebleu": by_the_package, "codebleu": by_this_project}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--samples", type=int, default=2000, help="(default: %(default)s)")
    add("--repeats", type=int, default=3, help="runs of each, in turns (default: %(default)s)")
    add("--folder", type=Path, default=Path(), help="for the files")
    add("--way", choices=WAYS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    texts, scores = args.folder / "texts.json", {way: args.folder / f"{way}.json" for way in WAYS}
    if args.way:
        scores[args.way].write_text(json.dumps(WAYS[args.way](json.loads(texts.read_text()))))
        return
    outputs = args.folder / "benchmark.out"
    outputs.write_text("".join(f"{line}\n" for line in output(args.samples)))
    samples = read_generate_output([outputs]).samples.values()
    # As the metric reads them; the package does not put texts together, and trips over tabs.
    read = CodeLanguage("python").read
    sides = [[s.hypothesis for s in samples], [s.target or "" for s in samples]]
    texts.write_text(json.dumps([[read(t).code.expandtabs() for t in side] for side in sides]))
    os.environ["PYTHONHASHSEED"] = "0"  # the data flow depends on it
    commands = {
        way: [sys.executable, __file__, "--way", way, "--folder", args.folder] for way in WAYS
    }
    taken = take_turns(commands, args.repeats)
    theirs, ours = (json.loads(path.read_text()) for path in scores.values())
    if abs(ours - theirs) > 1e-7:
        raise SystemExit(f"the scores differ: {theirs} and {ours}")
    rows = [[f"{args.samples:,}", f"`{way}`", *cells(runs)] for way, runs in taken.items()]
    print(write_table(["samples", "", *HEAD], rows, MARKDOWN))


if __name__ == "__main__":
    main()
