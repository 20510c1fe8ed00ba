"""In-trust loss.

Paper: Huang et al. 2021, "Named Entity Recognition via Noise Aware Training Mechanism with Data
Filter" (Findings of ACL-IJCNLP 2021).
"""

from typing import Optional

import torch
from torch import Tensor

from dece_fairseq.losses.arguments import Projection, check, checked_arguments
from dece_fairseq.losses.module import Logits, TokenLoss
from dece_fairseq.losses.output import LossOutput, reduced

#: what stands for a probability of 0 in the given labels
LEAST = 1e-4


def in_trust(
    logits: Tensor,
    target: Tensor,
    alpha: float = 0.2,
    beta: float = 0.8,
    delta: float = 0.5,
    ignore_index: Optional[int] = None,
    reduction: str = "sum",
) -> Tensor:
    """Return the in-trust loss: cross-entropy, and one that trusts the model's own prediction too.

    With ``s = softmax(logits)`` and ``y`` the one-hot target, at least 1e-4 everywhere::

        loss = alpha * CE + beta * DCE
        DCE = - sum_j s_j * log(delta * s_j + (1 - delta) * y_j)

    Args:
        logits: (..., V), V >= 2, any floating type; worked on in float32 for all but float64
        target: (...), integers in [0, V) or ``ignore_index``
        alpha: weight of cross-entropy, 0 or more
        beta: weight of DCE, 0 or more
        delta: how much the prediction is trusted in DCE, in [0, 1)
        ignore_index: targets of this value give 0 and have no gradient; None keeps all
        reduction: "sum", "mean" (over the kept targets; 0 where none is kept) or "none" (...)

    Returns:
        A scalar, or a tensor of the target's shape for "none"; float64 for float64 logits,
        else float32.

    Raises:
        ValueError: an argument out of its range, or shapes that don't fit; it is named.
    """
    return in_trust_output(logits, target, alpha, beta, delta, ignore_index, reduction).loss


def in_trust_output(
    logits: Tensor,
    target: Tensor,
    alpha: float = 0.2,
    beta: float = 0.8,
    delta: float = 0.5,
    ignore_index: Optional[int] = None,
    reduction: str = "sum",
    predictions: bool = False,
) -> LossOutput:
    """Return ``in_trust`` and what a training log shows beside it.

    Args:
        predictions: whether the most likely words are wanted too; the other arguments are the same
    """
    _check_settings(alpha, beta, delta)
    given = checked_arguments(logits, target, ignore_index)
    flat = given.values.reshape(-1, given.vocabulary)
    wide = torch.promote_types(flat.dtype, torch.float32)
    log_s = flat.log_softmax(-1, dtype=wide)
    index = given.target.unsqueeze(-1)
    nll = -log_s.gather(-1, index)
    s = log_s.exp()
    trusted = torch.full_like(s, LEAST).scatter(-1, index, 1.0)
    dce = -(s * (delta * s + (1 - delta) * trusted).log()).sum(-1, keepdim=True)
    losses = (alpha * nll + beta * dce).squeeze(-1)
    # Not multiplied by 0: that would make nan of an infinite one.
    losses, nll = (values.masked_fill(~given.kept, 0) for values in (losses, nll.squeeze(-1)))
    return LossOutput(
        reduced(losses.view(target.shape), given.kept, reduction),
        nll.detach().view(target.shape),
        flat.argmax(-1).view(target.shape) if predictions else None,
    )


def _check_settings(alpha: float, beta: float, delta: float) -> None:
    check("alpha", alpha >= 0, "0 or more", alpha)
    check("beta", beta >= 0, "0 or more", beta)
    check("delta", 0 <= delta < 1, "in [0, 1)", delta)


class InTrustLoss(TokenLoss):
    """``in_trust`` as a module. It compares all words, so it takes no projection.

    Args:
        alpha: weight of cross-entropy, 0 or more (default: that of its paper's code)
        beta: weight of DCE, 0 or more
        delta: how much the prediction is trusted in DCE, in [0, 1)
        ignore_index: targets of this value count for nothing (default: -100)
        reduction: "mean" over the targets that count (default), "sum" or "none"

    Raises:
        ValueError: a setting is out of its range; it is named
    """

    def __init__(
        self,
        *,
        alpha: float = 0.2,
        beta: float = 0.8,
        delta: float = 0.5,
        ignore_index: Optional[int] = -100,
        reduction: str = "mean",
    ) -> None:
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        _check_settings(alpha, beta, delta)
        self.alpha, self.beta, self.delta = alpha, beta, delta

    def losses(self, logits: Logits, target: Tensor, reduction: str) -> Tensor:
        if isinstance(logits, Projection):
            raise ValueError("in-trust loss compares all words: give it logits, no projection")
        settings = (self.alpha, self.beta, self.delta)
        return in_trust(logits, target, *settings, self.ignore_index, reduction)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}, beta={self.beta}, delta={self.delta}"
