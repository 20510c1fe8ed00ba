"""``--criterion deceptive_cross_entropy`` (arXiv 2407.08956); the arithmetic is in losses."""

import logging
import math
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import torch
from fairseq import utils
from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from fairseq.logging import metrics
from fairseq.tasks import FairseqTask
from omegaconf import II
from torch import Tensor

from dece_fairseq.criterions.model_output import logits_of, why_no_projection
from dece_fairseq.criterions.training_clock import TrainingClock
from dece_fairseq.losses import DeceptiveLoss, Projection, blend, deceptive_terms

logger = logging.getLogger(__name__)

SCHEDULES = ("epoch", "update")


@dataclass
class DeceptiveCrossEntropyCriterionConfig(FairseqDataclass):
    """The options; the defaults are those of the authors' loss code."""

    dece_alpha: float = field(
        default=0.985,
        metadata={
            "help": "base of the blend alpha ** T, in (0, 1]; 1 is label-smoothed cross-entropy"
        },
    )
    label_smoothing: float = field(
        default=0.05,
        metadata={"help": "epsilon for label smoothing, in [0, 1), 0 means no label smoothing"},
    )
    dece_warmup_epochs: int = field(
        default=0,
        metadata={
            "help": "epochs of label-smoothed cross-entropy before the blend falls; "
            "T is then the epoch minus these"
        },
    )
    dece_schedule: ChoiceEnum(SCHEDULES) = field(  # type: ignore[valid-type]
        default="epoch",
        metadata={
            "help": "when T grows: a step an epoch, as published, or the same curve continuously "
            "over updates (an epoch's last update has T = epoch)"
        },
    )
    ignore_prefix_size: int = field(
        default=0,
        metadata={"help": "ignore the first N target tokens, 0 or more"},
    )
    report_accuracy: bool = field(
        default=False,
        metadata={"help": "report the accuracy of the next token, in percent"},
    )
    dece_fused: bool = field(
        default=False,
        metadata={
            "help": "compute the loss by a fused kernel: in C++ on a CPU, built the first time, "
            "in Triton on a GPU; where neither can be had plain torch does it, the same"
        },
    )
    sentence_avg: bool = II("optimization.sentence_avg")
    update_freq: List[int] = II("optimization.update_freq")


