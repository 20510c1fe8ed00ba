"""``--criterion deceptive_cross_entropy`` (arXiv 2407.08956); the arithmetic is in losses."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from fairseq.criterions import register_criterion
from fairseq.logging import metrics
from fairseq.tasks import FairseqTask
from torch import Tensor

from dece_fairseq.criterions.blend_schedule import AUTO, BlendOptions, BlendSchedule
from dece_fairseq.criterions.robust_criterion import RobustCriterion, RobustCriterionConfig, total
from dece_fairseq.criterions.trusted_level import TrustedLevel
from dece_fairseq.losses import LossOutput, cross_entropy_output, deceptive_output


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
    #: settles ``--dece-alpha auto``
    trusted_level: Optional[TrustedLevel] = None

    @classmethod
    def build_criterion(cls, cfg: BlendOptions, task: FairseqTask) -> "DeceptiveCriterion":
        """Build the criterion as fairseq does, and what chooses its alpha where that is asked."""
        criterion: DeceptiveCriterion = super().build_criterion(cfg, task)
        if cfg.dece_alpha == AUTO:
            criterion.trusted_level = TrustedLevel(
                task, cfg.dece_muted_share, cfg.dece_trusted_ids, cfg.valid_subset
            )
            # fairseq looks for the split before it trains, but for --disable-validation.
            if cfg.disable_validation is True and cfg.dece_trusted_ids is None:
                criterion.trusted_level.load()
        return criterion

    def set_epoch(self, epoch: float) -> None:
        """Tell the epoch, counted from 1, in a training loop of one's own.

        Stock fairseq-train needs no such call. See ``TrainingClock.set_epoch``.
        """
        self.schedule.clock.set_epoch(epoch)

    def forward(
        self, model: Any, sample: Dict[str, Any], reduce: bool = True
    ) -> Tuple[Tensor, int, Dict[str, Any]]:
        """Return the loss of a batch; settle alpha first where that is still to be done."""
        schedule = self.schedule
        if model.training and schedule.is_to_be_settled():
            if self.trusted_level is None:
                raise RuntimeError("no trusted_level settles dece_alpha='auto'; give a number")
            schedule.settle(self.trusted_level.measure(model, partial(self._probabilities, model)))
        return super().forward(model, sample, reduce)

    def _probabilities(self, model: Any, sample: Dict[str, Any]) -> Tensor:
        """Return how likely the model finds each target token of a batch."""
        logits, target = self.logits_and_target(model, sample)
        nll = cross_entropy_output(logits, target, self.padding_idx, "none", self.fused).nll
        return (-nll[target != self.padding_idx].double()).exp()

    def loss_output(
        self, logits: Any, target: Tensor, training: bool, reduction: str
    ) -> Optional[LossOutput]:
        schedule = self.schedule
        time = schedule.training_time() if training else schedule.time()
        if time is None or not (training or schedule.is_settled()):
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
        dece_alpha: Union[float, str] = 0.985,
        dece_min_blend: float = 0.0,
        label_smoothing: Optional[float] = None,
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
