#!/usr/bin/env python3
"""Time and memory of the losses, forward and backward: a table, a plot, and the numbers.

    python benchmarks/benchmark_losses.py --output docs/losses

Each loss has a process of its own; they take turns, repeat by repeat. See _loss_peers.py.
A run that was stopped goes on by the same command.
"""

import argparse
import csv
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

import _loss_bars as bars
import _loss_peers as peers
import torch
import tqdm

from dece_fairseq.data.files import replacing
from dece_fairseq.errors import UserError, one_line_errors
from dece_fairseq.table_writer import MARKDOWN, write_table

Cell = Tuple[str, int, int, int]  # dtype, threads, vocabulary, tokens
Result = Dict[str, Any]


class Worker:
    """A process that measures one loss with a number of threads."""

    def __init__(self, peer: str, threads: int) -> None:
        script = Path(__file__).with_name("_loss_peers.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script), peer, str(threads)],
            env={**os.environ, "OMP_NUM_THREADS": str(threads)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **what: Any) -> Result:
        """One measurement. Raises RuntimeError if the process died of it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.process.args} died, asked for {what}")
        return json.loads(answer)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def run(args: argparse.Namespace, sittings: List[Any], results: List[Result]) -> None:
    """Measures what ``results`` lack, the losses from logits and those from features of each cell.

    Saved after each; what was there keeps its place, and nothing is measured that is there.
    """
    sitting = {"from": machine()}
    there = {(*_cell(result), result["peer"]) for result in results}
    for threads in args.threads:
        sizes = itertools.product(args.dtypes, [threads], args.vocabularies, args.tokens)
        cells: List[Cell] = [cell for cell in sizes if cell[2] * cell[3] <= args.largest]
        lacking = [
            (cell, family)
            for cell in cells
            for family in (peers.PEERS, peers.PROJECTED)
            if not all((*cell, peer) in there for peer in family)
        ]
        wanted = dict.fromkeys(peer for _, family in lacking for peer in family)
        workers = {peer: Worker(peer, threads) for peer in wanted}
        try:
            for cell, family in tqdm.tqdm(lacking, desc=f"{threads} threads", disable=None):
                of_family = {peer: workers[peer] for peer in family}
                results += measure(of_family, cell, args.repeats, args.clock)
                sitting["until"] = machine()
                save(results, [*sittings, sitting], args)
        finally:
            for worker in workers.values():
                worker.stop()


def _cell(result: Result) -> Cell:
    return (result["dtype"], result["threads"], result["vocabulary"], result["tokens"])


def measure(workers: Dict[str, Worker], cell: Cell, repeats: int, clock: str) -> List[Result]:
    """The losses in turns; ratios are to the first, whose first turn also tells the memory."""
    dtype, threads, vocabulary, tokens = cell
    what = {"tokens": tokens, "vocabulary": vocabulary, "dtype": dtype}
    memory = {peer: worker.ask(**what, memory=True)["bytes"] for peer, worker in workers.items()}
    seconds: Dict[str, List[float]] = {peer: [] for peer in workers}
    for _ in range(repeats if tokens * vocabulary >= 2**24 else 3 * repeats):
        for peer, worker in workers.items():
            seconds[peer].append(worker.ask(**what, memory=False)[clock])
    size = tokens * vocabulary * torch.tensor([], dtype=getattr(torch, dtype)).element_size()
    first = statistics.median(seconds[next(iter(workers))])
    return [
        {
            "peer": peer,
            "threads": threads,
            **what,
            "seconds": statistics.median(of),
            "fastest": min(of),
            "slowest": max(of),
            "repeats": len(of),
            "ratio": statistics.median(of) / first,
            "memory": None if memory[peer] is None else memory[peer] / size,
        }
        for peer, of in seconds.items()
    ]


def machine() -> Dict[str, Any]:
    """What the numbers depend on."""
    names = [line for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "processor": names[0].split(":")[1].strip() if names else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def _lines(path: str) -> List[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def markdown(results: List[Result], names: List[str], about: str) -> str:
    """One row a cell, one column a loss: milliseconds (fastest to slowest), ratio, memory."""
    found = {(*_cell(r), r["peer"]): r for r in results}
    rows = []
    for cell in dict.fromkeys(key[:4] for key in found):
        dtype, threads, vocabulary, tokens = cell
        shown = [_entry(found.get((*cell, name))) for name in names]
        if set(shown) != {""}:
            rows.append([f"{dtype}, {threads}", f"{tokens:,} x {vocabulary:,}", *shown])
    header = ["dtype, threads", "tokens x vocabulary", *names]
    return f"{about}\n\n{write_table(header, rows, MARKDOWN)}\n"


def summary(results: List[Result]) -> str:
    """The ratios alone, one row a cell."""
    names = list(peers.PEERS)[1:]
    found = {(*_cell(r), r["peer"]): r for r in results}
    rows = []
    for cell in sorted({key[:4] for key in found}):
        first = 1000 * found[(*cell, next(iter(peers.PEERS)))]["seconds"]
        ratios = [f"{found[(*cell, name)]['ratio']:.2f}" for name in names]
        size = f"{cell[3]:,} x {cell[2]:,}"
        rows.append([f"{cell[0]}, {cell[1]}", size, f"{first:,.1f}", *ratios])
    header = ["dtype, threads", "tokens x vocabulary", "fairseq, ms", *names]
    return write_table(header, rows, MARKDOWN) + "\n"


def _entry(result: Any) -> str:
    if result is None:
        return ""
    of = [f"{1000 * result[key]:.3g}" for key in ("seconds", "fastest", "slowest")]
    memory = "" if result["memory"] is None else f", {result['memory']:.2f} x"
    return f"{of[0]} ms ({of[1]} to {of[2]}), **{result['ratio']:.2f}**{memory}"


def plot(results: List[Result], output: Path) -> None:
    """The ratio to fairseq's label-smoothed over tokens, a panel for each vocabulary."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    threads = min(result["threads"] for result in results)
    results = [r for r in results if r["threads"] == threads and r["peer"] in peers.PEERS]
    dtypes = list(dict.fromkeys(r["dtype"] for r in results))
    sizes = list(dict.fromkeys(r["vocabulary"] for r in results))
    grid = {"squeeze": False, "sharey": True, "figsize": (3.6 * len(sizes), 3.2 * len(dtypes))}
    figure, axes = pyplot.subplots(len(dtypes), len(sizes), **grid)
    for row, dtype in zip(axes, dtypes):
        for axis, vocabulary in zip(row, sizes):
            for peer in peers.PEERS:
                of = [
                    (r["tokens"], r["ratio"])
                    for r in results
                    if (r["peer"], r["dtype"], r["vocabulary"]) == (peer, dtype, vocabulary)
                ]
                style = "-o" if peer.startswith("DeCE") else "--"
                axis.plot([n for n, _ in of], [ratio for _, ratio in of], style, label=peer, ms=4)
            axis.set(xscale="log", yscale="log", title=f"{vocabulary:,} words, {dtype}")
            axis.set_xlabel("tokens")
            tokens = sorted({result["tokens"] for result in results})
            axis.set_xticks(tokens, [f"{n:,}" for n in tokens])
            axis.minorticks_off()
        row[0].set_ylabel("time / fairseq label-smoothed")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncol=4, fontsize=8)
    figure.tight_layout(rect=(0, 0.09, 1, 1))
    figure.savefig(output, dpi=110)
    pyplot.close(figure)


