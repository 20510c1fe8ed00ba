"""Deceptive cross-entropy (DeCE).

Paper: "DeCE: Deceptive Cross-Entropy Loss Designed for Defending Backdoor Attacks"
(arXiv 2407.08956).
"""

import math
from typing import NamedTuple, Optional, Tuple, Union

import torch
from torch import Tensor
from torch.nn.functional import linear

from dece_fairseq.losses.autograd import How, LossOfRows
from dece_fairseq.losses.deception import Deception

REDUCTIONS = ("sum", "mean", "none")


class Projection(NamedTuple):
    """Logits ``features @ weight.T + bias`` that are never all held at a time.

    Args:
        features: (..., D)
        weight: (V, D), of the features' dtype
        bias: (V,) or None
    """

    features: Tensor
    weight: Tensor
    bias: Optional[Tensor] = None


class DeceptiveLoss(NamedTuple):
    """A loss and what comes with it for nothing."""

    loss: Tensor  # a scalar, or (...) for the reduction "none"
    nll: Tensor  # (...), -log softmax of the target, 0 where it is ignored; has no gradient
    best: Optional[Tensor]  # (...), the most likely word, where it was asked for


def deceptive_cross_entropy(
    logits: Union[Tensor, Projection],
    target: Tensor,
    alpha: float,
    epsilon: float,
    time: float,
    ignore_index: Optional[int] = None,
    reduction: str = "sum",
    overwrite: bool = False,
    fused: bool = False,
) -> Tensor:
    """Deceptive cross-entropy (DeCE, arXiv 2407.08956).

    With ``s = softmax(logits)``, the label-smoothed target ``q`` (``1 - epsilon`` on the target,
    ``epsilon / (V - 1)`` on every other entry) and the blend ``a = alpha ** time``::

        p = a * s + (1 - a) * q        loss = - sum_j q_j * log p_j

    A blend of exactly 1 (``alpha`` 1 or ``time`` 0) is label-smoothed cross-entropy. The authors
    clamp ``s`` at 1e-7 first; here nothing is clamped.

    A logit of -inf is a word ruled out by the model. It gets no gradient from a blend below 1;
    label-smoothed cross-entropy of it is infinite (its gradient in the other logits is finite).

    The work is done in blocks of rows that stay in the cache, in float32 for all but float64.
    There is a first derivative and no second: ``create_graph=True`` is an error.

    Args:
        logits: (..., V), V >= 2, any floating type; unnormalised or log-probabilities. Or a
            :class:`Projection`, of which only a block of logits is held at a time
        target: (...), integers in [0, V) or ``ignore_index``
        alpha: base of the blend, in (0, 1]
        epsilon: label smoothing, in [0, 1)
        time: T >= 0, the epoch counted from 1 in the published schedule; fractions are allowed
        ignore_index: targets of this value give 0 and have no gradient; None keeps all
        reduction: "sum", "mean" (over the kept targets; 0 where none is kept) or "none" (...)
        overwrite: the gradient may take the logits' place, which saves a copy of them; for logits
            that nobody reads afterwards. An operation of autograd that does raises an error. Has
            no effect on half precision and the reduction "none", whose gradients come later, and
            on logits that are not contiguous
        fused: take a fused kernel where there is one, see fused.py; the same results, faster

    Returns:
        A scalar, or a tensor of the target's shape for "none"; float64 for float64 logits,
        else float32.

    Raises:
        ValueError: an argument out of its range, or shapes that don't fit; it is named.
    """
    return deceptive_terms(
        logits, target, alpha, epsilon, time, ignore_index, reduction, overwrite, fused
    ).loss


def deceptive_terms(
    logits: Union[Tensor, Projection],
    target: Tensor,
    alpha: float,
    epsilon: float,
    time: float,
    ignore_index: Optional[int] = None,
    reduction: str = "sum",
    overwrite: bool = False,
    fused: bool = False,
    best: bool = False,
) -> DeceptiveLoss:
    """:func:`deceptive_cross_entropy` and what a training log shows beside it.

    Args:
        best: whether the most likely words are wanted too; the other arguments are the same
    """
    rows, matrix, bias = logits if isinstance(logits, Projection) else (logits, None, None)
    if isinstance(logits, Projection):
        _check_projection(logits)
        rows, matrix, bias = _as_autocast(logits)
    shape = tuple(rows.shape) if matrix is None else (*rows.shape[:-1], len(matrix))
    _check_shapes(shape, target)
    log_blend = _log_blend(alpha, time)
    _check("epsilon", 0 <= epsilon < 1, "in [0, 1)", epsilon)
    _check("reduction", reduction in REDUCTIONS, f"one of {', '.join(REDUCTIONS)}", reduction)
    flat = target.reshape(-1)
    kept = torch.ones_like(flat, dtype=torch.bool) if ignore_index is None else flat != ignore_index
    flat = flat.masked_fill(~kept, 0)
    _check_range(flat, shape[-1])

    gradient = torch.is_grad_enabled() and any(
        tensor is not None and tensor.requires_grad for tensor in (rows, matrix, bias)
    )
    overwrite = overwrite and gradient and matrix is None and rows.is_contiguous()
    if overwrite:
        _check_overwritable(rows)
    loss, nll, words = LossOfRows.apply(
        How(Deception(log_blend, epsilon, shape[-1]), reduction, gradient, overwrite, fused, best),
        flat,
        kept,
        rows.reshape(-1, rows.size(-1)),
        matrix,
        bias,
    )
    return DeceptiveLoss(
        loss.view(target.shape) if reduction == "none" else loss,
        nll.view(target.shape),
        None if words is None else words.view(target.shape),
    )


def blend(alpha: float, time: float) -> float:
    """``alpha ** time``: the share of the model's own distribution in the deceptive one.

    Raises ValueError for ``alpha`` outside of (0, 1] and for ``time`` that isn't finite or is < 0.
    """
    return math.exp(_log_blend(alpha, time))


def _log_blend(alpha: float, time: float) -> float:
    _check("alpha", 0 < alpha <= 1, "in (0, 1]", alpha)
    _check("time", 0 <= time < math.inf, "finite and 0 or more", time)
    return time * math.log(alpha)


def _as_autocast(projection: Projection) -> Projection:
    """In the dtype that autocast would project in; without autocast as they are."""
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


def _check_range(target: Tensor, vocabulary: int) -> None:
    if target.is_cuda or not len(target):  # a GPU checks its indices itself; asking it takes long
        return
    for value in (int(target.min()), int(target.max())):
        _check("target", 0 <= value < vocabulary, f"ignored or in [0, {vocabulary})", value)


def _check_overwritable(logits: Tensor) -> None:
    owner = logits._base if logits._is_view() else logits
    if owner is None or owner.is_leaf:
        raise ValueError("overwrite must not be asked for logits that nothing computes: a leaf")


def _check(name: str, right: bool, wanted: str, got: object) -> None:
    if not right:
        raise ValueError(f"{name} must be {wanted}, got {got}")
