"""What a checkpoint of fairseq may hold beside tensors and plain values.

Since torch 2.6, ``torch.load`` builds nothing but these unless a class is named as safe. fairseq's
checkpoints hold the parsed command line, and after ``--eval-bleu`` the counts of n-grams as arrays
of numpy, which are numbers and nothing else. The first of several workers sends the others what it
loaded in the same form, the command line as nodes of omegaconf by then, and numbers for its
tensors. Safe loading itself stays on.
"""

import argparse
from collections import defaultdict
from typing import Any, List, Tuple

import numpy as np
import omegaconf
import torch.serialization
from fairseq.distributed.utils import _TensorPlaceholder
from omegaconf.base import ContainerMetadata, Metadata

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
    config: List[Any] = [omegaconf.DictConfig, omegaconf.ListConfig, omegaconf.AnyNode]
    parts_of_config: List[Any] = [ContainerMetadata, Metadata, Any, dict, list, int, defaultdict]
    arrays = [np.ndarray, np.dtype, *dtypes, *array_parts]
    return [argparse.Namespace, *config, *parts_of_config, *arrays, _TensorPlaceholder]


def allow_checkpoints() -> None:
    """Name the classes of fairseq's checkpoints as safe, if torch asks for it."""
    if hasattr(torch.serialization, "add_safe_globals"):
        torch.serialization.add_safe_globals(_classes_of_fairseq())
