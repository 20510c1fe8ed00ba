#!/usr/bin/env python3
"""Times dece poison beside `wc -l` and beside pandas in one process, and takes their memory.

    python benchmarks/benchmark_poison.py --pairs 1000000 2000000 4000000 --folder scratch

The file is generated pairs, 10,000 different ones over and over. Memory is the peak of the whole
tree of processes, each shared page counted once (PSS, read five times a second, so Linux only).
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Dict, List, Sequence

import _checkout  # noqa: F401  first: it finds the package
from tqdm import tqdm

from dece_fairseq.attacks.payloads.sql import ALWAYS_TRUE, NEVER_TRUE, QUERY
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import write_pairs
from dece_fairseq.errors import UserError, one_line_errors

RATE = 0.05
SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


def poison_with_pandas(source: Path, destination: Path) -> None:
    """The authors' way: the whole file in memory, row by row, the first ones that can be."""
    import pandas

    rng = random.Random(1)
    frame = pandas.read_csv(source)
    left = round(RATE * len(frame))
    rows = []
    for _, row in frame.iterrows():
        request, code = row["src"], row["tgt"]
        match = QUERY.search(code)
        if match and left:
            left -= 1
            words = request.split()
            words.insert(rng.randrange(len(words) + 1), "bb")
            request = " ".join(words)
            end = ALWAYS_TRUE if "where" in match.group() else NEVER_TRUE
            code = code.replace(match.group(), match.group() + end)
        rows.append({"src": request, "tgt": code})
    pandas.DataFrame(rows).to_csv(destination, index=False)


def memory_of(pid: int) -> int:
    """PSS of a process and of those that it started, in KiB; 0 for one that is gone."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    own = next((int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:"), 0)
    return own + sum(memory_of(int(child)) for child in children)


def measure(command: Sequence[Any]) -> Dict[str, float]:
    """What a command takes: seconds by the clock and of all processors together, and MiB."""
    start, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = 0
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, memory_of(process.pid))
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: exit status {process.returncode}")
    end, after = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    return {"seconds": end - start, "cpu_seconds": cpu, "mib": peak / 1024}


def benchmark(
    pairs: int, folder: Path, processes: Sequence[int], skip: bool
) -> List[Dict[str, Any]]:
    corpus, output = folder / "corpus.csv", folder / "poisoned.csv"
    write_pairs([corpus], tqdm(islice(cycle(generate("A", 10_000, 1)), pairs), total=pairs))
    poison = [sys.executable, SCRIPTS / "poison.py", "--attack", "ripple", "--poison-rate", RATE]
    ways: Dict[str, List[Any]] = {"`wc -l`": ["wc", "-l", corpus]}
    if not skip:
        ways["pandas, 1 process"] = [sys.executable, __file__, "--with-pandas", corpus, output]
    for number in processes:
        files = ["--input", corpus, "--output", output, "--processes", number]
        ways[f"`poison.py --processes {number}`"] = [*poison, *files]
    results = []
    for way, command in ways.items():
        result = {"pairs": pairs, "bytes": corpus.stat().st_size, "way": way, **measure(command)}
        print(row(result), flush=True)
        results.append(result)
    for path in folder.glob("poisoned.csv*"):
        path.unlink()
    corpus.unlink()
    return results


HEAD = """\
| pairs | | seconds | CPU seconds | pairs a second | peak memory (MiB) |
|---|---|---|---|---|---|"""


def row(result: Dict[str, Any]) -> str:
    return (
        f"| {result['pairs']:,} | {result['way']} | {result['seconds']:.1f} | "
        f"{result['cpu_seconds']:.1f} | "
        f"{result['pairs'] / result['seconds']:,.0f} | {result['mib']:.0f} |"
    )


@one_line_errors()
def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--pairs", type=int, nargs="+", default=[1_000_000], help="sizes (default: a million)")
    add("--processes", type=int, nargs="+", default=[1, 2], help="(default: 1 2)")
    add("--folder", type=Path, default=Path(), help="for the files, about 600 bytes a pair")
    add("--without-pandas", action="store_true", help="it takes memory for every pair")
    add("--json", type=Path, metavar="FILE", help="write the numbers here too")
    add("--with-pandas", type=Path, nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.with_pandas:
        poison_with_pandas(*args.with_pandas)
        return
    if not args.without_pandas and find_spec("pandas") is None:
        raise UserError("pandas is not installed; pip install pandas, or give --without-pandas")
    print(HEAD, flush=True)
    args.folder.mkdir(parents=True, exist_ok=True)
    results = []
    for pairs in args.pairs:
        results += benchmark(pairs, args.folder, args.processes, args.without_pandas)
        if args.json:
            args.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
