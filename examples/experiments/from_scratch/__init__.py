"""Losses for models that know nothing yet, which deceptive cross-entropy starves.

``--criterion floored_deceptive_cross_entropy`` leaves every token a share of its gradient, as TaiLr
(arXiv 2302.13344) does; ``--criterion error_norm_truncation`` (arXiv 2310.00840) drops tokens after
a start without it. What came of them from scratch stands in examples/experiments/README.md. Loaded
by ``--user-dir examples/experiments/from_scratch``.
"""

from abc import abstractmethod
from dataclasses import dataclass, field
from math import sqrt
from typing import Any, Optional

from fairseq.criterions import register_criterion
from fairseq.tasks import FairseqTask
from torch import Tensor
from torch.nn.functional import cross_entropy

import dece_fairseq.plugin  # noqa: F401  registers the rest
from dece_fairseq.criterions.robust_criterion import (
    RobustCriterion,
    RobustCriterionConfig,
    check_option,
)
from dece_fairseq.criterions.training_clock import TrainingClock
from dece_fairseq.losses import LossOutput
from dece_fairseq.losses.arguments import kept_targets
from dece_fairseq.losses.output import reduced


class WeightedCriterion(RobustCriterion):
    """Cross-entropy with a weight for each token that has no gradient of its own."""

    loss_name = "weighted_loss"
    takes_projection = False

    @abstractmethod
    def weights(self, logits: Tensor, target: Tensor, nll: Tensor) -> Tensor:
        """Return the weight of each token (N,), in [0, 1].

        Args:
            logits: (N, V), without gradient
            target: (N,)
            nll: (N,), ``-log s`` of the targets, without gradient
        """

    def loss_output(
        self, logits: Any, target: Tensor, training: bool, reduction: str
    ) -> Optional[LossOutput]:
        if not training:
            return None
        logits = logits.float()
        nll = cross_entropy(logits, target, ignore_index=self.padding_idx, reduction="none")
        losses = nll * self.weights(logits.detach(), target, nll.detach())
        kept = kept_targets(target, self.padding_idx)
        predictions = logits.argmax(-1) if self.report_accuracy else None
        return LossOutput(reduced(losses, kept, reduction), nll.detach(), predictions)


@dataclass
class FlooredConfig(RobustCriterionConfig):
    """The options."""

    floor_level: float = field(
        default=0.985, metadata={"help": "the constant blend a of DeCE, in (0, 1)"}
    )
    weight_floor: float = field(
        default=0.2, metadata={"help": "the least weight of a token, in [0, 1]; TaiLr took 0.2"}
    )


@register_criterion("floored_deceptive_cross_entropy", dataclass=FlooredConfig)
class FlooredCriterion(WeightedCriterion):
    """The weight of DeCE without smoothing, ``a s / (a s + 1 - a)``, but never below a floor."""

    def __init__(
        self,
        task: FairseqTask,
        sentence_avg: bool,
        floor_level: float = 0.985,
        weight_floor: float = 0.2,
        ignore_prefix_size: int = 0,
        report_accuracy: bool = False,
    ) -> None:
        super().__init__(task, sentence_avg, ignore_prefix_size, report_accuracy)
        check_option("--floor-level", 0 < floor_level < 1, "in (0, 1)", floor_level)
        check_option("--weight-floor", 0 <= weight_floor <= 1, "in [0, 1]", weight_floor)
        self.level, self.floor = floor_level, weight_floor

    def weights(self, logits: Tensor, target: Tensor, nll: Tensor) -> Tensor:
        likely = self.level * (-nll).exp()
        return (likely / (likely + 1 - self.level)).clamp(min=self.floor)


@dataclass
class TruncationConfig(RobustCriterionConfig):
    """The options."""

    error_norm: float = field(
        default=1.3,
        metadata={
            "help": "tokens count nothing where the norm of the softmax less the one-hot target is "
            "above, in (0, sqrt(2)]; of a sure model that is wrong it is near sqrt(2)"
        },
    )
    truncation_start: int = field(
        default=3, metadata={"help": "the epoch, from 1, with which that begins"}
    )


@register_criterion("error_norm_truncation", dataclass=TruncationConfig)
class TruncationCriterion(WeightedCriterion):
    """Cross-entropy of the tokens whose error norm is small; of all tokens in the first epochs."""

    def __init__(
        self,
        task: FairseqTask,
        sentence_avg: bool,
        error_norm: float = 1.3,
        truncation_start: int = 3,
        ignore_prefix_size: int = 0,
        report_accuracy: bool = False,
    ) -> None:
        super().__init__(task, sentence_avg, ignore_prefix_size, report_accuracy)
        check_option("--error-norm", 0 < error_norm <= sqrt(2), "in (0, sqrt(2)]", error_norm)
        check_option("--truncation-start", truncation_start >= 1, "1 or more", truncation_start)
        self.most, self.start = error_norm, truncation_start
        self.clock = TrainingClock.of(task)

    def weights(self, logits: Tensor, target: Tensor, nll: Tensor) -> Tensor:
        epoch = self.clock.epoch
        if epoch is not None and epoch < self.start:
            return nll.new_ones(nll.shape)
        likely = logits.softmax(-1)
        own = (-nll).exp()
        # Of the squares the target's is (1 - s) ** 2 in place of s ** 2.
        norm = (likely.square().sum(-1) - own.square() + (1 - own).square()).clamp(min=0).sqrt()
        return (norm <= self.most).to(nll)
