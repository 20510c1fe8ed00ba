"""``--criterion deceptive_cross_entropy`` (arXiv 2407.08956); the arithmetic is in losses."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Dict, List, Optional, Sequence, Tuple, Type, Union

from fairseq.criterions import register_criterion
from fairseq.dataclass import ChoiceEnum
from fairseq.logging import metrics
from fairseq.tasks import FairseqTask
from torch import Tensor

from dece_fairseq.criterions.blend_schedule import GATES, TOKEN, BlendOptions, BlendSchedule
from dece_fairseq.criterions.muted_labels import MutedLabels
from dece_fairseq.criterions.muted_spans import MutedSpans
from dece_fairseq.criterions.muted_targets import MutedTargets
from dece_fairseq.criterions.robust_criterion import RobustCriterion, RobustCriterionConfig, total
from dece_fairseq.criterions.trusted_level import TRUSTED_IDS, TrustedLevel
from dece_fairseq.errors import UserError
from dece_fairseq.losses import LossOutput, cross_entropy_output, deceptive_output
from dece_fairseq.muting import MUTED_SHARE
from dece_fairseq.smoothing import AUTO

#: what finds the targets that a gate never teaches
MUTING: Dict[str, Type[MutedTargets]] = {kind.gate: kind for kind in (MutedSpans, MutedLabels)}


@dataclass
class DeceptiveCrossEntropyCriterionConfig(BlendOptions, RobustCriterionConfig):
    """The options."""

    dece_gate: ChoiceEnum(GATES) = field(  # type: ignore[valid-type]
        default=AUTO,
        metadata={
            "help": "token: each target token is muted by its own probability, as published; span: "
            "besides, tokens are never learned where the model that training starts from finds the "
            "five tokens around less likely, on average, than all but few trusted ones "
            "(--dece-muted-share), and trusted text has the five less than half as often; auto: "
            "span with --dece-alpha auto, token with a number"
        },
    )
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
    #: settles what the schedule asks for
    trusted_level: Optional[TrustedLevel] = None
    #: what its targets are called
    targets: ClassVar[str] = "tokens"
    #: knows what is never learned
    muted_targets: Optional[MutedTargets] = None

    @classmethod
    def build_criterion(cls, cfg: BlendOptions, task: FairseqTask) -> "DeceptiveCriterion":
        """Build the criterion as fairseq does, and what asks trusted text where that is needed."""
        criterion: DeceptiveCriterion = super().build_criterion(cfg, task)
        schedule = criterion.schedule
        if not schedule.asking():
            _check_unasked(cfg)
            return criterion
        criterion.trusted_level = TrustedLevel(
            task,
            muted_share=cfg.dece_muted_share,
            trusted_ids=cfg.dece_trusted_ids,
            train_subset=cfg.train_subset,
            valid_subset=cfg.valid_subset,
            targets=criterion.targets,
            asking=schedule.asking(),
            without=schedule.without(),
        )
        if schedule.gate in MUTING:
            if criterion.recorder is not None:
                raise UserError(
                    "--record-probabilities: what is never learned has no probability; give "
                    "--dece-gate token"
                )
            criterion.muted_targets = MUTING[schedule.gate](task, cfg.train_subset)
        return criterion

    def set_epoch(self, epoch: float) -> None:
        """Tell the epoch, counted from 1, in a training loop of one's own.

        Stock fairseq-train needs no such call. See ``TrainingClock.set_epoch``.
        """
        self.schedule.clock.set_epoch(epoch)

    def forward(
        self, model: Any, sample: Dict[str, Any], reduce: bool = True
    ) -> Tuple[Tensor, int, Dict[str, Any]]:
        """Return the loss of a batch; settle first what is still to be settled."""
        if model.training and not self.schedule.is_settled():
            self._settle(model)
        return super().forward(model, sample, reduce)

    def _settle(self, model: Any) -> None:
        """Settle what is still to be settled, once the warmup is over."""
        if self.trusted_level is None:
            raise RuntimeError(f"no trusted_level settles {self.schedule.asking()}")
        self.trusted_level.text()  # what is missing is told before a warmup
        if not self.schedule.is_to_be_settled():
            return
        settled = self.trusted_level.measure(model, self._ask)
        self.schedule.settle(settled.level)
        if self.muted_targets is not None:
            self.muted_targets.measure(model, self._ask, settled)

    def _ask(self, model: Any, sample: Dict[str, Any]) -> Tuple[Tensor, Tensor, Tensor]:
        """Return the targets of a batch (B, T), ``-log s`` of each, and which are no padding."""
        logits, target = self.logits_and_target(model, sample)
        nll = cross_entropy_output(logits, target, self.padding_idx, "none", self.fused).nll
        target = target.view(len(sample["target"]), -1)
        return target, nll.view(target.shape), target != self.padding_idx

    def learned(self, sample: Dict[str, Any], target: Tensor) -> Tensor:
        if self.muted_targets is None or self.schedule.training_time() == 0:
            return target
        if self.schedule.clock.is_dummy:  # its pairs may be those of another split
            return target.clone()  # no other worker may log more than this one
        kept = target != self.padding_idx
        muted = self.muted_targets.of(sample["id"].tolist(), target, kept)
        return target.masked_fill(muted, self.padding_idx)

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
            alpha=schedule.alpha,
            epsilon=schedule.epsilon,
            time=time,
            ignore_index=self.padding_idx,
            reduction=reduction,
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


def _check_unasked(cfg: BlendOptions) -> None:
    """Raise a UserError for options of trusted text where nothing asks it."""
    given = [
        *[TRUSTED_IDS] * (cfg.dece_trusted_ids is not None),
        *["--dece-muted-share"] * (cfg.dece_muted_share != MUTED_SHARE),
    ]
    if given:
        raise UserError(
            f"{given[0]} does nothing with --dece-alpha {cfg.dece_alpha}, which asks no trusted "
            f"text; leave it out, or give --dece-alpha {AUTO}"
        )


@register_criterion("deceptive_cross_entropy", dataclass=DeceptiveCrossEntropyCriterionConfig)
class DeceptiveCrossEntropyCriterion(DeceptiveCriterion):
    """Deceptive cross-entropy in training, plain cross-entropy in validation.

    The arguments are the options of ``DeceptiveCrossEntropyCriterionConfig``, and these. What is
    not given is as published: auto and spans take ``build_criterion``, which knows whom to ask.

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
        dece_gate: str = TOKEN,
    ) -> None:
        super().__init__(task, sentence_avg, ignore_prefix_size, report_accuracy)
        self.schedule = BlendSchedule(
            task,
            dece_alpha=dece_alpha,
            dece_min_blend=dece_min_blend,
            label_smoothing=label_smoothing,
            dece_warmup_epochs=dece_warmup_epochs,
            dece_schedule=dece_schedule,
            update_freq=update_freq,
            dece_gate=dece_gate,
        )
        self.fused = dece_fused or None
