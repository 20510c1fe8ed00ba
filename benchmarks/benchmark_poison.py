#!/usr/bin/env python3
"""Times dece poison beside `wc -l` and beside pandas in one process, and takes their memory.

    python benchmarks/benchmark_poison.py --pairs 1000000 2000000 4000000 --folder scratch

The file is generated pairs, 10,000 different ones over and over. Memory is the peak of the whole
tree of processes, each shared page counted once (PSS, read five times a second, so Linux only).
"""

import argparse
import json
import os
import random
import sys
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import _checkout  # noqa: F401  first: it finds the package
from _commands import HEAD, cells, take_turns, with_spread
from tqdm import tqdm

from dece_fairseq.attacks.payloads.sql import ALWAYS_TRUE, NEVER_TRUE, QUERY
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import write_pairs
from dece_fairseq.errors import UserError, one_line_errors
from dece_fairseq.table_writer import MARKDOWN, write_table

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


def benchmark(
    pairs: int, folder: Path, ways: Mapping[str, Sequence[Any]], repeats: int
) -> Tuple[List[List[str]], List[Dict[str, Any]]]:
    """Measure each of the ways to poison the corpus in ``folder``, which is made here.

    Returns:
        a row of the table for each way, and what each run took
    """
    corpus = folder / "corpus.csv"
    write_pairs([corpus], tqdm(islice(cycle(generate("A", 10_000, 1)), pairs), total=pairs))
    size = corpus.stat().st_size
    rows, results = [], []
    for way, runs in take_turns(ways, repeats).items():
        rate = with_spread([pairs / run["cpu_seconds"] for run in runs], 0)
        rows.append([f"{pairs:,}", way, *cells(runs), rate])
        results += [{"pairs": pairs, "bytes": size, "way": way, **run} for run in runs]
    for path in (corpus, *folder.glob("poisoned.csv*")):
        path.unlink()
    return rows, results


def commands(args: argparse.Namespace) -> Dict[str, List[Any]]:
    """Return the ways to poison, by their names."""
    corpus, output = args.folder / "corpus.csv", args.folder / "poisoned.csv"
    ways: Dict[str, List[Any]] = {"`wc -l`": ["wc", "-l", corpus]}
    if not args.without_pandas:
        ways["pandas, 1 process"] = [sys.executable, __file__, "--with-pandas", corpus, output]
    for number in args.processes:
        for name, scripts in (("before, ", args.before), ("", SCRIPTS)):
            if scripts is not None:
                poison = [sys.executable, scripts / "poison.py", "--attack", "ripple"]
                files = ["--input", corpus, "--output", output, "--processes", number]
                ways[f"{name}`dece poison --processes {number}`"] = [
                    *(*poison, "--poison-rate", RATE, *files)
                ]
    return ways


@one_line_errors()
def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--pairs", type=int, nargs="+", default=[1_000_000], help="sizes (default: a million)")
    add("--processes", type=int, nargs="+", default=[1, 2], help="(default: 1 2)")
    add("--repeats", type=int, default=1, help="runs of each, in turns (default: %(default)s)")
    add("--before", type=Path, metavar="FOLDER", help="scripts/ of another checkout, to compare")
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
    os.environ.pop("PYTHONPATH", None)  # each script finds the package beside it
    args.folder.mkdir(parents=True, exist_ok=True)
    rows: List[List[str]] = []
    results: List[Dict[str, Any]] = []
    for pairs in args.pairs:
        more, taken = benchmark(pairs, args.folder, commands(args), args.repeats)
        rows, results = rows + more, results + taken
        if args.json:
            args.json.write_text(json.dumps(results, indent=1) + "\n")
    print(write_table(["pairs", "", *HEAD, "pairs a CPU second"], rows, MARKDOWN))


if __name__ == "__main__":
    main()
