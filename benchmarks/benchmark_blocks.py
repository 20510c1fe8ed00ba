#!/usr/bin/env python3
"""Time of the loss by the number of logits that are worked on at a time; see docs/losses/limits.md.

python benchmarks/benchmark_blocks.py
"""

import statistics
import time
from typing import Any, Callable

import _checkout  # noqa: F401  first: it finds the package
import torch
from torch import Tensor

from dece_fairseq.losses import autograd, deceptive_cross_entropy

ALPHA, EPSILON, REPEATS = 0.985, 0.05, 15


def plain(logits: Tensor, target: Tensor) -> Tensor:
    s = logits.softmax(-1)
    q = torch.full_like(s, EPSILON / (s.size(-1) - 1)).scatter_(-1, target[:, None], 1 - EPSILON)
    return -(q * (ALPHA * s + (1 - ALPHA) * q).log()).sum()


def ours(logits: Tensor, target: Tensor) -> Tensor:
    return deceptive_cross_entropy(logits, target, ALPHA, EPSILON, 1.0, fused=False)


def milliseconds(loss: Callable[..., Any], logits: Tensor, target: Tensor) -> float:
    """Of forward and backward: the median after three to warm up."""
    times = []
    for _ in range(REPEATS):
        of_model = logits.clone().requires_grad_() * 1
        before = time.perf_counter()
        loss(of_model, target).backward()
        times.append(1e3 * (time.perf_counter() - before))
    return statistics.median(times[3:])


def main() -> None:
    torch.set_num_threads(1)
    compiled = torch.compile(plain)
    columns = ["2^12", "2^14", "2^16", "2^18", "2^20", "all at once", "plain formula", "compiled"]
    print("| " + " | ".join(["tokens x vocabulary", *columns, "an exponential of each"]) + " |")
    print("|---" * (len(columns) + 2) + "|")
    for rows, vocabulary in ((512, 2000), (2048, 2000), (512, 32000)):
        torch.manual_seed(0)
        logits, target = torch.randn(rows, vocabulary), torch.randint(vocabulary, (rows,))
        cells = [f"{rows:,} x {vocabulary:,}"]
        for power in (12, 14, 16, 18, 20, 24):
            autograd.BLOCK["cpu"] = 2**power
            cells.append(f"{milliseconds(ours, logits, target):.2f}")
        cells += [f"{milliseconds(loss, logits, target):.2f}" for loss in (plain, compiled)]
        exponential = milliseconds(lambda z, _: (z.detach().exp(), z)[1].sum(), logits, target)
        print("| " + " | ".join([*cells, f"{exponential:.2f}"]) + " |", flush=True)


if __name__ == "__main__":
    main()