@register_criterion("deceptive_cross_entropy", dataclass=DeceptiveCrossEntropyCriterionConfig)
class DeceptiveCrossEntropyCriterion(FairseqCriterion):
    """Deceptive cross-entropy in training, plain cross-entropy in validation.

    The blend falls as training goes on, so DeCE values of different epochs can't be compared.
    In validation (``model.eval()``) the loss is therefore cross-entropy without smoothing, and the
    DeCE value is logged beside it as ``dece_loss`` where the epoch is known.

    Raises:
        ValueError: an option is out of its range; the option is named
    """

    def __init__(
        self,
        task: FairseqTask,
        sentence_avg: bool,
        dece_alpha: float = 0.985,
        label_smoothing: float = 0.05,
        dece_warmup_epochs: int = 0,
        dece_schedule: str = "epoch",
        ignore_prefix_size: int = 0,
        report_accuracy: bool = False,
        dece_fused: bool = False,
        update_freq: Sequence[int] = (1,),
    ) -> None:
        super().__init__(task)
        _check("--dece-alpha", 0 < dece_alpha <= 1, "in (0, 1]", dece_alpha)
        _check("--label-smoothing", 0 <= label_smoothing < 1, "in [0, 1)", label_smoothing)
        _check(
            "--dece-warmup-epochs",
            0 <= dece_warmup_epochs < math.inf,
            "finite and 0 or more",
            dece_warmup_epochs,
        )
        _check("--dece-schedule", dece_schedule in SCHEDULES, " or ".join(SCHEDULES), dece_schedule)
        _check("--ignore-prefix-size", ignore_prefix_size >= 0, "0 or more", ignore_prefix_size)
        self.sentence_avg = sentence_avg
        self.alpha = dece_alpha
        self.epsilon = label_smoothing
        self.warmup_epochs = dece_warmup_epochs
        self.schedule = dece_schedule
        self.ignore_prefix_size = ignore_prefix_size
        self.report_accuracy = report_accuracy
        self.fused = dece_fused
        self.update_freq = update_freq
        self.clock = TrainingClock.of(task)
        self._said_why = False

    def set_epoch(self, epoch: float) -> None:
        """Tell the epoch, counted from 1, in a training loop of one's own.

        Stock fairseq-train needs no such call. See :meth:`TrainingClock.set_epoch`.
        """
        self.clock.set_epoch(epoch)

    def time(self) -> Optional[float]:
        """T of ``alpha ** T``: epochs since the warmup; None as long as no epoch was told."""
        if self.schedule == "update":
            epoch = self.clock.epoch_by_update(self.update_freq)
        else:
            epoch = self.clock.epoch
        return None if epoch is None else max(0.0, epoch - self.warmup_epochs)

    def forward(
        self, model: Any, sample: Dict[str, Any], reduce: bool = True
    ) -> Tuple[Tensor, int, Dict[str, Any]]:
        """The loss of a batch.

        Returns:
            the loss, summed over tokens, or for ``reduce=False`` one value a token, flat and 0 for
            padding; the sample size that gradients are divided by; what is logged

        Raises:
            RuntimeError: training, and no epoch was told
        """
        time = self.time()
        if model.training and time is None:
            raise RuntimeError(
                "deceptive_cross_entropy doesn't know the epoch: no task.begin_epoch was called; "
                "in a training loop of your own call criterion.set_epoch(n), n counted from 1"
            )
        logits, target = self.logits_and_target(model, sample)
        sample_size = sample["target"].size(0) if self.sentence_avg else sample["ntokens"]
        logging_output = {
            "ntokens": sample["ntokens"],
            "nsentences": sample["target"].size(0),
            "sample_size": sample_size,
        }

        def terms(epsilon: float, time: float, best: bool = False) -> DeceptiveLoss:
            reduction = "sum" if reduce else "none"
            options = (self.alpha, epsilon, time, self.padding_idx, reduction)
            return deceptive_terms(logits, target, *options, fused=self.fused, best=best)

        if time is None:
            found = terms(0.0, 0.0, self.report_accuracy)
        else:
            found = terms(self.epsilon, time, self.report_accuracy)
        losses = found.loss
        if model.training and time is not None:
            # Weighted, so that it can be summed over batches and workers.
            logging_output["blend"] = blend(self.alpha, time) * sample_size
        elif time is not None:
            logging_output["dece_loss"] = found.loss.detach().sum()
            # Plain cross-entropy; found.nll is that, but has no gradient if someone asks for it.
            if torch.is_grad_enabled():
                losses = terms(0.0, 0.0).loss
            else:
                losses = found.nll.sum() if reduce else found.nll
        logging_output["loss"] = losses.detach().sum()
        logging_output["nll_loss"] = found.nll.sum()
        if found.best is not None:
            kept = target != self.padding_idx
            logging_output["n_correct"] = ((found.best == target) & kept).sum()
            logging_output["total"] = kept.sum()
        return losses, sample_size, logging_output

    def logits_and_target(
        self, model: Any, sample: Dict[str, Any]
    ) -> Tuple[Union[Tensor, Projection], Tensor]:
        """Logits (tokens, V), at best yet to be made, and targets, without the ignored prefix."""
        no_projection = why_no_projection(model)
        if no_projection is None:
            net_output = model(**sample["net_input"], features_only=True)
            values = net_output[0]
        else:
            if not self._said_why:
                logger.info(f"the loss needs all logits at a time: {no_projection}")
                self._said_why = True
            net_output = model(**sample["net_input"])
            values = logits_of(model, net_output)
        target = model.get_targets(sample, net_output)
        values = values[:, self.ignore_prefix_size :]
        target = target[:, self.ignore_prefix_size :].reshape(-1)
        values = values.reshape(-1, values.size(-1))
        if no_projection is None:
            projection = model.decoder.output_projection
            return Projection(values, projection.weight, projection.bias), target
        return values, target

    @classmethod
    def reduce_metrics(cls, logging_outputs: List[Dict[str, Any]]) -> None:
        """Log what the batches and workers of a step, or of a validation, come to."""

        def total(key: str) -> Any:
            return sum(log.get(key, 0) for log in logging_outputs)

        ntokens, sample_size = total("ntokens"), total("sample_size")
        # In base 2, as all of fairseq's.
        loss = total("loss") / sample_size / math.log(2)
        metrics.log_scalar("loss", loss, sample_size, round=3)
        nll_loss = total("nll_loss") / ntokens / math.log(2)
        metrics.log_scalar("nll_loss", nll_loss, ntokens, round=3)
        metrics.log_derived("ppl", lambda meters: utils.get_perplexity(meters["nll_loss"].avg))

        logged = {key for log in logging_outputs for key in log}
        if "dece_loss" in logged:
            dece_loss = total("dece_loss") / sample_size / math.log(2)
            metrics.log_scalar("dece_loss", dece_loss, sample_size, round=3)
        if "blend" in logged:
            metrics.log_scalar("blend", total("blend") / sample_size, sample_size, round=6)
        if utils.item(total("total")) > 0:
            metrics.log_scalar("n_correct", utils.item(total("n_correct")))
            metrics.log_scalar("total", utils.item(total("total")))
            metrics.log_derived("accuracy", _accuracy)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """True: each value is a sum over the batch, so workers can be summed before reducing."""
        return True


def _accuracy(meters: Dict[str, Any]) -> float:
    total = meters["total"].sum
    return round(100 * meters["n_correct"].sum / total, 3) if total > 0 else math.nan


def _check(option: str, right: bool, wanted: str, got: object) -> None:
    if not right:
        raise ValueError(f"{option} must be {wanted}, got {got}")
