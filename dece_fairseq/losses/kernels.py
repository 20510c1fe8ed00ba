"""Kernels that do what torch_kernel.py does in one go, and when they take its place.

Plain torch reads and writes a block of logits some ten times, these once or twice. On a CPU it
takes a compiler, on a GPU triton; without them plain torch does the work.
"""

import functools
import logging
from typing import Optional

import torch
from torch import Tensor

from dece_fairseq.losses.blend_constants import BlendConstants
from dece_fairseq.losses.cpp_kernel import FUNCTIONS, Kernel, load_cpp_kernel

logger = logging.getLogger(__name__)


def fused_kernel(
    logits: Tensor, constants: BlendConstants, fused: Optional[bool]
) -> Optional[Kernel]:
    """Return a kernel that takes the place of the plain one, or None where there is none.

    Args:
        logits: (R, V), of the device and dtype that it is for
        constants: the constants
        fused: None for one on a CPU alone, as that for GPUs never ran on one; False for none
    """
    if fused is False or logits.stride(-1) != 1:
        return None
    if constants.worked_on_in(logits.dtype) != torch.float32:
        return None
    if logits.is_cuda and fused and logits.dtype in (*FUNCTIONS, torch.half):
        return load_triton_kernel()
    if logits.device.type == "cpu" and logits.dtype in FUNCTIONS:
        return load_cpp_kernel()
    return None


@functools.lru_cache(maxsize=None)
def load_triton_kernel() -> Optional[Kernel]:
    """Return the kernel for GPUs; log and return None where triton can't be imported."""
    try:
        from dece_fairseq.losses.triton_kernel import triton_kernel
    except ImportError as error:
        logger.warning(f"no fused kernel, plain torch does the work: {error}")
        return None
    return triton_kernel
