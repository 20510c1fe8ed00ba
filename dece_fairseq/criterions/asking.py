"""Asks the model about pairs of a split before it is trained on them."""

from typing import Any, Callable, Dict, Iterator, NamedTuple, Sequence, Tuple

import numpy as np
import torch
from fairseq import utils
from fairseq.tasks import FairseqTask
from torch import Tensor

#: tokens in a batch; a pair that is longer has one of its own
BATCH_TOKENS = 8192
#: a model and a batch -> of its targets, each (B, T): the tokens, ``-log s``, which are no padding
Ask = Callable[[Any, Dict[str, Any]], Tuple[Tensor, Tensor, Tensor]]


class Answer(NamedTuple):
    """What the model says of a batch."""

    ids: Tensor
    """(B,), the numbers of its pairs"""
    target: Tensor
    """(B, T)"""
    nll: Tensor
    """(B, T), in double precision"""
    kept: Tensor
    """(B, T), False for padding"""


def answers(
    task: FairseqTask, model: Any, ask: Ask, split: str, numbers: Sequence[int]
) -> Iterator[Answer]:
    """Ask the model as it is now, without dropout, about pairs of a split that it can read."""
    dataset = task.dataset(split)
    chosen = np.zeros(len(dataset), dtype=bool)
    chosen[np.asarray(numbers, dtype=int)] = True
    indices = dataset.ordered_indices()
    indices = indices[chosen[indices]]
    if not len(indices):
        return
    most = utils.resolve_max_positions(task.max_positions(), model.max_positions())
    indices, _ = dataset.filter_indices_by_size(indices, most)
    longest = max((dataset.num_tokens(index) for index in indices), default=0)
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            for batch in dataset.batch_by_size(indices, max_tokens=max(BATCH_TOKENS, longest)):
                sample = dataset.collater([dataset[index] for index in batch])
                if device.type == "cuda":
                    sample = utils.move_to_cuda(sample, device)
                target, nll, kept = ask(model, sample)
                yield Answer(sample["id"], target, nll.double(), kept)
    finally:
        model.train(was_training)
