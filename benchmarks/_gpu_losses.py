"""Time and memory of the losses on a GPU, beside fairseq's and torch's: a step of gpu.sh.

    python benchmarks/_gpu_losses.py RESULT

The losses take turns. What does not fit the memory, or is not reached in time, is named.
"""

import importlib.util
import itertools
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

import _loss_peers as peers
import torch
from torch import Tensor

DTYPES = ("float32", "bfloat16", "float16")
VOCABULARIES, TOKENS = (2_000, 32_000, 50_265), (2_048, 8_192)
WARM, REPEATS = 3, 9
SECONDS = 110  # after which no other cell is begun


def losses() -> Dict[str, Callable[..., Tensor]]:
    """Return what is measured, from logits; the first is what the others are compared with."""
    found = dict(peers.PEERS)
    if importlib.util.find_spec("fairseq") is None:
        found.pop("fairseq label-smoothed")
    found["authors' formula, torch.compile"] = torch.compile(peers.authors)
    found["torch cross_entropy, smoothed, torch.compile"] = torch.compile(
        peers.torch_label_smoothed
    )
    del found["DeCE, plain torch"]  # on a GPU it is what "DeCE" takes
    found["DeCE, Triton"] = peers.dece_fused
    return found


def once(loss: Callable[..., Tensor], logits: Tensor, target: Tensor) -> Dict[str, float]:
    """Return milliseconds of forward and backward, and bytes beyond the inputs at the peak."""
    leaf = torch.zeros(1, device="cuda", requires_grad=True)
    of_model = peers.Output.apply(leaf, logits)
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    loss(of_model, target).backward()
    end.record()
    torch.cuda.synchronize()
    rise = torch.cuda.max_memory_allocated() - before
    return {"ms": start.elapsed_time(end), "bytes": float(rise)}


def cell(dtype: str, vocabulary: int, tokens: int) -> List[Dict[str, Any]]:
    """Return a result a loss, for logits of a dtype and size."""
    torch.manual_seed(0)
    logits = torch.randn(tokens, vocabulary, device="cuda", dtype=getattr(torch, dtype))
    target = torch.randint(2, vocabulary, (tokens,), device="cuda")
    runs: Dict[str, List[Dict[str, float]]] = {}
    failed: Dict[str, str] = {}
    for turn, (name, loss) in itertools.product(range(WARM + REPEATS), losses().items()):
        if name in failed:
            continue
        try:
            found = once(loss, logits, target)
        except Exception as error:  # kept in the result: one that fails stops no other
            failed[name] = f"{type(error).__name__}: {error}"[:300]
            continue
        if turn >= WARM:
            runs.setdefault(name, []).append(found)
    size = logits.numel() * logits.element_size()
    about = {"dtype": dtype, "vocabulary": vocabulary, "tokens": tokens}
    results: List[Dict[str, Any]] = []
    for name in losses():
        if name in failed:
            results.append({**about, "loss": name, "failed": failed[name]})
            continue
        times = [run["ms"] for run in runs[name]]
        results.append(
            {
                **about,
                "loss": name,
                "ms": round(statistics.median(times), 4),
                "from": round(min(times), 4),
                "to": round(max(times), 4),
                "memory / logits": round(max(run["bytes"] for run in runs[name]) / size, 3),
            }
        )
    first = results[0].get("ms")
    for result in results:
        if first and "ms" in result:
            result["ratio"] = round(result["ms"] / first, 3)
    return results


def main() -> None:
    begun = time.monotonic()
    found: Dict[str, Any] = {"compared with": next(iter(losses())), "results": [], "left out": []}
    for vocabulary, tokens, dtype in itertools.product(VOCABULARIES[::-1], TOKENS, DTYPES):
        if time.monotonic() - begun > SECONDS:
            found["left out"].append([dtype, vocabulary, tokens])
        else:
            found["results"] += cell(dtype, vocabulary, tokens)
        Path(sys.argv[1]).write_text(json.dumps(found), encoding="utf-8")
    if any("failed" in result for result in found["results"]):
        sys.exit("a loss failed: see the result")


if __name__ == "__main__":
    main()
