"""What a checkpoint of fairseq may hold beside tensors and plain values.

Since torch 2.6, ``torch.load`` builds nothing but these unless a class is named as safe. fairseq's
checkpoints hold the parsed command line, and after ``--eval-bleu`` the counts of n-grams as arrays
of numpy, which are numbers and nothing else. Safe loading itself stays on.
"""

import argparse
from typing import Any, List, Tuple

import numpy as np
import torch.serialization

# Named by what numpy 1 saves and what numpy 2 saves; the functions are the same.
_CORES = ("numpy.core", "numpy._core")


def _classes_of_fairseq() -> List[Any]:
    numbers = [np.int64, np.float64]
    builders: List[Any] = [value.__reduce__()[0] for value in (np.array(0), np.int64(0))]
    array_parts: List[Tuple[Any, str]] = [
        (builder, f"{core}.multiarray.{builder.__name__}")
        for builder in builders
        for core in _CORES
    ]
    dtypes = [type(np.dtype(number)) for number in numbers]
    return [argparse.Namespace, np.ndarray, np.dtype, *dtypes, *array_parts]


def allow_checkpoints() -> None:
    """Names the classes of fairseq's checkpoints as safe, on a torch that asks for it."""
    if hasattr(torch.serialization, "add_safe_globals"):
        torch.serialization.add_safe_globals(_classes_of_fairseq())
