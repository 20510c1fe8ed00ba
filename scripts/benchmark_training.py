#!/usr/bin/env python3
"""Words a second and peak memory of stock fairseq-train, by criterion, on made-up tokens.

    python scripts/benchmark_training.py --output docs/losses

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
from typing import Any, Dict, List

import _checkout  # noqa: F401
from benchmark_losses import machine

ROOT = Path(__file__).resolve().parent.parent
DECE = ["--criterion", "deceptive_cross_entropy", "--label-smoothing", "0.05"]
CRITERIONS = {
    "label_smoothed_cross_entropy": [
        *("--criterion", "label_smoothed_cross_entropy", "--label-smoothing", "0.05")
    ],
    "deceptive_cross_entropy": DECE,
    "deceptive_cross_entropy --dece-fused": [*DECE, "--dece-fused"],
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


def train(data: Path, criterion: List[str], args: argparse.Namespace) -> Dict[str, float]:
    """Median words a second of the updates after the first few, and the peak of memory in MB."""
    options: List[Any] = [data, "--user-dir", ROOT / "dece_fairseq", "--cpu", "--seed", 1]
    options += ["--task", "translation", "--arch", "transformer", "--share-all-embeddings"]
    for side in ("encoder", "decoder"):
        options += [f"--{side}-layers", args.layers, f"--{side}-embed-dim", args.dim]
        options += [f"--{side}-ffn-embed-dim", 2 * args.dim, f"--{side}-attention-heads", 4]
    options += ["--optimizer", "adam", "--lr", 1e-4, "--max-tokens", args.max_tokens]
    options += ["--max-update", args.updates, "--disable-validation", "--no-save"]
    options += ["--log-format", "json", "--log-interval", 1, *criterion]
    output, memory = _run("train", options, args.threads)
    logs = [json.loads(log) for log in re.findall(r"train_inner \| (\{.*\})", output)]
    speeds = [float(log["wps"]) for log in logs[args.updates // 4 :]]
    return {"words a second": statistics.median(speeds), "peak MB": memory}


def _run(module: str, options: List[Any], threads: int) -> Any:
    """What a stock command line printed, and its peak of memory in MB."""
    command = [sys.executable, "-m", f"fairseq_cli.{module}", *map(str, options)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "CUDA_VISIBLE_DEVICES": ""}
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        output.seek(0)
        text = output.read()
    if status != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{text}")
    return text, usage.ru_maxrss / 1024


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

    lines = ["| vocabulary | criterion | words a second | ratio | peak memory, MB | ratio |"]
    lines.append("|---|---|---|---|---|---|")
    for vocabulary in args.vocabularies:
        base: Dict[str, float] = {}
        for name in CRITERIONS:
            cells = [f"{vocabulary:,}", f"`{name}`"]
            for key in ("words a second", "peak MB"):
                of = [
                    run[key]
                    for run in found
                    if (run["vocabulary"], run["criterion"]) == (vocabulary, name)
                ]
                median = statistics.median(of)
                base.setdefault(key, median)  # of the first
                cells += [
                    f"{median:,.0f} ({min(of):,.0f} to {max(of):,.0f})",
                    f"{median / base[key]:.2f}",
                ]
            lines.append("| " + " | ".join(cells) + " |")
    about = (
        f"Transformer of {args.layers} + {args.layers} layers of {args.dim}, shared embeddings, "
        f"batches of {args.max_tokens:,} tokens, {args.threads} thread; {before['processor']}, "
        f"{before['cores']} cores, torch {before['torch']}. Medians (from, to) of {args.repeats} "
        f"interleaved runs. Load of the machine before and after: {before['load']}, "
        f"{after['load']}."
    )
    text = "\n".join([about, "", *lines]) + "\n"
    args.output.mkdir(parents=True, exist_ok=True)
    (args.output / "training.md").write_text(text)
    settings = {key: value for key, value in vars(args).items() if key != "output"}
    saved = {"machine": [before, after], "settings": settings, "runs": found}
    (args.output / "training.json").write_text(json.dumps(saved, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
