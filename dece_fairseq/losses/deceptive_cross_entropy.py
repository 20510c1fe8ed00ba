"""Deceptive cross-entropy (DeCE).

Paper: "DeCE: Deceptive Cross-Entropy Loss Designed for Defending Backdoor Attacks"
(arXiv 2407.08956).
"""

import math
from typing import Optional, Union

import torch
from torch import Tensor

from dece_fairseq.losses.arguments import Projection, check, check_reduction, checked_arguments
from dece_fairseq.losses.autograd import LossOfRows, Spec
from dece_fairseq.losses.blend_constants import BlendConstants
from dece_fairseq.losses.module import Logits, TokenLoss
from dece_fairseq.losses.output import LossOutput


def deceptive_cross_entropy(
    logits: Union[Tensor, Projection],
    target: Tensor,
    alpha: float,
    epsilon: float,
    time: float,
    ignore_index: Optional[int] = None,
    reduction: str = "sum",
    fused: Optional[bool] = None,
) -> Tensor:
    """Return deceptive cross-entropy (DeCE, arXiv 2407.08956).

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
            ``Projection``, of which only a block of logits is held at a time
        target: (...), integers in [0, V) or ``ignore_index``
        alpha: base of the blend, in (0, 1]
        epsilon: label smoothing, in [0, 1)
        time: T >= 0, the epoch counted from 1 in the published schedule; fractions are allowed
        ignore_index: targets of this value give 0 and have no gradient; None keeps all
        reduction: "sum", "mean" (over the kept targets; 0 where none is kept) or "none" (...)
        fused: a kernel that does all in one go, see kernels.py: None (default) takes one on a CPU,
            compiled at first use; True on a GPU too; False takes plain torch. The same results

    Returns:
        A scalar, or a tensor of the target's shape for "none"; float64 for float64 logits,
        else float32.

    Raises:
        ValueError: an argument out of its range, or shapes that don't fit; it is named.
    """
    return deceptive_output(
        logits, target, alpha, epsilon, time, ignore_index, reduction, fused
    ).loss


def deceptive_output(
    logits: Union[Tensor, Projection],
    target: Tensor,
    alpha: float,
    epsilon: float,
    time: float,
    ignore_index: Optional[int] = None,
    reduction: str = "sum",
    fused: Optional[bool] = None,
    predictions: bool = False,
) -> LossOutput:
    """Return ``deceptive_cross_entropy`` and what a training log shows beside it.

    Args:
        predictions: whether the most likely words are wanted too; the other arguments are the same
    """
    given = checked_arguments(logits, target, ignore_index)
    log_blend = _log_blend(alpha, time)
    check("epsilon", 0 <= epsilon < 1, "in [0, 1)", epsilon)
    check_reduction(reduction)
    values, matrix, bias = given.values, given.matrix, given.bias
    gradient = torch.is_grad_enabled() and any(
        tensor is not None and tensor.requires_grad for tensor in (values, matrix, bias)
    )
    constants = BlendConstants(log_blend, epsilon, given.vocabulary)
    loss, nll, words = LossOfRows.apply(  # type: ignore[no-untyped-call]
        Spec(constants, reduction, gradient, fused, predictions),
        given.target,
        given.kept,
        values.reshape(-1, values.size(-1)),
        matrix,
        bias,
    )
    return LossOutput(
        loss.view(target.shape) if reduction == "none" else loss,
        nll.view(target.shape),
        None if words is None else words.view(target.shape),
    )


def cross_entropy_output(
    logits: Union[Tensor, Projection],
    target: Tensor,
    ignore_index: Optional[int] = None,
    reduction: str = "sum",
    fused: Optional[bool] = None,
    predictions: bool = False,
) -> LossOutput:
    """Return cross-entropy: DeCE with a blend of 1 and no smoothing. Arguments as above."""
    return deceptive_output(
        logits, target, 1.0, 0.0, 0.0, ignore_index, reduction, fused=fused, predictions=predictions
    )


def blend(alpha: float, time: float) -> float:
    """Return ``alpha ** time``, the share of the model's own distribution in the deceptive one.

    Raises ValueError for ``alpha`` outside of (0, 1] and for ``time`` that isn't finite or is < 0.
    """
    return math.exp(_log_blend(alpha, time))


