"""A model that says what it is told to, and a batch of targets for it."""

from typing import Any, Dict, List, Optional

import torch
from fairseq.logging import metrics
from fairseq.models import BaseFairseqModel
from torch import Tensor

PAD = 1


class Echo(BaseFairseqModel):
    """Gives the logits it was made of, one row for each id of a batch."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = torch.nn.Parameter(logits)

    def forward(self, ids: Tensor) -> Tensor:
        return self.logits[ids]


def batch(ids: Optional[List[int]] = None) -> Dict[str, Any]:
    """Six sentences of at most five tokens, or those of the given ids."""
    torch.manual_seed(1)
    target = torch.randint(4, 16, (6, 5))
    for n, length in enumerate([5, 4, 3, 5, 2, 1]):
        target[n, length:] = PAD
    index = torch.arange(6) if ids is None else torch.tensor(ids)
    target = target[index]
    return {
        "net_input": {"ids": index},
        "target": target,
        "ntokens": int((target != PAD).sum()),
        "nsentences": len(index),
    }


def reduced(criterion: Any, logs: List[Dict[str, Any]]) -> Dict[str, float]:
    """What fairseq's log shows of these outputs."""
    with metrics.aggregate(new_root=True) as meters:
        criterion.reduce_metrics(logs)
        return dict(meters.get_smoothed_values())


def values(log: Dict[str, Any]) -> Dict[str, float]:
    """A logging output as numbers."""
    return {key: float(torch.as_tensor(value).detach()) for key, value in log.items()}
