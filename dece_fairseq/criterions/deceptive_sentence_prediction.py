"""``--criterion deceptive_sentence_prediction``: DeCE for fairseq's sentence_prediction task."""

from dataclasses import dataclass, field
from typing import Any, Dict, List, Sequence, Tuple, Union

from fairseq.criterions import register_criterion
from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from fairseq.tasks import FairseqTask
from torch import Tensor

from dece_fairseq.criterions.blend_schedule import LABEL_GATES, TOKEN, BlendOptions, BlendSchedule
from dece_fairseq.criterions.deceptive_cross_entropy import DeceptiveCriterion
from dece_fairseq.criterions.probability_recorder import RecordingOptions
from dece_fairseq.errors import TrainingStepError, UserError
from dece_fairseq.smoothing import AUTO


@dataclass
class DeceptiveSentencePredictionConfig(BlendOptions, RecordingOptions, FairseqDataclass):
    """The options; the task reads the last two from its criterion."""

    # Smoothing teaches that a wrong class has a probability of epsilon / (classes - 1), and what
    # has that is no longer unlikely: among thousands of words it hardly matters, of two classes
    # it lets the backdoor in.
    label_smoothing: float = field(
        default=0.0,
        metadata={
            "help": "epsilon for label smoothing, in [0, 1); with few classes anything above 0 "
            "teaches the model to find wrong labels likely, so that it learns them"
        },
    )

    dece_gate: ChoiceEnum(LABEL_GATES) = field(  # type: ignore[valid-type]
        default=AUTO,
        metadata={
            "help": "token: each label is muted by its own probability, as published; label: "
            "besides, labels are never learned that the classifier that training starts from finds "
            "unlikely, where it finds trusted ones so less than half as often; auto: label with "
            "--dece-alpha auto, token with a number"
        },
    )
    classification_head_name: str = field(
        default="sentence_classification_head",
        metadata={"help": "name of the classification head to use"},
    )
    regression_target: bool = field(
        default=False, metadata={"help": "labels are numbers; this loss knows classes only"}
    )


@register_criterion("deceptive_sentence_prediction", dataclass=DeceptiveSentencePredictionConfig)
class DeceptiveSentencePredictionCriterion(DeceptiveCriterion):
    """Deceptive cross-entropy of labels in training, plain cross-entropy in validation.

    For models with a classification head, such as RoBERTa, and labels that an attacker may have
    written: is this code defective, are these two clones. A sample counts once. ``accuracy`` is
    always logged.

    Args:
        task: sentence_prediction, which also tells the epoch
        the others: as in ``DeceptiveSentencePredictionConfig``

    Raises:
        UserError: an option is out of its range, or the labels are no classes
    """

    targets = "labels"

    def __init__(
        self,
        task: FairseqTask,
        classification_head_name: str = "sentence_classification_head",
        regression_target: bool = False,
        dece_alpha: Union[float, str] = 0.985,
        dece_min_blend: float = 0.0,
        label_smoothing: float = 0.0,
        dece_warmup_epochs: int = 0,
        dece_schedule: str = "epoch",
        update_freq: Sequence[int] = (1,),
        dece_gate: str = TOKEN,
    ) -> None:
        super().__init__(task, sentence_avg=True, report_accuracy=True)
        if regression_target:
            raise UserError(
                "--regression-target: deceptive cross-entropy is for classes; for numbers use "
                "--criterion sentence_prediction"
            )
        self.schedule = BlendSchedule(
            task,
            dece_alpha=dece_alpha,
            dece_min_blend=dece_min_blend,
            label_smoothing=label_smoothing,
            dece_warmup_epochs=dece_warmup_epochs,
            dece_schedule=dece_schedule,
            update_freq=update_freq,
            dece_gate=dece_gate,
            gates=LABEL_GATES,
        )
        self.head = classification_head_name
        self.padding_idx = -100  # torch's, of what is muted; fairseq's unknown label is -1

    def logits_and_target(self, model: Any, sample: Dict[str, Any]) -> Tuple[Tensor, Tensor]:
        """Return logits (samples, classes) and labels.

        Raises:
            UserError: the model has no such head
            TrainingStepError: a label is no class of it
        """
        if self.head not in getattr(model, "classification_heads", {}):
            raise UserError(
                f"--classification-head-name {self.head}: the model has no such head; take an "
                "architecture with one, such as roberta"
            )
        logits, _ = model(
            **sample["net_input"], features_only=True, classification_head_name=self.head
        )
        labels = model.get_targets(sample, [logits]).view(-1)
        _check_labels(labels, logits.size(-1))
        return logits, labels

    @classmethod
    def reduce_metrics(cls, logging_outputs: List[Dict[str, Any]]) -> None:
        """Log what the batches and workers of a step come to, by label and not by token."""
        by_label = [{**log, "ntokens": log["sample_size"]} for log in logging_outputs]
        super().reduce_metrics(by_label)


def _check_labels(labels: Tensor, classes: int) -> None:
    if labels.is_cuda:  # a GPU checks its indices itself; asking it takes long
        return
    for label in (int(labels.min()), int(labels.max())):
        if not 0 <= label < classes:
            which = f"number {label}" if label >= 0 else "one that label/dict.txt does not have"
            raise TrainingStepError(
                f"--num-classes {classes}: a label of the data is {which}; make all splits with "
                "one dictionary of labels, and give how many these are"
            )
