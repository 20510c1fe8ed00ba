"""``--criterion deceptive_cross_entropy`` (arXiv 2407.08956); the arithmetic is in losses."""

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence

from fairseq.criterions import register_criterion
from fairseq.logging import metrics
from fairseq.tasks import FairseqTask
from torch import Tensor

from dece_fairseq.criterions.blend_schedule import BlendOptions, BlendSchedule
from dece_fairseq.criterions.robust_criterion import RobustCriterion, RobustCriterionConfig, total
from dece_fairseq.losses import LossOutput, deceptive_output


@dataclass
class DeceptiveCrossEntropyCriterionConfig(BlendOptions, RobustCriterionConfig):
    """The options."""

    dece_fused: bool = field(
        default=False,
        metadata={
            "help": "take a fused kernel on a GPU too, in Triton (never run on one); on a CPU one "
            "in C++ is taken anyway. Without them plain torch does it, the same"
        },
    )


class DeceptiveCriterion(RobustCriterion):
    """A criterion whose loss is deceptive cross-entropy at the running epoch's blend.

    In validation the DeCE value is logged as ``dece_loss`` where the epoch is known.
    """

    loss_name = "dece_loss"
    schedule: BlendSchedule

    def set_epoch(self, epoch: float) -> None:
        """Tell the epoch, counted from 1, in a training loop of one's own.

        Stock fairseq-train needs no such call. See ``TrainingClock.set_epoch``.
        """
        self.schedule.clock.set_epoch(epoch)

    def loss_output(
        self, logits: Any, target: Tensor, training: bool, reduction: str
    ) -> Optional[LossOutput]:
        schedule = self.schedule
        time = schedule.training_time() if training else schedule.time()
        if time is None:
            return None
        return deceptive_output(
            logits,
            target,
            schedule.alpha,
            schedule.epsilon,
            time,
            self.padding_idx,
            reduction,
            fused=self.fused,
            predictions=self.report_accuracy,
        )

    def training_log(self, sample_size: int) -> Dict[str, Any]:
        return {"blend": self.schedule.blend() * sample_size}

    @classmethod
    def reduce_metrics(cls, logging_outputs: List[Dict[str, Any]]) -> None:
        """Log the blend too."""
        super().reduce_metrics(logging_outputs)
        if any("blend" in log for log in logging_outputs):
            sample_size = total(logging_outputs, "sample_size")
            blend = total(logging_outputs, "blend") / sample_size
            metrics.log_scalar("blend", blend, sample_size, round=6)


@register_criterion("deceptive_cross_entropy", dataclass=DeceptiveCrossEntropyCriterionConfig)
class DeceptiveCrossEntropyCriterion(DeceptiveCriterion):
    """Deceptive cross-entropy in training, plain cross-entropy in validation.

    The arguments are the options of ``DeceptiveCrossEntropyCriterionConfig``, and these:

    Args:
        task: tells the epoch
        sentence_avg: divide gradients by the number of sentences, not of tokens

    Raises:
        UserError: an option is out of its range; the option is named
    """

    def __init__(
        self,
        task: FairseqTask,
        sentence_avg: bool,
        dece_alpha: float = 0.985,
        dece_min_blend: float = 0.0,
        label_smoothing: float = 0.05,
        dece_warmup_epochs: int = 0,
        dece_schedule: str = "epoch",
        ignore_prefix_size: int = 0,
        report_accuracy: bool = False,
        dece_fused: bool = False,
        update_freq: Sequence[int] = (1,),
    ) -> None:
        super().__init__(task, sentence_avg, ignore_prefix_size, report_accuracy)
        self.schedule = BlendSchedule(
            task,
            dece_alpha,
            dece_min_blend,
            label_smoothing,
            dece_warmup_epochs,
            dece_schedule,
            update_freq,
        )
        self.fused = dece_fused or None
