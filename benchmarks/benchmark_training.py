#!/usr/bin/env python3
"""Words a second and peak memory of stock fairseq-train, by criterion, on made-up tokens.

    python benchmarks/benchmark_training.py --output docs/losses

The runs take turns. Memory is that of the whole process, as the system counts it.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any, Dict, List, Tuple

import _checkout  # noqa: F401
from benchmark_losses import machine

from dece_fairseq.table_writer import MARKDOWN, write_table

ROOT = Path(__file__).resolve().parent.parent
DECE = ["--criterion", "deceptive_cross_entropy", "--dece-alpha", "0.985"]
FAIRSEQ = ["--criterion", "label_smoothed_cross_entropy", "--label-smoothing", "0.05"]
#: the last one is the limit: all that the second one does but for the loss
CRITERIONS = {
    "label_smoothed_cross_entropy": FAIRSEQ,
    "deceptive_cross_entropy": DECE,
    "matrix products alone": [
        *(*DECE, "--user-dir", str(Path(__file__).with_name("_products_alone")))
    ],
}


def make_data(folder: Path, vocabulary: int, pairs: int, length: int) -> Path:
    """Pairs of sentences of random words, binarised with a joined dictionary."""
    rng = random.Random(f"{vocabulary}/{length}")
    words = [f"w{n}" for n in range(vocabulary - 4)]  # fairseq adds four of its own
    (folder / "dict.txt").write_text("".join(f"{word} 1\n" for word in words))
    for side in ("src", "tgt"):
        lines = (" ".join(rng.choices(words, k=length - 1)) for _ in range(pairs))
        (folder / f"train.{side}").write_text("\n".join(lines) + "\n")
    options = ["--source-lang", "src", "--target-lang", "tgt", "--trainpref", folder / "train"]
    options += [
        "--srcdict",
        folder / "dict.txt",
        "--joined-dictionary",
        "--destdir",
        folder / "bin",
    ]
    _run("preprocess", options, 1)
    return folder / "bin"


def options_of_training(data: Path, args: argparse.Namespace) -> List[Any]:
    """Of fairseq-train, but for the criterion."""
    options: List[Any] = [data, "--user-dir", ROOT / "dece_fairseq", "--cpu", "--seed", 1]
    options += ["--task", "translation", "--arch", "transformer", "--share-all-embeddings"]
    for side in ("encoder", "decoder"):
        options += [f"--{side}-layers", args.layers, f"--{side}-embed-dim", args.dim]
        options += [f"--{side}-ffn-embed-dim", 2 * args.dim, f"--{side}-attention-heads", 4]
    options += ["--optimizer", "adam", "--lr", 1e-4, "--max-update", args.updates]
    # fairseq 0.12.2 loads the validation set all the same
    options += ["--disable-validation", "--valid-subset", "train"]
    options += ["--no-save", "--log-format", "json", "--log-interval", 1]
    return options


def words_a_second(output: str, updates: int) -> float:
    """The median of the updates after the first few."""
    logs = [json.loads(log) for log in re.findall(r"train_inner \| (\{.*\})", output)]
    return statistics.median(float(log["wps"]) for log in logs[updates // 4 :])


def train(data: Path, criterion: List[str], args: argparse.Namespace) -> Dict[str, float]:
    """Words a second, and the peak of memory in MB."""
    options = [*options_of_training(data, args), "--max-tokens", args.max_tokens, *criterion]
    output, memory = _run("train", options, args.threads)
    return {"words a second": words_a_second(output, args.updates), "peak MB": memory}


def start(
    module: str, options: List[Any], threads: int, output: IO[str]
) -> "subprocess.Popen[str]":
    """A stock command line, running."""
    command = [sys.executable, "-m", f"fairseq_cli.{module}", *map(str, options)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "CUDA_VISIBLE_DEVICES": ""}
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.Popen(command, env=environment, stdout=output, stderr=output, text=True)


def finish(process: subprocess.Popen, output: IO[str]) -> Tuple[str, float]:
    """What it printed, and its peak of memory in MB."""
    _, status, usage = os.wait4(process.pid, 0)
    output.seek(0)
    text = output.read()
    if status != 0:
        raise RuntimeError(f"{process.args} failed:\n{text}")
    return text, usage.ru_maxrss / 1024


def _run(module: str, options: List[Any], threads: int) -> Tuple[str, float]:
    with tempfile.TemporaryFile("w+") as output:
        return finish(start(module, options, threads, output), output)


def medians(runs: List[Dict[str, Any]], base: Dict[str, float]) -> List[str]:
    """Cells of a table: the median of each number with its spread, and its ratio to the first's.

    Args:
        runs: of one row
        base: the medians of the first row; empty for that row, which fills it
    """
    cells = []
    for key in ("words a second", "peak MB"):
        of = [run[key] for run in runs]
        median = statistics.median(of)
        base.setdefault(key, median)
        cells.append(f"{median:,.0f} ({min(of):,.0f} to {max(of):,.0f})")
        cells.append(f"{median / base[key]:.2f}")
    return cells


def save(output: Path, name: str, lines: List[str], data: Dict[str, Any]) -> None:
    """Prints the lines, and saves them and the data beside each other."""
    text = "\n".join(lines) + "\n"
    output.mkdir(parents=True, exist_ok=True)
    (output / f"{name}.md").write_text(text)
    (output / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n")
    print(text)


def table(found: List[Dict[str, Any]], vocabularies: List[int]) -> List[str]:
    """Lines of Markdown."""
    rows = []
    for vocabulary in vocabularies:
        base: Dict[str, float] = {}
        for name in CRITERIONS:
            runs = [
                run for run in found if (run["vocabulary"], run["criterion"]) == (vocabulary, name)
            ]
            rows.append([f"{vocabulary:,}", f"`{name}`", *medians(runs, base)])
    header = ["vocabulary", "criterion", "words a second", "ratio", "peak memory, MB", "ratio"]
    return write_table(header, rows, MARKDOWN).splitlines()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vocabularies", type=int, nargs="+", default=[2000, 50265])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--max-tokens", type=int, default=4096)
    parser.add_argument("--updates", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, required=True, help="folder of what is saved")
    args = parser.parse_args()

    before, found = machine(), []
    for vocabulary in args.vocabularies:
        with tempfile.TemporaryDirectory() as folder:
            pairs = args.updates * args.max_tokens // 64
            data = make_data(Path(folder), vocabulary, pairs, length=64)
            for repeat in range(args.repeats):
                for name, criterion in CRITERIONS.items():
                    numbers = train(data, criterion, args)
                    run = {"vocabulary": vocabulary, "repeat": repeat, "criterion": name}
                    found.append({**run, **numbers})
    after = machine()

    about = (
        f"Transformer of {args.layers} + {args.layers} layers of {args.dim}, shared embeddings, "
        f"batches of {args.max_tokens:,} tokens, {args.threads} thread; {before['processor']}, "
        f"{before['cores']} cores, torch {before['torch']}. Medians (from, to) of {args.repeats} "
        f"interleaved runs. Load of the machine before and after: {before['load']}, "
        f"{after['load']}."
    )
    settings = {key: value for key, value in vars(args).items() if key != "output"}
    saved = {"machine": [before, after], "settings": settings, "runs": found}
    lines = ["# Training", "", about, "", *table(found, args.vocabularies)]
    save(args.output, "training", lines, saved)


if __name__ == "__main__":
    main()
