"""Generalized cross-entropy (GCE).

Paper: Zhang and Sabuncu 2018, "Generalized Cross Entropy Loss for Training Deep Neural Networks
with Noisy Labels" (arXiv 1805.07836).
"""

from typing import Optional, Union

import torch
from torch import Tensor

from dece_fairseq.losses.arguments import Projection, check, kept_targets
from dece_fairseq.losses.deceptive_cross_entropy import cross_entropy_output
from dece_fairseq.losses.module import Logits, TokenLoss
from dece_fairseq.losses.output import LossOutput, reduced


def generalized_cross_entropy(
    logits: Union[Tensor, Projection],
    target: Tensor,
    q: float = 0.7,
    ignore_index: Optional[int] = None,
    reduction: str = "sum",
) -> Tensor:
    """Return generalized cross-entropy (GCE, arXiv 1805.07836): ``(1 - s_t ** q) / q``.

    Between cross-entropy, which it is in the limit of q to 0, and the mean absolute error, at 1.
    Its gradient is that of cross-entropy times ``s_t ** q``.

    Args:
        logits: (..., V), V >= 2, any floating type, or a ``Projection``
        target: (...), integers in [0, V) or ``ignore_index``
        q: in (0, 1]; 0.7 in its paper, 0.5 in the code of the DeCE paper's authors
        ignore_index: targets of this value give 0 and have no gradient; None keeps all
        reduction: "sum", "mean" (over the kept targets; 0 where none is kept) or "none" (...)

    Returns:
        A scalar, or a tensor of the target's shape for "none"; float64 for float64 logits,
        else float32.

    Raises:
        ValueError: an argument out of its range, or shapes that don't fit; it is named.
    """
    return generalized_output(logits, target, q, ignore_index, reduction).loss


def generalized_output(
    logits: Union[Tensor, Projection],
    target: Tensor,
    q: float = 0.7,
    ignore_index: Optional[int] = None,
    reduction: str = "sum",
    predictions: bool = False,
) -> LossOutput:
    """Return ``generalized_cross_entropy`` and what a training log shows beside it.

    Args:
        predictions: whether the most likely words are wanted too; the other arguments are the same
    """
    check("q", 0 < q <= 1, "in (0, 1]", q)
    nll, found, words = cross_entropy_output(
        logits, target, ignore_index, "none", predictions=predictions
    )
    losses = -torch.expm1(-q * nll) / q
    kept = kept_targets(target, ignore_index)
    return LossOutput(reduced(losses, kept, reduction), found, words)


class GeneralizedCrossEntropyLoss(TokenLoss):
    """``generalized_cross_entropy`` as a module.

    Args:
        q: in (0, 1] (default: that of its paper)
        ignore_index: targets of this value count for nothing (default: -100)
        reduction: "mean" over the targets that count (default), "sum" or "none"

    Raises:
        ValueError: a setting is out of its range; it is named
    """

    def __init__(
        self, *, q: float = 0.7, ignore_index: Optional[int] = -100, reduction: str = "mean"
    ) -> None:
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        check("q", 0 < q <= 1, "in (0, 1]", q)
        self.q = q

    def losses(self, logits: Logits, target: Tensor, reduction: str) -> Tensor:
        return generalized_cross_entropy(logits, target, self.q, self.ignore_index, reduction)

    def extra_repr(self) -> str:
        return f"q={self.q}"
