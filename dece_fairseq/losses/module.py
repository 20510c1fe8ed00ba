"""What the losses have in common as modules of torch."""

from typing import Optional, Union

from torch import Tensor, nn

from dece_fairseq.losses.arguments import Projection, check_reduction

#: logits, or what makes them
Logits = Union[Tensor, Projection]


class TokenLoss(nn.Module):
    """Base of losses over tokens, with the habits of ``torch.nn.CrossEntropyLoss``.

    One thing differs: the vocabulary is the last dimension of the logits, whatever their shape.
    A loss with class as dimension 1, (N, C, d), takes ``logits.movedim(1, -1)``.

    Args:
        ignore_index: targets of this value count for nothing (default: -100)
        reduction: "mean" over the targets that count (default), "sum" or "none"

    Raises:
        ValueError: the reduction is unknown
    """

    def __init__(self, *, ignore_index: Optional[int] = -100, reduction: str = "mean") -> None:
        super().__init__()
        check_reduction(reduction)
        self.ignore_index = ignore_index
        self.reduction = reduction

    def losses(self, logits: Logits, target: Tensor, reduction: str) -> Tensor:
        """Return what ``forward`` returns, with another reduction than the module's own."""
        raise NotImplementedError

    def forward(self, logits: Logits, target: Tensor) -> Tensor:
        """Return the loss.

        Args:
            logits: (..., V), V >= 2, any floating type; or a
                ``dece_fairseq.losses.Projection``, where the loss takes one, of which only
                a part of the logits is held at a time
            target: (...), integers in [0, V) or ``ignore_index``

        Returns:
            A scalar, or (...) for the reduction "none"; float64 for float64 logits, else float32.

        Raises:
            ValueError: the shapes don't fit, or a target is out of range
        """
        return self.losses(logits, target, self.reduction)
