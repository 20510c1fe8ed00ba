"""The kernel for CPUs: cpp_kernel.cpp, compiled for this processor in a second or two and kept.

It is kept in ``dece_fairseq`` of the user's cache folder (``XDG_CACHE_HOME``, by default
``~/.cache``), under a name that stands for source, compiler and processor.
"""

import ctypes
import functools
import hashlib
import logging
import os
import platform
import shlex
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Callable, Optional, Tuple

import torch
from torch import Tensor

from dece_fairseq.losses.blend_constants import BlendConstants

Kernel = Callable[..., Tuple[Tensor, Tensor]]

logger = logging.getLogger(__name__)

SOURCE = Path(__file__).with_suffix(".cpp")
FLAGS = ["-O3", "-march=native", "-fopenmp", "-fno-math-errno", "-fno-trapping-math"]
PATIENCE = 60  # seconds that the compiler may take
#: what cpp_kernel.cpp takes of the constants, in its order, besides the number of factors
DOUBLES = ("log_blend", "epsilon", "a", "rest", "off", "b", "ratio")
FUNCTIONS = {torch.float32: "rows_of_float32", torch.bfloat16: "rows_of_bfloat16"}


class _Constants(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_double) for name in DOUBLES),
        ("factors", ctypes.c_int64),
    )


@functools.lru_cache(maxsize=None)
def load_cpp_kernel() -> Optional[Kernel]:
    """Return the kernel, compiled at first use; log and return None if it can't be."""
    compiler = os.environ.get("CXX") or "c++"
    try:
        return functools.partial(_cpp_kernel, _library(compiler))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        why = getattr(error, "stderr", None) or error
        logger.warning(f"no fused kernel, plain torch does the work, slower: {why}")
        return None


def _cpp_kernel(
    library: ctypes.CDLL,
    logits: Tensor,
    target: Tensor,
    constants: BlendConstants,
    weight: Optional[Tensor] = None,
    grad: Optional[Tensor] = None,
) -> Tuple[Tensor, Tensor]:
    """Return what ``torch_kernel.torch_kernel`` returns, without a workspace, in float32.

    Logits are of a dtype of ``FUNCTIONS``, with neighbours in memory; so is the gradient.
    """
    numbers = (*(getattr(constants, name) for name in DOUBLES), constants.factors(torch.float32))
    loss = torch.empty(len(logits), dtype=torch.float32)
    nll = torch.empty_like(loss)
    target = target.contiguous()
    weight = None if weight is None else weight.contiguous()
    getattr(library, FUNCTIONS[logits.dtype])(
        _pointer(logits),
        ctypes.c_int64(logits.stride(0)),
        _pointer(target),
        _pointer(weight),
        _pointer(grad),
        ctypes.c_int64(0 if grad is None else grad.stride(0)),
        _pointer(loss),
        _pointer(nll),
        ctypes.c_int64(len(logits)),
        ctypes.c_int64(logits.size(1)),
        ctypes.byref(_Constants(*numbers)),
        ctypes.c_int(torch.get_num_threads()),
    )
    if grad is not None:
        grad[:0].zero_()  # so that autograd knows that it was written to
    return loss, nll


def _pointer(tensor: Optional[Tensor]) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())


def _library(compiler: str) -> ctypes.CDLL:
    """Return the compiled source, from the cache folder or made now.

    Processes that make it at the same time don't wait for each other: each puts a whole file in
    the same place.

    Raises:
        OSError, SubprocessError: the compiler is missing or fails, or its work can't be loaded
        ValueError: the compiler is named by no shell command
    """
    made_of = repr((SOURCE.read_text(encoding="utf-8"), FLAGS, compiler, _processor()))
    name = f"loss-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}.so"
    folder = _cache_folder()
    if os.path.exists(folder / name):  # false, and no error, in a folder that can't be looked into
        if _is_whole(folder / name):
            return ctypes.CDLL(str(folder / name))
        logger.warning(f"the loss is compiled anew, as {folder / name} was cut off")
    kept = _can_write(folder)
    start = time.perf_counter()
    with TemporaryDirectory(dir=folder if kept else None) as scratch:
        library = Path(scratch, name)
        command = [*shlex.split(compiler), *FLAGS, "-shared", "-fPIC", "-o", library, SOURCE]
        subprocess.run(
            list(map(str, command)), check=True, timeout=PATIENCE, capture_output=True, text=True
        )
        loaded = ctypes.CDLL(str(library))  # before it is kept: what can't be loaded is not
        if kept:
            _seal(library)
            library.replace(folder / name)
    where = f"kept in {folder}" if kept else f"each process does so, as {folder} can't be written"
    where += "" if kept else "; XDG_CACHE_HOME takes another"
    logger.info(f"compiled the loss in {time.perf_counter() - start:.1f} s ({where})")
    return loaded


def _seal(library: Path) -> None:
    """Put a checksum behind what is in a library, where a loader takes no notice of it."""
    with library.open("r+b") as file:
        file.write(hashlib.sha256(file.read()).digest())


def _is_whole(library: Path) -> bool:
    """Return whether a library is as it was sealed: to load one that is cut off kills Python."""
    content = library.read_bytes()
    size = hashlib.sha256().digest_size
    return hashlib.sha256(content[:-size]).digest() == content[-size:]


def _cache_folder() -> Path:
    try:
        caches = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    except RuntimeError:  # no HOME, and a user without an entry: in a container, for example
        caches = os.devnull  # in which nothing can be kept
    return Path(caches, "dece_fairseq")


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _processor() -> str:
    """Return what -march=native depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return "".join(sorted({line for line in lines if line.startswith(("model name", "flags"))}))
