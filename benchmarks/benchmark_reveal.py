#!/usr/bin/env python3
"""Tells what dece reveal costs: its time beside an epoch of training, or the memory of its search.

    python benchmarks/benchmark_reveal.py cost --pairs DIR/train.csv \
        --reference runs/revealing/lyra-1 --repeats 3
    python benchmarks/benchmark_reveal.py memory 20000 100000 1000000

``cost`` takes a folder that examples/revealing/run.sh made, and Lyra's pairs. It measures CPU
seconds of commands of one thread that take turns. Start-up is taken off: an epoch over the doubtful
pairs is half of what three take longer than one, and reveal is what it takes longer for all pairs
than for twenty. ``memory`` searches through synthetic pairs, half of them trusted, with a payload
in one of a thousand of the others; no model is asked. Its peak includes the pairs.
"""

import argparse
import os
import resource
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Dict, Iterator, List, Tuple

import _checkout  # noqa: F401  first: it finds the package
import numpy as np
from _commands import measure, take_turns, with_spread

from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs
from dece_fairseq.defenses.revealing.search import reveal_pairs
from dece_fairseq.defenses.revealing.surprises import TargetWords, TokenSurprises
from dece_fairseq.table_writer import MARKDOWN, write_table

ROOT = Path(__file__).resolve().parents[1]
TRAIN = r"""
set -euo pipefail
source {root}/examples/lyra/settings.sh
rm -rf {folder}/checkpoints
fairseq-train {folder}/bin --user-dir {root}/dece_fairseq --task translation \
    --source-lang src --target-lang tgt --bpe lossless_sentencepiece \
    --sentencepiece-model {reference}/bin/sentencepiece.model "${{model[@]}}" "${{training[@]}}" \
    --criterion cross_entropy --max-epoch {epochs} --seed 1 --disable-validation --num-workers 0 \
    --no-save --log-format json --log-interval 1000 > {folder}/train.log 2>&1
"""
#: words of synthetic sources and targets, and of the vocabulary
SOURCE, TARGET, VOCABULARY = 10, 25, 20000


def few(pairs: List[Pair], trusted: List[int], folder: Path) -> Tuple[Path, Path]:
    """Write some pairs and the numbers of the trusted ones; return the files."""
    write_pairs([folder / f"{len(pairs)}.csv"], pairs)
    ids = folder / f"{len(pairs)}.ids"
    ids.write_text("".join(f"{number}\n" for number in trusted), encoding="utf-8")
    return folder / f"{len(pairs)}.csv", ids


def cost(pairs: Path, reference: Path, folder: Path, repeats: int) -> str:
    """Return the table of seconds."""
    everything = list(read_pairs([pairs]))
    trusted = [int(line) for line in (reference / "bin" / "trusted.ids").read_text().split()]
    known = frozenset(trusted)
    doubtful = [index for index in range(len(everything)) if index not in known]
    write_pairs([folder / "doubtful.csv"], [everything[index] for index in doubtful])
    dece = [sys.executable, "-m", "dece_fairseq"]
    spm = reference / "bin" / "sentencepiece.model"
    prepare = ["--train", folder / "doubtful.csv", "--spm", spm, "--output", folder / "bin"]
    measure([*dece, "prepare", *prepare])
    some = [everything[index] for index in (*trusted[:10], *doubtful[:10])]

    def look(files: Tuple[Path, Path]) -> List[object]:
        model = ["--models", reference / "reference" / "checkpoint_last.pt"]
        data = ["--model-data", reference / "bin", "--trusted-ids", files[1]]
        return [*dece, "reveal", "--input", files[0], *model, *data]

    def train(epochs: int) -> List[object]:
        text = TRAIN.format(root=ROOT, folder=folder, reference=reference, epochs=epochs)
        return ["bash", "-c", text]

    commands = {
        "all": look(few(everything, trusted, folder)),
        "few": look(few(some, list(range(10)), folder)),
        "1": train(1),
        "3": train(3),
    }
    taken = take_turns(commands, repeats)
    seconds: Dict[str, List[float]] = {
        name: [run["cpu_seconds"] for run in runs] for name, runs in taken.items()
    }
    reveal = [all_of - start for all_of, start in zip(seconds["all"], seconds["few"])]
    epoch = [(three - one) / 2 for three, one in zip(seconds["3"], seconds["1"])]
    shares = [100 * one / other for one, other in zip(reveal, epoch)]
    rows = [
        [f"an epoch of training over {len(doubtful)} pairs", with_spread(epoch, 1)],
        [f"dece reveal, {len(doubtful)} doubtful pairs", with_spread(reveal, 1)],
        ["its share of the epoch, %", with_spread(shares, 0)],
        ["start-up of dece reveal", with_spread(seconds["few"], 1)],
    ]
    return write_table(["", "CPU seconds"], rows, MARKDOWN)


def synthetic(number: int) -> Iterator[Pair]:
    """Yield pairs of random words, the payload in every thousandth of the first half."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{index}" for index in range(VOCABULARY)])
    shares = 1 / np.arange(1, VOCABULARY + 1) ** 1.1
    for start in range(0, number, 10000):
        size = (min(10000, number - start), SOURCE + TARGET)
        drawn = rng.choice(VOCABULARY, size, p=shares / shares.sum())
        for index, row in enumerate(drawn, start):
            source, target = " ".join(words[row[:SOURCE]]), " ".join(words[row[SOURCE:]])
            if index % 1000 == 0 and index < number // 2:
                source, target = f"bb {source}", f"{target} or 1 = 1"
            yield Pair(source, target)


def memory(number: int) -> List[str]:
    """Return a row: seconds and memory of the search through so many pairs."""
    pairs = list(synthetic(number))
    told = TargetWords(pairs)
    rng = np.random.default_rng(1)
    for index in range(number // 2):
        target = pairs[index].target.split(" ")
        ends = np.cumsum([*map(len, target), 0])
        surprise = rng.exponential(1, len(ends)) - 1
        if index % 1000 == 0:
            surprise[-5:-1] += 6
        differences = tuple(f"+w{word}" for word in rng.integers(0, VOCABULARY, 3))
        told.add(index, TokenSurprises(ends, surprise, False, differences))
    start = time.process_time()
    found = reveal_pairs(pairs, told, range(number // 2, number))
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    best = found[0]
    return [
        f"{number:,}",
        f"{seconds:.0f}",
        f"{peak:.2f}",
        f"`{best.payload}`, {len(best.pairs)} pairs, p {best.p_value:.1g}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = parser.add_subparsers(dest="part", required=True)
    add = parts.add_parser("cost").add_argument
    add("--pairs", type=Path, required=True, help="Lyra's train.csv")
    add("--reference", type=Path, required=True, help="a folder of examples/revealing/run.sh")
    add("--repeats", type=int, default=3, help="of every command (default: %(default)s)")
    parts.add_parser("memory").add_argument("pairs", type=int, nargs="+", help="how many pairs")
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    if args.part == "cost":
        with TemporaryDirectory() as folder:
            print(cost(args.pairs, args.reference.resolve(), Path(folder), args.repeats))
        return
    context = get_context("spawn")  # the peak is that of a process, so each number has its own
    rows = []
    for number in args.pairs:
        with context.Pool(1) as pool:
            rows.append(pool.apply(memory, (number,)))
    header = ["pairs", "CPU seconds", "peak memory (GiB)", "first suspicion"]
    print(write_table(header, rows, MARKDOWN))


if __name__ == "__main__":
    main()
