"""``--criterion in_trust_cross_entropy`` (Huang et al. 2021); the arithmetic is in losses."""

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
from dece_fairseq.losses import LossOutput, in_trust_output


@dataclass
class InTrustCrossEntropyCriterionConfig(RobustCriterionConfig):
    """The options; the defaults are those of the code of the DeCE paper's authors."""

    in_trust_alpha: float = field(
        default=0.2, metadata={"help": "weight of cross-entropy, 0 or more"}
    )
    in_trust_beta: float = field(
        default=0.8,
        metadata={"help": "weight of the part that trusts the model's prediction, 0 or more"},
    )
    in_trust_delta: float = field(
        default=0.5, metadata={"help": "how much it is trusted there, in [0, 1)"}
    )


@register_criterion("in_trust_cross_entropy", dataclass=InTrustCrossEntropyCriterionConfig)
class InTrustCrossEntropyCriterion(RobustCriterion):
    """The In-trust loss in training, plain cross-entropy in validation.

    In validation its own value is logged as ``in_trust_loss``. It needs all logits at a time.

    Args:
        task: the task
        sentence_avg: divide gradients by the number of sentences, not of tokens
        the others: as in ``InTrustCrossEntropyCriterionConfig``

    Raises:
        UserError: an option is out of its range; the option is named
    """

    loss_name = "in_trust_loss"
    takes_projection = False

    def __init__(
        self,
        task: FairseqTask,
        sentence_avg: bool,
        in_trust_alpha: float = 0.2,
        in_trust_beta: float = 0.8,
        in_trust_delta: float = 0.5,
        ignore_prefix_size: int = 0,
        report_accuracy: bool = False,
    ) -> None:
        super().__init__(task, sentence_avg, ignore_prefix_size, report_accuracy)
        check_option("--in-trust-alpha", in_trust_alpha >= 0, "0 or more", in_trust_alpha)
        check_option("--in-trust-beta", in_trust_beta >= 0, "0 or more", in_trust_beta)
        check_option("--in-trust-delta", 0 <= in_trust_delta < 1, "in [0, 1)", in_trust_delta)
        self.constants = (in_trust_alpha, in_trust_beta, in_trust_delta)

    def loss_output(
        self, logits: Any, target: Tensor, training: bool, reduction: str
    ) -> Optional[LossOutput]:
        constants = (*self.constants, self.padding_idx, reduction)
        return in_trust_output(logits, target, *constants, predictions=self.report_accuracy)
