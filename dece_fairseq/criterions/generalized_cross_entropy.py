"""``--criterion generalized_cross_entropy`` (arXiv 1805.07836); the arithmetic is in losses."""

from dataclasses import dataclass, field
from typing import Any, Optional

from fairseq.criterions import register_criterion
from fairseq.tasks import FairseqTask
from torch import Tensor

from dece_fairseq.criterions.robust_criterion import (
    RobustCriterion,
    RobustCriterionConfig,
    check_option,
)
from dece_fairseq.losses import LossOutput, generalized_output


@dataclass
class GeneralizedCrossEntropyCriterionConfig(RobustCriterionConfig):
    """The options; the default is that of the GCE paper."""

    gce_q: float = field(
        default=0.7,
        metadata={
            "help": "q of (1 - p ** q) / q, in (0, 1]: towards 0 it is cross-entropy, at 1 the "
            "mean absolute error; the authors of DeCE took 0.5"
        },
    )


@register_criterion("generalized_cross_entropy", dataclass=GeneralizedCrossEntropyCriterionConfig)
class GeneralizedCrossEntropyCriterion(RobustCriterion):
    """Generalized cross-entropy in training, plain cross-entropy in validation.

    In validation its own value is logged as ``gce_loss``.

    Args:
        task: the task
        sentence_avg: divide gradients by the number of sentences, not of tokens
        the others: as in ``GeneralizedCrossEntropyCriterionConfig``

    Raises:
        UserError: an option is out of its range; the option is named
    """

    loss_name = "gce_loss"

    def __init__(
        self,
        task: FairseqTask,
        sentence_avg: bool,
        gce_q: float = 0.7,
        ignore_prefix_size: int = 0,
        report_accuracy: bool = False,
    ) -> None:
        super().__init__(task, sentence_avg, ignore_prefix_size, report_accuracy)
        check_option("--gce-q", 0 < gce_q <= 1, "in (0, 1]", gce_q)
        self.q = gce_q

    def loss_output(
        self, logits: Any, target: Tensor, training: bool, reduction: str
    ) -> Optional[LossOutput]:
        constants = (self.q, self.padding_idx, reduction)
        return generalized_output(logits, target, *constants, predictions=self.report_accuracy)
