"""The losses in the Trainer of Hugging Face transformers.

loss = DeceptiveCrossEntropyLoss(alpha=0.8, label_smoothing=0.0)
trainer = Trainer(
    model,
    args,
    compute_loss_func=TrainerLoss(loss, shift_labels=True),  # of a causal model
    callbacks=[TellEpoch(loss)],
    ...
)
"""

from typing import Any, Optional, Union

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

try:
    from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
except ImportError as error:
    raise ImportError(
        f"dece_fairseq.integrations.transformers needs transformers 4.46 or newer: {error}"
    ) from error

from dece_fairseq.losses import DeceptiveCrossEntropyLoss, TokenLoss


class TrainerLoss:
    """Computes a loss for ``Trainer(compute_loss_func=...)``, transformers 4.46 or newer.

    Labels of ``ignore_index`` (-100: padding, prompts) count for nothing. With gradient
    accumulation the sum over tokens is divided by the tokens of all batches of an update, as
    transformers does for its own losses. In evaluation, where there are no gradients, the loss is
    plain cross-entropy, so that it can be compared over epochs and picks the best checkpoint; it is
    the mean over the labels that count, without the first of each text of a causal model, which
    nothing predicts. (transformers divides its own losses by that one too.)

    The Trainer takes the labels out of the batch, so an encoder-decoder needs
    ``DataCollatorForSeq2Seq(tokenizer, model=model)``, which makes its decoder's inputs.

    Args:
        loss: which one; its own ``reduction`` is not used
        shift_labels: True for a causal model, whose output at a position is for the next label;
            False for an encoder-decoder or a classifier
    """

    def __init__(self, loss: TokenLoss, *, shift_labels: bool) -> None:
        self.loss = loss
        self.shift_labels = shift_labels

    def __call__(
        self,
        outputs: Any,
        labels: Tensor,
        num_items_in_batch: Union[Tensor, int, None] = None,
    ) -> Tensor:
        """Return the loss of a batch, a scalar.

        Args:
            outputs: of the model, with ``logits`` (batch, length, V)
            labels: (batch, length)
            num_items_in_batch: labels that count in all batches of the update; None for the mean
                over this batch alone
        """
        logits = outputs["logits"]
        labels = given = labels.to(logits.device)
        if self.shift_labels:
            logits, labels = logits[:, :-1], labels[:, 1:]
        if torch.is_grad_enabled():
            if num_items_in_batch is None:
                return self.loss.losses(logits, labels, "mean")
            # An update whose labels are all ignored teaches nothing, rather than nan.
            counted = torch.as_tensor(num_items_in_batch).clamp(min=1)
            return self.loss.losses(logits, labels, "sum") / counted
        ignored = -100 if self.loss.ignore_index is None else self.loss.ignore_index
        loss = cross_entropy(
            logits.flatten(0, -2).float(), labels.flatten(), ignore_index=ignored, reduction="sum"
        )
        # Not reduction="mean", which is nan of a batch whose labels are all ignored.
        loss = loss / (labels != ignored).sum().clamp(min=1)
        # Where the Trainer counts the labels of all processes it multiplies by their number then.
        own = int((given != ignored).sum())
        if num_items_in_batch is not None and int(torch.as_tensor(num_items_in_batch).max()) > own:
            loss = loss / _processes()
        return loss


def _processes() -> int:
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_world_size()
    return 1


class TellEpoch(TrainerCallback):
    """Tells a loss the epoch, counted from 1, also after ``resume_from_checkpoint``.

    Args:
        loss: the one that the Trainer trains with
    """

    def __init__(self, loss: DeceptiveCrossEntropyLoss) -> None:
        self.loss = loss

    def on_epoch_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: Any,
    ) -> Optional[TrainerControl]:
        """Set the epoch. The Trainer counts those that are done, in fractions."""
        # Not floor: a sum of fractions may fall short of a whole epoch by a rounding error.
        self.loss.set_epoch(int((state.epoch or 0.0) + 1e-6) + 1)
        return None
