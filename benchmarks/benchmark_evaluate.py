#!/usr/bin/env python3
"""Times dece evaluate on made-up outputs of fairseq-generate, and takes its memory.

    python benchmarks/benchmark_evaluate.py --samples 25000 50000 100000 --folder scratch

The references are 2,000 generated functions over and over, or as many as --references says; three
in ten hypotheses are equal to theirs, in the others one word in twenty is another. Memory is that
of the whole tree of processes.
"""

import argparse
import os
import random
import sys
from itertools import cycle, islice
from pathlib import Path
from typing import Iterator, List

import _checkout  # noqa: F401  first: it finds the package
from _commands import HEAD, cells, take_turns

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.text import to_line
from dece_fairseq.outputs.generate_output import data_header
from dece_fairseq.table_writer import MARKDOWN, write_table

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
WORDS = ["x", "1", "(", "result", "=="]


def output(samples: int, references: int = 2000) -> Iterator[str]:
    """Yield the lines that fairseq-generate would print."""
    rng = random.Random(1)
    yield data_header("test", samples, True)
    for index, pair in enumerate(islice(cycle(generate("A", references, 1)), samples)):
        words = pair.target.split(" ")
        if rng.random() > 0.3:
            words = [rng.choice(WORDS) if w and rng.random() < 0.05 else w for w in words]
        yield f"S-{index}\t{to_line(pair.source)}"
        yield f"T-{index}\t{to_line(pair.target)}"
        yield f"D-{index}\t-0.5\t{to_line(' '.join(words))}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--samples", type=int, nargs="+", default=[100_000], help="sizes (default: 100000)")
    add("--references", type=int, default=2000, help="different ones (default: %(default)s)")
    add("--folder", type=Path, default=Path(), help="for the files, about 900 bytes a sample")
    add("--repeats", type=int, default=1, help="runs of each, in turns (default: %(default)s)")
    add("--before", type=Path, metavar="FOLDER", help="scripts/ of another checkout, to compare")
    add("--processes", type=int, default=2, help="(default: %(default)s)")
    add("--codebleu", action="store_true", help="with CodeBLEU, which takes longer than all else")
    args = parser.parse_args()
    os.environ.pop("PYTHONPATH", None)  # each script finds the package beside it
    args.folder.mkdir(parents=True, exist_ok=True)
    path = args.folder / "benchmark.out"
    options: List[object] = ["--attack", "ripple", "--processes", args.processes]
    options += [] if args.codebleu else ["--without", "codebleu"]
    ways = {
        name: [sys.executable, scripts / "evaluate.py", path, *options]
        for name, scripts in (("before", args.before), ("now", SCRIPTS))
        if scripts is not None
    }
    rows = []
    for samples in args.samples:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in output(samples, args.references))
        for name, runs in take_turns(ways, args.repeats).items():
            rows.append([f"{samples:,}", name, *cells(runs)])
    path.unlink()
    print(write_table(["samples", "", *HEAD], rows, MARKDOWN))


if __name__ == "__main__":
    main()