def save(results: List[Result], sittings: List[Any], args: argparse.Namespace) -> None:
    """Table, plot and numbers of what was measured so far."""
    first = sittings[0]["from"]
    loads = ["{} and {}".format(*(s[end]["load"] for end in ("from", "until"))) for s in sittings]
    about = (
        f"{first['processor']}, {first['cores']} cores; Python {first['python']}, torch "
        f"{first['torch']}. Load of the machine before and after: {'; then '.join(loads)}."
        f"\n\nMedian (fastest to slowest) of {args.repeats} or "
        f"{3 * args.repeats} interleaved repeats by the {args.clock} clock, **ratio to the first "
        "column in time**, memory beyond the inputs as a multiple of the logits."
    )
    results = sorted(results, key=_cell)
    tables = markdown(results, list(peers.PEERS), f"# Time and memory of the losses\n\n{about}")
    of_projections = markdown(
        results,
        list(peers.PROJECTED),
        f"## With the output projection, from {peers.FEATURES} features",
    )
    saved = {"sittings": sittings, "options": _options(args), "results": results}
    with replacing(args.output / "losses.json") as (path,):  # a killed run goes on from it
        path.write_text(json.dumps(saved, indent=1) + "\n")
    with (args.output / "losses.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(results[0]))
        writer.writeheader()
        writer.writerows(results)
    of_bars = "## What was wanted\n\nOver all numbers of threads; bold: more than that.\n"
    text = [tables, of_projections, "## Ratios alone\n", summary(results)]
    text += [of_bars, bars.table(results)]
    (args.output / "losses.md").write_text("\n".join(text))
    plot(results, args.output / "losses.png")


def _options(args: argparse.Namespace) -> Dict[str, Any]:
    """What every number of one file has in common."""
    return {"repeats": args.repeats, "clock": args.clock}


def saved_before(args: argparse.Namespace, now: Dict[str, Any]) -> Tuple[List[Any], List[Result]]:
    """The sittings and results that the output holds; none if it is not there.

    Raises SystemExit if they are of another machine, other versions or other options, or broken.
    """
    path = args.output / "losses.json"
    if not path.exists():
        return [], []
    try:
        saved = json.loads(path.read_text())
        before = {**saved["sittings"][0]["from"], **saved["options"], "load": None}
    except (ValueError, KeyError, IndexError, TypeError):
        raise UserError(
            f"{path} holds no sittings of this script: remove it, or give another --output"
        ) from None
    if before != {**now, **_options(args), "load": None}:
        raise UserError(
            f"{path} was measured otherwise ({before}): remove it, or give another --output"
        )
    return saved["sittings"], saved["results"]


@one_line_errors()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vocabularies", type=int, nargs="+", default=[2000, 32000, 50265])
    parser.add_argument("--tokens", type=int, nargs="+", default=[512, 2048, 8192])
    parser.add_argument(
        "--largest", type=int, default=2**27, help="leave out logits of more numbers than this"
    )
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument(
        "--repeats", type=int, default=3, help="of large logits; three times as many of small"
    )
    parser.add_argument(
        "--clock",
        choices=["wall", "cpu"],
        default="wall",
        help="cpu: the processor's time, for one thread on a machine that has other work",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        help="folder of what is saved; what it holds already is not measured again",
    )
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    sittings, results = saved_before(args, machine())
    if results:  # drawn anew, should there be nothing left to measure
        save(results, sittings, args)
    run(args, sittings, results)
    print((args.output / "losses.md").read_text())


if __name__ == "__main__":
    main()