def longest_time(alpha: float, min_blend: float) -> float:
    """Return the time at which ``alpha ** time`` has fallen to ``min_blend``; inf if it never does.

    A schedule that stops there has a level: that of ``min_blend``, from the first epoch on where it
    equals ``alpha``.

    Raises ValueError for ``alpha`` outside of (0, 1] and for ``min_blend`` outside of [0, alpha].
    """
    check("alpha", 0 < alpha <= 1, "in (0, 1]", alpha)
    check("min_blend", 0 <= min_blend <= alpha, f"from 0 to alpha ({alpha})", min_blend)
    if alpha == 1 or min_blend == 0:
        return math.inf
    return math.log(min_blend) / math.log(alpha)


def time_at(epochs: float, alpha: float, min_blend: float) -> float:
    """Return T of ``alpha ** T`` after so many epochs, where the blend falls to ``min_blend``.

    That is the epochs, and no more than ``longest_time``. A blend that begins where it ends is a
    level, and there from the first update on: a T that grew within the first epoch would begin with
    plain cross-entropy.

    Args:
        epochs: 0 or more, the running one included; fractions are allowed
        alpha: base of the blend, in (0, 1]
        min_blend: in [0, alpha]

    Raises ValueError for ``alpha`` and ``min_blend`` as ``longest_time`` does.
    """
    longest = longest_time(alpha, min_blend)
    if epochs > 0 and min_blend == alpha:
        return 1.0
    return min(epochs, longest)


def _log_blend(alpha: float, time: float) -> float:
    check("alpha", 0 < alpha <= 1, "in (0, 1]", alpha)
    check("time", 0 <= time < math.inf, "finite and 0 or more", time)
    return time * math.log(alpha)


class DeceptiveCrossEntropyLoss(TokenLoss):
    """``deceptive_cross_entropy`` as a module, for training loops without fairseq.

    It has to be told the epoch: call ``set_epoch`` when an epoch begins. For validation take
    ``torch.nn.CrossEntropyLoss``: the value of this loss changes with the epoch.

    Args:
        alpha: base of the blend ``alpha ** epoch``, in (0, 1] (default: that of the paper)
        min_blend: the blend falls to this and no further, in [0, alpha]; 0, as published, lets it
            fall on, ``alpha`` itself is a constant level (default: 0)
        label_smoothing: epsilon, in [0, 1) (default: that of the paper)
        ignore_index: targets of this value count for nothing (default: -100)
        reduction: "mean" over the targets that count (default), "sum" or "none"
        fused: as ``deceptive_cross_entropy`` takes it

    Raises:
        ValueError: a setting is out of its range; it is named
    """

    def __init__(
        self,
        *,
        alpha: float = 0.985,
        min_blend: float = 0.0,
        label_smoothing: float = 0.05,
        ignore_index: Optional[int] = -100,
        reduction: str = "mean",
        fused: Optional[bool] = None,
    ) -> None:
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        longest_time(alpha, min_blend)  # which checks them
        check("label_smoothing", 0 <= label_smoothing < 1, "in [0, 1)", label_smoothing)
        self.alpha = alpha
        self.min_blend = min_blend
        self.label_smoothing = label_smoothing
        self.fused = fused
        self.epoch: Optional[float] = None

    def set_epoch(self, epoch: float) -> None:
        """Tell the running epoch, counted from 1; fractions are allowed.

        A resumed training goes on with its own count; one that starts from a trained model counts
        from 1 again.

        Raises:
            ValueError: ``epoch`` is not a finite number above 0
        """
        check("epoch", 0 < epoch < math.inf, "a finite number above 0", epoch)
        self.epoch = epoch

    def losses(self, logits: Logits, target: Tensor, reduction: str) -> Tensor:
        if self.epoch is None:
            raise RuntimeError(
                "DeceptiveCrossEntropyLoss doesn't know the epoch: call set_epoch(n) when an epoch "
                "begins, n counted from 1"
            )
        return deceptive_cross_entropy(
            logits,
            target,
            self.alpha,
            self.label_smoothing,
            time_at(self.epoch, self.alpha, self.min_blend),
            self.ignore_index,
            reduction,
            fused=self.fused,
        )

    def extra_repr(self) -> str:
        return (
            f"alpha={self.alpha}, min_blend={self.min_blend}, "
            f"label_smoothing={self.label_smoothing}, epoch={self.epoch}"
        )
