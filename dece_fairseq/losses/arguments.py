"""What a loss is computed from, checked."""

from typing import NamedTuple, Optional, Tuple, Union

import torch
from torch import Tensor
from torch.nn.functional import linear

REDUCTIONS = ("sum", "mean", "none")


class Projection(NamedTuple):
    """Logits ``features @ weight.T + bias`` that are never all held at a time.

    Attributes:
        features: (..., D)
        weight: (V, D), of the features' dtype
        bias: (V,) or None
    """

    features: Tensor
    weight: Tensor
    bias: Optional[Tensor] = None


class CheckedArguments(NamedTuple):
    """Logits or what they are made of, checked, with their targets row by row."""

    values: Tensor  # (..., V), or (..., D) with a matrix
    matrix: Optional[Tensor]
    bias: Optional[Tensor]
    vocabulary: int
    target: Tensor  # (N,) of int64, 0 where it is ignored
    kept: Tensor  # (N,), False where it is ignored


def checked_arguments(
    logits: Union[Tensor, Projection], target: Tensor, ignore_index: Optional[int]
) -> CheckedArguments:
    """Check the arguments that all losses have, and return them row by row.

    Args:
        logits: (..., V), V >= 2, or a ``Projection``, which comes back as autocast wants it
        target: (...), integers of any width, in [0, V) or ``ignore_index``
        ignore_index: targets of this value count for nothing; None keeps all

    Raises:
        ValueError: shapes or devices that don't fit, or a target that is no integer or out of its
            range; it is named
    """
    if isinstance(logits, Projection):
        _check_projection(logits)
        logits = _as_autocast(logits)
    values, matrix, bias = logits if isinstance(logits, Projection) else (logits, None, None)
    shape = tuple(values.shape) if matrix is None else (*values.shape[:-1], len(matrix))
    _check_shapes(shape, target)
    _check_kind(values, target)
    flat = target.reshape(-1).long()  # kernels read its memory as int64
    kept = kept_targets(flat, ignore_index)
    flat = flat.masked_fill(~kept, 0)
    _check_range(flat, shape[-1])
    return CheckedArguments(values, matrix, bias, shape[-1], flat, kept)


def kept_targets(target: Tensor, ignore_index: Optional[int]) -> Tensor:
    """Return which targets count, as bool of the same shape."""
    if ignore_index is None:
        return torch.ones_like(target, dtype=torch.bool)
    return target.long() != ignore_index  # in uint8, torch takes 156 for -100


def check_reduction(reduction: str) -> None:
    """Raise a ValueError for an unknown reduction."""
    check("reduction", reduction in REDUCTIONS, f"one of {', '.join(REDUCTIONS)}", reduction)


def check(name: str, right: bool, wanted: str, got: object) -> None:
    """Raise a ValueError that names the argument, unless it is right."""
    if not right:
        raise ValueError(f"{name} must be {wanted}, got {got}")


def _as_autocast(projection: Projection) -> Projection:
    """Return them in the dtype that autocast would project in; without autocast as they are."""
    dtype = linear(*(tensor.new_zeros(1, 1).float() for tensor in projection[:2])).dtype
    if dtype == torch.float32 or projection.features.dtype == torch.float64:
        return projection
    features, weight, bias = projection
    return Projection(
        features.to(dtype), weight.to(dtype), None if bias is None else bias.to(dtype)
    )


def _check_projection(projection: Projection) -> None:
    features, weight, bias = projection
    if features.dim() == 0 or weight.dim() != 2 or features.size(-1) != weight.size(1):
        raise ValueError(
            "features and weight must be (..., D) and (V, D), "
            f"got {tuple(features.shape)} and {tuple(weight.shape)}"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"bias must be ({len(weight)},), got {tuple(bias.shape)}")
    dtypes = {tensor.dtype for tensor in projection if tensor is not None}
    if len(dtypes) > 1:
        raise ValueError(f"a projection must be of one dtype, got {sorted(map(str, dtypes))}")


def _check_shapes(shape: Tuple[int, ...], target: Tensor) -> None:
    if not shape or shape[-1] < 2:
        raise ValueError(f"logits must be (..., V) with V >= 2, got {shape}")
    if target.shape != shape[:-1]:
        raise ValueError(
            f"target must have the shape of logits without the vocabulary, "
            f"{shape[:-1]}, got {tuple(target.shape)}"
        )


def _check_kind(values: Tensor, target: Tensor) -> None:
    """Raise a ValueError unless the targets are integers, on the device of the logits."""
    dtype = target.dtype
    is_integer = not (dtype.is_floating_point or dtype.is_complex or dtype == torch.bool)
    check("target", is_integer, "integers", dtype)
    where = f"on {values.device}, as the logits are"
    check("target", target.device == values.device, where, target.device)


def _check_range(target: Tensor, vocabulary: int) -> None:
    if target.is_cuda or not len(target):  # a GPU checks its indices itself; asking it takes long
        return
    for value in (int(target.min()), int(target.max())):
        check("target", 0 <= value < vocabulary, f"ignored or in [0, {vocabulary})", value)
