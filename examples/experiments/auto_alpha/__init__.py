"""``--criterion auto_dece``: deceptive cross-entropy whose blend follows the losses of tokens.

An attempt at the paper's open question, how to choose alpha; what came of it stands in
examples/experiments/README.md. Loaded by ``--user-dir examples/experiments/auto_alpha``.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Dict, Optional, Sequence

from fairseq.criterions import register_criterion
from fairseq.tasks import FairseqTask
from torch import Tensor

import dece_fairseq.plugin  # noqa: F401  registers the rest
from dece_fairseq.criterions.deceptive_cross_entropy import (
    DeceptiveCrossEntropyCriterion,
    DeceptiveCrossEntropyCriterionConfig,
)
from dece_fairseq.criterions.robust_criterion import check_option
from dece_fairseq.losses import LossOutput, deceptive_output

#: how much of the running quantile an update keeps
MEMORY = 0.98


@dataclass
class AutoDeceConfig(DeceptiveCrossEntropyCriterionConfig):
    """The options; ``--dece-alpha`` and what goes with it are not used."""

    auto_share: float = field(
        default=0.05,
        metadata={"help": "share of tokens, the most surprising ones, that are to count little"},
    )


@register_criterion("auto_dece", dataclass=AutoDeceConfig)
class AutoDeceCriterion(DeceptiveCrossEntropyCriterion):
    """A token that the model gives a probability s counts a * s / (a * s + 1 - a) of its gradient.

    Here ``a`` is such that a half of it is left at the probability that all but a share of the
    tokens exceed: ``(1 - a) / a`` is that probability. It never rises again, as in the paper.
    """

    def __init__(
        self,
        task: FairseqTask,
        sentence_avg: bool,
        auto_share: float = 0.05,
        update_freq: Sequence[int] = (1,),
        label_smoothing: float = 0.05,
    ) -> None:
        super().__init__(
            task, sentence_avg, label_smoothing=label_smoothing, update_freq=update_freq
        )
        check_option("--auto-share", 0 < auto_share < 1, "in (0, 1)", auto_share)
        self.share = auto_share
        self.surprise: Optional[float] = None

    def loss_output(
        self, logits: Any, target: Tensor, training: bool, reduction: str
    ) -> Optional[LossOutput]:
        if not training:
            return None
        options = (self.schedule.epsilon, 1.0, self.padding_idx, reduction)
        found = deceptive_output(logits, target, self.blend(), *options)
        kept = found.nll[target != self.padding_idx].float()
        now = float(kept.quantile(1 - self.share))
        if self.surprise is None:
            self.surprise = now
        else:
            follows = MEMORY * self.surprise + (1 - MEMORY) * now
            self.surprise = min(self.surprise, follows)
        return found

    def blend(self) -> float:
        """The running blend; 1, cross-entropy, before the first batch."""
        return 1.0 if self.surprise is None else 1 / (1 + math.exp(-self.surprise))

    def training_log(self, sample_size: int) -> Dict[str, Any]:
        return {"blend": self.blend() * sample_size}
