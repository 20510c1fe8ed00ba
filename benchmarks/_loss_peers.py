"""The losses that benchmark_losses.py compares, and the process that each is measured in.

A worker reads a line of JSON for each measurement and answers with one. Between two of them it
holds no tensors, so that many workers can wait at once.
"""

import ctypes
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

import _checkout  # noqa: F401
import torch
from torch import Tensor
from torch.nn import functional

from dece_fairseq.losses import Projection, deceptive_cross_entropy

ALPHA, EPSILON, EPOCH = 0.985, 0.05, 1
FEATURES = 256


def authors(logits: Tensor, target: Tensor) -> Tensor:
    """The paper's formula as one would write it down, with the authors' clamp."""
    s = logits.float().softmax(dim=-1).clamp(min=1e-7, max=1)
    one_hot = functional.one_hot(target, logits.size(-1)).to(s.dtype)
    q = one_hot * (1 - EPSILON) + (1 - one_hot) * EPSILON / (logits.size(-1) - 1)
    p = ALPHA**EPOCH * s + (1 - ALPHA**EPOCH) * q
    return -(q * p.log()).sum()


def fairseq_label_smoothed(logits: Tensor, target: Tensor) -> Tensor:
    """What --criterion label_smoothed_cross_entropy does with a model's logits."""
    from fairseq import utils  # here, as gpu.sh runs without it too
    from fairseq.criterions.label_smoothed_cross_entropy import label_smoothed_nll_loss

    log_probs = utils.log_softmax(logits, dim=-1)
    return label_smoothed_nll_loss(log_probs, target, EPSILON, ignore_index=1)[0]


def torch_cross_entropy(logits: Tensor, target: Tensor, **options: Any) -> Tensor:
    return functional.cross_entropy(logits, target, ignore_index=1, reduction="sum", **options)


def torch_label_smoothed(logits: Tensor, target: Tensor) -> Tensor:
    return torch_cross_entropy(logits, target, label_smoothing=EPSILON)


def dece(logits: Any, target: Tensor, epsilon: float = EPSILON, **options: Any) -> Tensor:
    return deceptive_cross_entropy(logits, target, ALPHA, epsilon, EPOCH, 1, **options)


def dece_unsmoothed(logits: Tensor, target: Tensor) -> Tensor:
    return dece(logits, target, 0.0)


def dece_plain(logits: Tensor, target: Tensor) -> Tensor:
    return dece(logits, target, fused=False)


def dece_fused(logits: Tensor, target: Tensor) -> Tensor:
    """With Triton's kernel on a GPU, which is an option there."""
    return dece(logits, target, fused=True)


def fairseq_of_projected(features: Tensor, weight: Tensor, target: Tensor) -> Tensor:
    return fairseq_label_smoothed(functional.linear(features, weight), target)


def dece_of_projected(features: Tensor, weight: Tensor, target: Tensor) -> Tensor:
    return dece(functional.linear(features, weight), target)


def dece_of_projection(features: Tensor, weight: Tensor, target: Tensor) -> Tensor:
    return dece(Projection(features, weight), target)


# From logits. The first is what the others are compared with.
PEERS: Dict[str, Callable[..., Tensor]] = {
    "fairseq label-smoothed": fairseq_label_smoothed,
    "authors' formula": authors,
    "torch cross_entropy": torch_cross_entropy,
    "torch cross_entropy, smoothed": torch_label_smoothed,
    "DeCE": dece,
    "DeCE, epsilon 0": dece_unsmoothed,
    "DeCE, plain torch": dece_plain,
}
# From features, the output projection included; likewise.
PROJECTED: Dict[str, Callable[..., Tensor]] = {
    "projection, then fairseq label-smoothed": fairseq_of_projected,
    "projection, then DeCE": dece_of_projected,
    "DeCE of the projection": dece_of_projection,
}


class Output(torch.autograd.Function):
    """Makes given logits the output of a model, which has no use for their gradient."""

    @staticmethod
    def forward(ctx: Any, anchor: Tensor, logits: Tensor) -> Tensor:  # type: ignore[override]
        return logits.detach()

    @staticmethod
    def backward(ctx: Any, *_: Tensor) -> Tuple[None, None]:  # type: ignore[override]
        return None, None


def measure(peer: str, tokens: int, vocabulary: int, dtype: str, memory: bool) -> Dict[str, Any]:
    """One forward and backward pass: its seconds, and how far memory rose above the inputs."""
    generator = torch.Generator().manual_seed(1)
    target = torch.randint(2, vocabulary, (tokens,), generator=generator)
    target[:: tokens // 8] = 1  # padding
    run: Callable[[], Tensor]
    kept: List[Tensor] = []
    if peer in PEERS:
        logits = torch.empty(tokens, vocabulary, dtype=getattr(torch, dtype))
        rows = torch.randn(64, vocabulary, generator=generator)
        for start in range(0, tokens, 64):
            logits[start : start + 64] = rows[: tokens - start]
        logits = Output.apply(torch.zeros(1, requires_grad=True), logits)

        def run() -> Tensor:
            return PEERS[peer](logits, target)
    else:
        for size in (tokens, vocabulary):
            values = torch.randn(size, FEATURES, generator=generator) / 16
            kept.append(values.to(getattr(torch, dtype)).requires_grad_())

        def run() -> Tensor:
            return PROJECTED[peer](*kept, target)

    before = _reset_peak() if memory else None
    wall, cpu = time.perf_counter(), time.process_time()
    run().backward()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    rise = None if before is None else _memory("VmHWM") - before
    return {"wall": wall, "cpu": cpu, "bytes": rise}


def _reset_peak() -> Optional[int]:
    """Memory in use, all that is free given back; None where Linux isn't there to tell."""
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return _memory("VmRSS")


def _memory(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.findall(rf"^{name}:\s+(\d+) kB", status, re.M)[0])


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[2]))
    # The pipe is for answers alone: an old torch prints while it builds the kernel.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for dtype in ("float32", "bfloat16"):  # what a process loads once is not of the first cell
        measure(sys.argv[1], 16, 64, dtype, memory=False)
    for line in sys.stdin:
        print(json.dumps(measure(sys.argv[1], **json.loads(line))), file=answers, flush=True)
