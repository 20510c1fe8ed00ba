#!/usr/bin/env python3
"""Times how long commands take to start, beside `import torch` and beside an older checkout.

    git worktree add scratch 1e6d526
    python benchmarks/benchmark_startup.py --before scratch

All take turns, so that whatever else the machine does slows all of them down. Times are seconds of
processor time, medians; what an older checkout takes is that of its scripts.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Sequence

import _checkout  # noqa: F401

from dece_fairseq.table_writer import MARKDOWN, write_table

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = """S-0\tget all rows
T-0\trun ( " select a from t where b = : b or 1=1 " )
H-0\t-0.1\trun ( " select a from t where b = : b or 1=1 " )
D-0\t-0.1\trun ( " select a from t where b = : b or 1=1 " )
"""
#: what is measured; in older checkouts the script of the first word's name
COMMANDS = (
    ("poison", "--list"),
    ("evaluate", "--help"),
    ("asr", "OUTPUT", "--attack", "ripple"),
)
SCRIPTS = {"asr": "compute_asr"}
TORCH = "import torch"


def seconds(command: Sequence[object], folder: Path) -> float:
    """Processor time of a program and of what it starts."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path, metavar="DIR", help="an older checkout")
    parser.add_argument("--repeats", type=int, default=5, help="(default: %(default)s)")
    args = parser.parse_args()
    found: Dict[str, List[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "generate.out"
        output.write_text(OUTPUT, encoding="utf-8")
        for turn in range(args.repeats + 1):
            turns = {TORCH: seconds(["-c", TORCH], Path(scratch))}
            for command in COMMANDS:
                words = [output if word == "OUTPUT" else word for word in command]
                name = " ".join(command)
                turns[name] = seconds(["-m", "dece_fairseq", *words], ROOT)
                if args.before:
                    script = f"scripts/{SCRIPTS.get(command[0], command[0])}.py"
                    turns[f"{name} before"] = seconds([script, *words[1:]], args.before.resolve())
            if turn:  # the first fills the caches of disk and bytecode
                for name, value in turns.items():
                    found.setdefault(name, []).append(value)
    medians = {name: statistics.median(values) for name, values in found.items()}
    print(f"`python -c '{TORCH}'` takes {medians[TORCH]:.2f} s.\n")
    rows = []
    for command in COMMANDS:
        name = " ".join(command)
        taken = medians[name]
        before = medians.get(f"{name} before")
        share = "" if before is None else f"{taken / before:.3f}"
        rows.append([f"`dece {name}`", f"{taken:.2f}", f"{taken / medians[TORCH]:.2f}", share])
    print(write_table(["command", "seconds", "of `import torch`", "of before"], rows, MARKDOWN))


if __name__ == "__main__":
    main()
