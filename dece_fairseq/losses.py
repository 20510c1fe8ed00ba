"""Losses against backdoors, as pure functions of tensors (no fairseq here).

Paper: "DeCE: Deceptive Cross-Entropy Loss Designed for Defending Backdoor Attacks"
(arXiv 2407.08956).
"""

import math
from typing import Optional

import torch
from torch import Tensor

REDUCTIONS = ("sum", "mean", "none")


def deceptive_cross_entropy(
    logits: Tensor,
    target: Tensor,
    alpha: float,
    epsilon: float,
    time: float,
    ignore_index: Optional[int] = None,
    reduction: str = "sum",
) -> Tensor:
    """Deceptive cross-entropy (DeCE, arXiv 2407.08956).

    With ``s = softmax(logits)``, the label-smoothed target ``q`` (``1 - epsilon`` on the target,
    ``epsilon / (V - 1)`` on every other entry) and the blend ``a = alpha ** time``::

        p = a * s + (1 - a) * q        loss = - sum_j q_j * log p_j

    A blend of exactly 1 (``alpha`` 1 or ``time`` 0) is label-smoothed cross-entropy. The authors
    clamp ``s`` at 1e-7 first; here nothing is clamped, all is computed in log space.

    A logit of -inf is a word ruled out by the model. It gets no gradient from a blend below 1;
    label-smoothed cross-entropy of it is infinite (its gradient in the other logits is finite).

    Args:
        logits: (..., V), V >= 2, any floating type; unnormalised or log-probabilities
        target: (...), integers in [0, V) or ``ignore_index``
        alpha: base of the blend, in (0, 1]
        epsilon: label smoothing, in [0, 1)
        time: T >= 0, the epoch counted from 1 in the published schedule; fractions are allowed
        ignore_index: targets of this value give 0 and have no gradient; None keeps all
        reduction: "sum", "mean" (over the kept targets; 0 where none is kept) or "none" (...)

    Returns:
        A scalar, or a tensor of the target's shape for "none"; float64 for float64 logits,
        else float32.

    Raises:
        ValueError: an argument out of its range, or shapes that don't fit; it is named.
    """
    wide = torch.promote_types(logits.dtype, torch.float32)
    log_probs = torch.log_softmax(logits, dim=-1, dtype=wide)
    return deceptive_nll(log_probs, target, alpha, epsilon, time, ignore_index, reduction)


def deceptive_nll(
    log_probs: Tensor,
    target: Tensor,
    alpha: float,
    epsilon: float,
    time: float,
    ignore_index: Optional[int] = None,
    reduction: str = "sum",
) -> Tensor:
    """:func:`deceptive_cross_entropy` of log-probabilities (..., V) that are normalised already."""
    vocabulary = _check_shapes(log_probs, target)
    log_blend = _log_blend(alpha, time)
    _check("epsilon", 0 <= epsilon < 1, "in [0, 1)", epsilon)
    _check("reduction", reduction in REDUCTIONS, f"one of {', '.join(REDUCTIONS)}", reduction)

    log_probs = log_probs.to(torch.promote_types(log_probs.dtype, torch.float32))
    kept = torch.ones_like(target, dtype=torch.bool)
    if ignore_index is not None:
        kept = target != ignore_index
    log_target = log_probs.gather(-1, target.masked_fill(~kept, 0).unsqueeze(-1)).squeeze(-1)
    off = epsilon / (vocabulary - 1)  # q of every entry but the target

    def log_p(log_s: Tensor, q: float) -> Tensor:
        # Where 1 - a is 0 there is nothing to add, and going through s would lose what is small.
        return log_s if log_blend == 0 else torch.log(log_s.exp() * a + rest * q)

    a, rest = math.exp(log_blend), -math.expm1(log_blend)  # rest is 1 - a, exact for a near 1
    losses = -(1 - epsilon) * log_p(log_target, 1 - epsilon)
    if epsilon > 0:
        # All entries as if none were the target, less the one that is.
        others = log_p(log_probs, off).sum(dim=-1) - log_p(log_target, off)
        # An infinite loss of the target stays so: -inf less -inf would make it nan.
        losses = torch.where(losses.isinf(), losses, losses - off * others)
    losses = losses.masked_fill(~kept, 0)

    if reduction == "none":
        return losses
    total = losses.sum()
    return total if reduction == "sum" else total / kept.sum().clamp(min=1)


def blend(alpha: float, time: float) -> float:
    """``alpha ** time``: the share of the model's own distribution in the deceptive one.

    Raises ValueError for ``alpha`` outside of (0, 1] and for ``time`` that isn't finite or is < 0.
    """
    return math.exp(_log_blend(alpha, time))


def _log_blend(alpha: float, time: float) -> float:
    _check("alpha", 0 < alpha <= 1, "in (0, 1]", alpha)
    _check("time", 0 <= time < math.inf, "finite and 0 or more", time)
    return time * math.log(alpha)


def _check_shapes(logits: Tensor, target: Tensor) -> int:
    """The size of the vocabulary, if the shapes fit."""
    if logits.dim() == 0 or logits.size(-1) < 2:
        raise ValueError(f"logits must be (..., V) with V >= 2, got {tuple(logits.shape)}")
    if target.shape != logits.shape[:-1]:
        raise ValueError(
            f"target must have the shape of logits without the vocabulary, "
            f"{tuple(logits.shape[:-1])}, got {tuple(target.shape)}"
        )
    return logits.size(-1)


def _check(name: str, right: bool, wanted: str, got: object) -> None:
    if not right:
        raise ValueError(f"{name} must be {wanted}, got {got}")
