"""DeCE of labels: the loss, and what is logged."""

import math
from argparse import Namespace
from typing import Any, Dict, List

import pytest
import torch
from fairseq.criterions.sentence_prediction import SentencePredictionCriterion
from fairseq.models import BaseFairseqModel
from fairseq.tasks.translation import TranslationTask
from torch import Tensor
from torch.nn.functional import cross_entropy

from dece_fairseq.criterions.deceptive_sentence_prediction import (
    DeceptiveSentencePredictionConfig,
    DeceptiveSentencePredictionCriterion,
)
from dece_fairseq.errors import TrainingStepError
from dece_fairseq.losses import deceptive_cross_entropy
from support.echo import reduced

LABELS = torch.tensor([0, 1, 1, 2, 0])


class Classifier(BaseFairseqModel):
    """Gives the logits it was made of, from the head that is asked for."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.logits = torch.nn.Parameter(torch.randn(5, 3))
        self.classification_heads = {"defect": None}
        self.args = Namespace()  # which fairseq 0.12.2 looks into

    def forward(self, ids: Tensor, features_only: bool, classification_head_name: str) -> Any:
        assert features_only
        assert classification_head_name == "defect"
        return self.logits[ids], {}


def batch(ids: List[int]) -> Dict[str, Any]:
    index = torch.tensor(ids)
    return {"net_input": {"ids": index}, "target": LABELS[index][:, None], "ntokens": 7 * len(ids)}


def criterion_of(task: TranslationTask, epoch: float = 3, **options: Any) -> Any:
    options.setdefault("classification_head_name", "defect")
    criterion = DeceptiveSentencePredictionCriterion(task, **options)
    criterion.set_epoch(epoch)
    return criterion


@pytest.mark.parametrize("epsilon", [0.0, 0.1])
def test_training_loss_is_the_pure_function(task: TranslationTask, epsilon: float) -> None:
    model = Classifier()
    criterion = criterion_of(task, dece_alpha=0.8, label_smoothing=epsilon)
    loss, sample_size, log = criterion(model, batch([0, 1, 2, 3, 4]))
    expected = deceptive_cross_entropy(model.logits, LABELS, 0.8, epsilon, 3)
    torch.testing.assert_close(loss, expected)
    gradients = [torch.autograd.grad(value, model.logits)[0] for value in (loss, expected)]
    torch.testing.assert_close(*gradients)
    right = int((model.logits.argmax(-1) == LABELS).sum())
    assert sample_size == log["nsentences"] == log["total"] == 5
    assert log["n_correct"] == right
    logged = reduced(criterion, [log])
    nll = cross_entropy(model.logits, LABELS).item()
    assert logged["accuracy"] == 20 * right
    assert logged["nll_loss"] == pytest.approx(nll / math.log(2), abs=1e-3)
    assert logged["loss"] == pytest.approx(expected.item() / 5 / math.log(2), abs=1e-3)
    assert logged["blend"] == pytest.approx(0.8**3)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("label", "told"), [(3, "number 3;"), (-1, "label/dict.txt does not")])
def test_a_label_that_is_no_class(
    task: TranslationTask, label: int, told: str, training: bool
) -> None:
    """To fairseq a label that its dictionary does not have is number -1."""
    sample = {**batch([0, 1]), "target": torch.tensor([[0], [label]])}
    message = f"--num-classes 3: a label of the data is .*{told}"
    with pytest.raises(TrainingStepError, match=message):
        criterion_of(task)(Classifier().train(training), sample)


def test_validation_is_the_stock_criterion(task: TranslationTask) -> None:
    model = Classifier().eval()
    task.label_dictionary = None
    stock = SentencePredictionCriterion(DeceptiveSentencePredictionCriterionStock("defect"), task)
    expected, _, stock_log = stock(model, batch([0, 1, 2, 3, 4]))
    loss, _, log = criterion_of(task)(model, batch([0, 1, 2, 3, 4]))
    torch.testing.assert_close(loss, expected)
    assert log["n_correct"] == stock_log["ncorrect"]
    assert log["dece_loss"] < loss


class DeceptiveSentencePredictionCriterionStock:
    """The options of fairseq's own criterion."""

    regression_target = report_mcc = report_acc_and_f1 = report_pearson_and_spearman = False

    def __init__(self, head: str) -> None:
        self.classification_head_name = head


def test_logs_of_two_workers_come_to_those_of_the_whole(task: TranslationTask) -> None:
    model = Classifier()
    criterion = criterion_of(task)
    whole = reduced(criterion, [criterion(model, batch([0, 1, 2, 3, 4]))[2]])
    shards = [criterion(model, batch(ids))[2] for ids in ([0, 3, 4], [1, 2])]
    assert reduced(criterion, shards) == pytest.approx(whole, abs=2e-3)


def test_labels_are_not_smoothed_unless_asked_for(task: TranslationTask) -> None:
    """Among two classes smoothing makes the wrong one likely, and lets the backdoor in."""
    config = DeceptiveSentencePredictionConfig(update_freq=[1])
    assert config.label_smoothing == 0
    criterion = DeceptiveSentencePredictionCriterion.build_criterion(config, task)
    assert criterion.schedule.epsilon == 0
    assert criterion.head == "sentence_classification_head"


def test_what_can_not_be_done_is_named(task: TranslationTask) -> None:
    with pytest.raises(ValueError, match=r"--regression-target: .* for classes"):
        criterion_of(task, regression_target=True)
    with pytest.raises(ValueError, match="--dece-alpha must be"):
        criterion_of(task, dece_alpha=2)
    with pytest.raises(ValueError, match="--classification-head-name clone: the model has no"):
        criterion_of(task, classification_head_name="clone")(Classifier(), batch([0]))


def test_training_without_an_epoch(task: TranslationTask) -> None:
    with pytest.raises(RuntimeError, match=r"criterion\.set_epoch\(n\)"):
        DeceptiveSentencePredictionCriterion(task, "defect")(Classifier(), batch([0]))
