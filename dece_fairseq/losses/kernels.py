"""Kernels that do what torch_kernel.py does in one go: optional, built when first wanted.

Plain torch reads and writes a block of logits some ten times, these once or twice. On a CPU it
takes a compiler and ninja, on a GPU triton; without them plain torch does the work.
"""

import functools
import hashlib
import logging
import os
import platform
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, Optional, Tuple

import torch
from torch import Tensor

from dece_fairseq.losses.blend_constants import BlendConstants

Kernel = Callable[..., Tuple[Tensor, Tensor]]

logger = logging.getLogger(__name__)

FLAGS = ["-O3", "-march=native", "-fopenmp", "-fno-math-errno", "-fno-trapping-math"]


def fused_kernel(logits: Tensor, constants: BlendConstants) -> Optional[Kernel]:
    """Return a kernel that takes the place of the plain one, or None where there is none."""
    known = (torch.float32, torch.bfloat16, *([torch.half] if logits.is_cuda else []))
    if logits.dtype not in known or logits.stride(-1) != 1:
        return None
    if constants.worked_on_in(logits.dtype) != torch.float32:
        return None
    if logits.is_cuda:
        return load_triton_kernel()
    return _cpp_kernel if logits.device.type == "cpu" and load_cpp_kernel() is not None else None


@functools.lru_cache(maxsize=None)
def load_triton_kernel() -> Optional[Kernel]:
    """Return the kernel for GPUs; log and return None where triton can't be imported."""
    try:
        from dece_fairseq.losses.triton_kernel import triton_kernel
    except ImportError as error:
        logger.warning(f"no fused kernel, plain torch does the work: {error}")
        return None
    return triton_kernel


@functools.lru_cache(maxsize=None)
def load_cpp_kernel() -> Optional[Any]:
    """Return the compiled module, built at first use; log and return None if it can't be."""
    from torch.utils import cpp_extension

    # Built for this processor, so that another one that shares the folder builds its own.
    processor = hashlib.sha256(_processor().encode()).hexdigest()[:8]
    name = f"dece_fused_{processor}"
    root = os.environ.get("TORCH_EXTENSIONS_DIR") or cpp_extension.get_default_build_root()
    folder = Path(root) / f"{sys.implementation.cache_tag}_torch{torch.__version__}" / name
    try:
        with _alone(folder):
            return cpp_extension.load(
                name=name,
                sources=[str(Path(__file__).with_name("cpp_kernel.cpp"))],
                extra_cflags=FLAGS,
                extra_ldflags=["-fopenmp"],
                build_directory=str(folder),
            )
    except (RuntimeError, OSError, ImportError) as error:
        logger.warning(f"no fused kernel, plain torch does the work: {error}")
        return None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time build in ``folder``.

    Torch's own lock is a file, which outlives a process that is killed while it builds, and all
    that come later would wait for it for ever. This one ends with its process.

    Raises:
        ImportError: filelock is not installed
    """
    from filelock import FileLock

    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(str(folder / "building")):
        (folder / "lock").unlink(missing_ok=True)
        yield


def _cpp_kernel(
    logits: Tensor,
    target: Tensor,
    constants: BlendConstants,
    weight: Optional[Tensor] = None,
    grad: Optional[Tensor] = None,
) -> Tuple[Tensor, Tensor]:
    d = constants
    kernel: Any = load_cpp_kernel()
    none = target.new_empty(0)
    loss, nll = kernel.rows(
        logits,
        target.contiguous(),
        none if weight is None else weight.contiguous(),
        none if grad is None else grad,
        d.log_blend,
        d.epsilon,
        d.a,
        d.rest,
        d.off,
        d.b,
        d.ratio,
        d.factors(torch.float32),
        torch.get_num_threads(),
    )
    if grad is not None:
        grad[:0].zero_()  # so that autograd knows that it was written to
    return loss, nll


def _processor() -> str:
    """Return what -march=native depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return "".join(sorted({line for line in lines if line.startswith(("model name", "flags"))}))
