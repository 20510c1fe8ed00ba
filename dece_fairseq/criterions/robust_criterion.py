"""What the criterions of losses that are robust to poisoned labels have in common."""

import logging
import math
from abc import abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Dict, List, Optional, Tuple, Union

import torch
from fairseq import utils
from fairseq.criterions import FairseqCriterion
from fairseq.dataclass import FairseqDataclass
from fairseq.logging import metrics
from fairseq.tasks import FairseqTask
from omegaconf import II
from torch import Tensor

from dece_fairseq.criterions.model_output import logits_of, why_no_projection
from dece_fairseq.criterions.probability_recorder import ProbabilityRecorder, RecordingOptions
from dece_fairseq.errors import UserError
from dece_fairseq.losses import LossOutput, Projection, cross_entropy_output

logger = logging.getLogger(__name__)


@dataclass
class RobustCriterionConfig(RecordingOptions, FairseqDataclass):
    """The options that all of them have, as fairseq's label_smoothed_cross_entropy."""

    ignore_prefix_size: int = field(
        default=0,
        metadata={"help": "ignore the first N target tokens, 0 or more"},
    )
    report_accuracy: bool = field(
        default=False,
        metadata={"help": "report the accuracy of the next token, in percent"},
    )
    sentence_avg: bool = II("optimization.sentence_avg")


