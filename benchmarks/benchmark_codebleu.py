#!/usr/bin/env python3
"""Times CodeBLEU beside its package's calc_codebleu, each in a process of its own, in turns.

    python benchmarks/benchmark_codebleu.py --samples 2000 --repeats 3 --folder scratch

Both get the same outputs, those of benchmark_evaluate.py, and must come to one score. The last
column leaves out what the process takes to start and to import, about the same for both.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Callable, List

import _checkout  # noqa: F401  first: it finds the package
from _commands import HEAD, cells, take_turns, with_spread
from benchmark_evaluate import output

from dece_fairseq.metrics import METRICS, MetricSettings
from dece_fairseq.metrics.code_language import language_of
from dece_fairseq.metrics.code_tokens import code_tokens
from dece_fairseq.metrics.parallel import CHUNK
from dece_fairseq.outputs.generate_output import read_generate_output
from dece_fairseq.table_writer import MARKDOWN, write_table

#: scores hypotheses by their references
Scorer = Callable[[List[str], List[str]], float]


def the_package() -> Scorer:
    """Return ``calc_codebleu``, imported."""
    from codebleu import calc_codebleu

    def score(hypotheses: List[str], references: List[str]) -> float:
        scores = calc_codebleu(references, hypotheses, "python", tokenizer=code_tokens)
        return 100 * float(scores["codebleu"])

    return score


def this_project() -> Scorer:
    """Return the metric ``codebleu``, imported."""
    metric = METRICS.get("codebleu")(MetricSettings())

    def score(*sides: List[str]) -> float:
        size = CHUNK[1]  # as dece evaluate scores them
        starts = range(0, len(sides[0]), size)
        parts = [metric.statistics(*(side[at : at + size] for side in sides)) for at in starts]
        return float(metric.scores(sum(part.sum(axis=0) for part in parts)))

    return score


WAYS = {"calc_codebleu": the_package, "codebleu": this_project}


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
    texts, results = args.folder / "texts.json", {way: args.folder / f"{way}.json" for way in WAYS}
    if args.way:
        scorer, sides = WAYS[args.way](), json.loads(texts.read_text())
        start = time.process_time()
        score = scorer(*sides)
        with results[args.way].open("a") as file:
            print(json.dumps([score, time.process_time() - start]), file=file)
        return
    for path in results.values():
        path.write_text("")
    outputs = args.folder / "benchmark.out"
    outputs.write_text("".join(f"{line}\n" for line in output(args.samples)))
    samples = read_generate_output([outputs]).samples.values()
    # As the metric reads them; the package does not put texts together, and trips over tabs.
    read = language_of("python").read
    sides = [[s.hypothesis for s in samples], [s.target or "" for s in samples]]
    texts.write_text(json.dumps([[read(t).code.expandtabs() for t in side] for side in sides]))
    os.environ["PYTHONHASHSEED"] = "0"  # the data flow depends on it
    commands = {
        way: [sys.executable, __file__, "--way", way, "--folder", args.folder] for way in WAYS
    }
    taken = take_turns(commands, args.repeats)
    found = {
        way: [json.loads(line) for line in path.read_text().splitlines()]
        for way, path in results.items()
    }
    (theirs, _), (ours, _) = (runs[0] for runs in found.values())
    if abs(ours - theirs) > 1e-7:
        raise SystemExit(f"the scores differ: {theirs} and {ours}")
    rows = []
    for way, runs in taken.items():
        alone = with_spread([seconds for _, seconds in found[way]], 2)
        rows.append([f"{args.samples:,}", f"`{way}`", *cells(runs), alone])
    print(write_table(["samples", "", *HEAD, "CPU seconds of scoring"], rows, MARKDOWN))


if __name__ == "__main__":
    main()
