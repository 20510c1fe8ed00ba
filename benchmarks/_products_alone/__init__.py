"""A plug-in for benchmark_training.py: the matrix products of the criterion, without the loss."""

from typing import Any, Tuple

import torch
from torch import Tensor

import dece_fairseq.plugin  # noqa: F401  registers criterion and task
from dece_fairseq.losses import autograd


def nothing(logits: Tensor, *_: Any) -> Tuple[Tensor, Tensor]:
    """Take the logits for their gradient, and 0 for every loss."""
    zeros = torch.zeros(len(logits), device=logits.device)
    return zeros, zeros


autograd.fused_kernel = lambda *_: nothing  # type: ignore[assignment]