class RobustCriterion(FairseqCriterion):
    """A loss in training, plain cross-entropy in validation.

    What a robust loss says of a model can't be compared with what another one says, or the same
    one at another time. In validation (``model.eval()``) the loss is therefore cross-entropy
    without smoothing, and the value of the loss itself is logged beside it.

    Raises:
        UserError: an option is out of its range; the option is named
    """

    #: what the loss is called in the log of validation, where it is not ``loss``
    loss_name: ClassVar[str]
    #: whether the loss can be computed without all logits
    takes_projection: ClassVar[bool] = True
    #: which kernels are wanted for cross-entropy, see ``losses.kernels.fused_kernel``
    fused: Optional[bool] = None
    #: records how likely each training pair is, where that was asked for
    recorder: Optional[ProbabilityRecorder] = None

    @classmethod
    def build_criterion(cls, cfg: RecordingOptions, task: FairseqTask) -> "RobustCriterion":
        """Build the criterion as fairseq does, and what its options ask for besides."""
        criterion: RobustCriterion = super().build_criterion(cfg, task)
        if cfg.record_probabilities:
            criterion.recorder = ProbabilityRecorder(Path(cfg.save_dir), task)
        return criterion

    def __init__(
        self,
        task: FairseqTask,
        sentence_avg: bool,
        ignore_prefix_size: int = 0,
        report_accuracy: bool = False,
    ) -> None:
        super().__init__(task)
        check_option(
            "--ignore-prefix-size", ignore_prefix_size >= 0, "0 or more", ignore_prefix_size
        )
        self.sentence_avg = sentence_avg
        self.ignore_prefix_size = ignore_prefix_size
        self.report_accuracy = report_accuracy
        self._said_why = False

    @abstractmethod
    def loss_output(
        self, logits: Any, target: Tensor, training: bool, reduction: str
    ) -> Optional[LossOutput]:
        """Return the loss of targets, and predictions if ``report_accuracy`` asks for them.

        Args:
            logits: (N, V), or a ``dece_fairseq.losses.Projection`` if ``takes_projection``
            target: (N,), ``padding_idx`` where there is none
            training: whether the loss is trained with
            reduction: "sum" or "none"

        Returns:
            the loss and what is logged with it; None where it can't be told in validation
        """

    def learned(self, sample: Dict[str, Any], target: Tensor) -> Tensor:
        """Return the targets (N,) of a training batch with ``padding_idx`` for what is muted."""
        return target

    def training_log(self, sample_size: int) -> Dict[str, Any]:
        """Return what else training logs, weighted so that it can be summed over batches."""
        return {}

    def forward(
        self, model: Any, sample: Dict[str, Any], reduce: bool = True
    ) -> Tuple[Tensor, int, Dict[str, Any]]:
        """Return the loss of a batch.

        Returns:
            the loss, summed over tokens, or for ``reduce=False`` one value a token, flat and 0 for
            padding; the sample size that gradients are divided by; what is logged
        """
        logits, target = self.logits_and_target(model, sample)
        sample_size = sample["target"].size(0) if self.sentence_avg else sample["ntokens"]
        logging_output = {
            "ntokens": sample["ntokens"],
            "nsentences": sample["target"].size(0),
            "sample_size": sample_size,
        }
        if self.ignore_prefix_size:
            logging_output["targets"] = (target != self.padding_idx).sum()
        reduction = "sum" if reduce else "none"
        if model.training:
            tokens = target
            target = self.learned(sample, tokens)
            if target is not tokens:
                logging_output["muted"] = (target != tokens).sum()
        found = self.loss_output(logits, target, model.training, reduction)
        if model.training:
            assert found is not None  # loss_output() promises
            losses = found.loss
            logging_output.update(self.training_log(sample_size))
            if self.recorder is not None:
                self.recorder.record(sample["id"], found.nll, target != self.padding_idx)
        else:
            if found is not None:
                logging_output[self.loss_name] = found.loss.detach().sum()
            losses, found = self._plain(logits, target, reduction, found)
        logging_output["loss"] = losses.detach().sum()
        logging_output["nll_loss"] = found.nll.sum()
        if found.predictions is not None:
            kept = target != self.padding_idx
            logging_output["n_correct"] = ((found.predictions == target) & kept).sum()
            logging_output["total"] = kept.sum()
        return losses, sample_size, logging_output

    def _plain(
        self, logits: Any, target: Tensor, reduction: str, found: Optional[LossOutput]
    ) -> Tuple[Tensor, LossOutput]:
        """Return cross-entropy, which the nll of another loss is too, though it has no gradient."""
        if found is None or torch.is_grad_enabled():
            predictions = found is None and self.report_accuracy
            plain = cross_entropy_output(
                logits, target, self.padding_idx, reduction, self.fused, predictions
            )
            return plain.loss, found or plain
        return found.nll.sum() if reduction == "sum" else found.nll, found

    def logits_and_target(
        self, model: Any, sample: Dict[str, Any]
    ) -> Tuple[Union[Tensor, Projection], Tensor]:
        """Return logits (tokens, V) or their projection, and targets, without the prefix."""
        no_projection: Optional[str] = f"{type(self).__name__} compares all words"
        if self.takes_projection:
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
        # fairseq takes the ignored prefix for tokens here, so that its perplexity is too low.
        counted = "targets" if any("targets" in log for log in logging_outputs) else "ntokens"
        ntokens, sample_size = (total(logging_outputs, key) for key in (counted, "sample_size"))
        # In base 2, as all of fairseq's.
        loss = total(logging_outputs, "loss") / sample_size / math.log(2)
        metrics.log_scalar("loss", loss, sample_size, round=3)
        muted = total(logging_outputs, "muted")
        if any("muted" in log for log in logging_outputs):
            metrics.log_scalar("muted", 100 * _share(muted, ntokens), ntokens, round=2)
        ntokens = ntokens - muted
        # A step in which all is muted has none. A validation, which mutes nothing, always has one,
        # if it is nan: fairseq fails where the metric that picks checkpoints is missing.
        if ntokens > 0 or not muted:
            nll_loss = _share(total(logging_outputs, "nll_loss"), ntokens) / math.log(2)
            metrics.log_scalar("nll_loss", nll_loss, ntokens, round=3)
            metrics.log_derived("ppl", lambda meters: utils.get_perplexity(meters["nll_loss"].avg))
        if any(cls.loss_name in log for log in logging_outputs):
            loss = total(logging_outputs, cls.loss_name) / sample_size / math.log(2)
            metrics.log_scalar(cls.loss_name, loss, sample_size, round=3)
        if utils.item(total(logging_outputs, "total")) > 0:
            metrics.log_scalar("n_correct", utils.item(total(logging_outputs, "n_correct")))
            metrics.log_scalar("total", utils.item(total(logging_outputs, "total")))
            metrics.log_derived("accuracy", _accuracy)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Return True: each value is a sum over the batch, so workers can be summed."""
        return True


def total(logging_outputs: List[Dict[str, Any]], key: str) -> Any:
    """Return the sum of a value over batches and workers."""
    return sum(log.get(key, 0) for log in logging_outputs)


def _share(part: Any, whole: Any) -> Any:
    return part / whole if whole > 0 else math.nan


def check_option(option: str, right: bool, wanted: str, got: object) -> None:
    """Raise a UserError that names the option, unless it is right."""
    if not right:
        raise UserError(f"{option} must be {wanted}, got {got}")


def _accuracy(meters: Dict[str, Any]) -> float:
    of_all = meters["total"].sum
    return round(100 * meters["n_correct"].sum / of_all, 3) if of_all > 0 else math.nan
