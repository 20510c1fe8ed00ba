#!/usr/bin/env python3
"""How time falls and memory stays when one training goes over to several workers of one machine.

    python benchmarks/benchmark_workers.py --output docs/workers

All have the same effective batch: what one worker takes in turns (--update-freq), several take at
the same time. Each has one thread; the runs take turns.
"""

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, List

from benchmark_losses import machine
from benchmark_training import (
    DECE,
    finish,
    make_data,
    medians,
    options_of_training,
    save,
    start,
    words_a_second,
)

from dece_fairseq.table_writer import MARKDOWN, write_table

VOCABULARY = 2000


def train(data: Path, workers: int, args: argparse.Namespace) -> Dict[str, float]:
    """Words a second of all workers together, and the largest peak of memory of one, in MB."""
    options = [*options_of_training(data, args), *DECE, "--max-tokens", args.max_tokens]
    options += ["--update-freq", max(args.workers) // workers]
    with ExitStack() as stack:
        logs = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(workers)]
        meeting_point = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "workers"
        if workers > 1:
            options += ["--ddp-backend", "legacy_ddp", "--distributed-backend", "gloo"]
            options += ["--distributed-no-spawn", "--device-id", 0]
            options += ["--distributed-world-size", workers]
            options += ["--distributed-init-method", f"file://{meeting_point}"]
        processes = []
        for rank, log in enumerate(logs):
            own = ["--distributed-rank", rank] if workers > 1 else []
            processes.append(start("train", options + own, 1, log))
        ends = [finish(process, log) for process, log in zip(processes, logs)]
    return {
        "words a second": words_a_second(ends[0][0], args.updates),
        "peak MB": max(memory for _, memory in ends),
    }


def table(found: List[Dict[str, Any]], workers: List[int]) -> str:
    """Return a table in Markdown, with a row for each number of workers."""
    header = ["workers", "words a second", "ratio", "peak memory of a worker, MB", "ratio"]
    rows = []
    base: Dict[str, float] = {}
    for number in workers:
        cells = medians([run for run in found if run["workers"] == number], base)
        rows.append([str(number), *cells])
    return write_table(header, rows, MARKDOWN)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--dim", type=int, default=192)
    parser.add_argument("--max-tokens", type=int, default=2048, help="of a worker's batch")
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, required=True, help="folder of what is saved")
    args = parser.parse_args()

    before, found = machine(), []
    with tempfile.TemporaryDirectory() as folder:
        pairs = args.updates * max(args.workers) * args.max_tokens // 64
        data = make_data(Path(folder), VOCABULARY, pairs, length=64)
        for repeat in range(args.repeats):
            for workers in args.workers:
                run = {"workers": workers, "repeat": repeat}
                found.append({**run, **train(data, workers, args)})
    about = (
        f"Transformer of {args.layers} + {args.layers} layers of {args.dim}, a vocabulary of "
        f"{VOCABULARY:,}, batches of {max(args.workers)} x {args.max_tokens:,} tokens; "
        f"{before['processor']}, {before['cores']} cores, torch {before['torch']}. Medians (from, "
        f"to) of {args.repeats} interleaved runs. Load of the machine before: {before['load']}."
    )
    saved = {"machine": [before, machine()], "runs": found}
    save(args.output, "workers", [about, "", table(found, args.workers)], saved)


if __name__ == "__main__":
    main()
