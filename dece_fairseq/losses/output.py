"""What a loss gives back."""

from typing import NamedTuple, Optional

from torch import Tensor

from dece_fairseq.losses.arguments import check_reduction


class LossOutput(NamedTuple):
    """A loss and what comes with it for nothing."""

    loss: Tensor  # a scalar, or (...) for the reduction "none"
    nll: Tensor  # (...), -log softmax of the target, 0 where it is ignored; has no gradient
    predictions: Optional[Tensor]  # (...), the most likely word, where it was asked for


def reduced(losses: Tensor, kept: Tensor, reduction: str) -> Tensor:
    """Return losses of targets, 0 where they are not kept, as the reduction wants them."""
    check_reduction(reduction)
    if reduction == "none":
        return losses
    total = losses.sum()
    return total if reduction == "sum" else total / kept.sum().clamp(min=1)
