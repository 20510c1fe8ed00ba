"""``--dece-gate label``: labels that the starting classifier contradicts too often."""

from argparse import Namespace
from pathlib import Path
from typing import Any, Callable, List

import pytest
import torch
from fairseq.data import Dictionary, IdDataset, NestedDictionaryDataset, RawLabelDataset
from fairseq.models import BaseFairseqModel
from fairseq.tasks.translation import TranslationTask
from torch import Tensor

from dece_fairseq.criterions.deceptive_cross_entropy import DeceptiveCrossEntropyCriterionConfig
from dece_fairseq.criterions.deceptive_sentence_prediction import (
    DeceptiveSentencePredictionConfig,
    DeceptiveSentencePredictionCriterion,
)
from dece_fairseq.criterions.muted_targets import MUTED
from dece_fairseq.errors import UserError

#: what the classifier finds right, in order; the data say otherwise of the numbers in FLIPPED
RIGHT = [0, 1] * 10
FLIPPED = [1, 5, 9]


class Classifier(BaseFairseqModel):
    """Finds the right label of every request likely, as it was made to."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        odds = torch.tensor([probability, 1 - probability]).log()
        self.logits = torch.nn.Parameter(torch.stack([odds, odds.flip(0)])[RIGHT])
        self.classification_heads = {"sentence_classification_head": None}
        self.args = Namespace()  # which fairseq 0.12.2 looks into

    def forward(self, ids: Tensor, **_: Any) -> Any:
        return self.logits[ids], {}


def split_of(labels: List[int]) -> NestedDictionaryDataset:
    numbers = list(range(len(labels)))
    items = {
        "id": IdDataset(),
        "net_input": {"ids": RawLabelDataset(numbers)},
        "target": RawLabelDataset(labels),
    }
    return NestedDictionaryDataset(items, sizes=[[1] * len(labels)])


@pytest.fixture
def labelled(task: TranslationTask) -> TranslationTask:
    """Twenty training pairs of which three are flipped to 0, and ten that are trusted."""
    task.label_dictionary = Dictionary()
    for label in ("safe", "defect"):
        task.label_dictionary.add_symbol(label)
    labels = [0 if number in FLIPPED else label for number, label in enumerate(RIGHT)]
    task.datasets.update(train=split_of(labels), valid=split_of(RIGHT[:10]))
    return task


@pytest.fixture
def criterion_of(labelled: TranslationTask) -> Callable[..., Any]:
    def build(**options: Any) -> Any:
        config = DeceptiveSentencePredictionConfig(
            update_freq=[1], train_subset="train", valid_subset="valid", **options
        )
        criterion = DeceptiveSentencePredictionCriterion.build_criterion(config, labelled)
        labelled.begin_epoch(1, None)
        return criterion

    return build


def batch_of(task: TranslationTask, numbers: List[int]) -> Any:
    dataset = task.dataset("train")
    sample = dataset.collater([dataset[number] for number in numbers])
    return {**sample, "ntokens": len(numbers)}


def test_flipped_labels_are_never_learned(
    labelled: TranslationTask, criterion_of: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    model = Classifier(0.99).train()
    criterion = criterion_of()
    loss, sample_size, log = criterion(model, batch_of(labelled, [0, 1, 2, 9]))
    loss.backward()
    learned = model.logits.grad.abs().sum(1) > 0
    assert learned.nonzero().flatten().tolist() == [0, 2]
    assert (sample_size, log["muted"]) == (4, 2)  # so no other label's gradient grows
    assert "of 20 training labels 3 are never learned (3 of 'safe')" in caplog.text
    # It is the starting classifier that says so.
    with torch.no_grad():
        model.logits.zero_()
    assert criterion(model, batch_of(labelled, FLIPPED))[2]["muted"] == 3


def test_a_model_that_contradicts_every_trusted_label(
    labelled: TranslationTask, criterion_of: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    criterion_of()(Classifier(0.01).train(), batch_of(labelled, FLIPPED))
    assert "of which 100 % are unlikelier than 0.5" in caplog.text
    assert "of the 10 labels of valid no more than" in caplog.text
    assert "as half of the labels of valid have" in caplog.text


def test_nothing_is_muted_where_trusted_labels_are_as_unlikely(
    labelled: TranslationTask, criterion_of: Callable[..., Any]
) -> None:
    contradicted = [0 if number in (1, 3) else label for number, label in enumerate(RIGHT[:10])]
    labelled.datasets["valid"] = split_of(contradicted)
    criterion = criterion_of()
    assert criterion(Classifier(0.99).train(), batch_of(labelled, FLIPPED))[2]["muted"] == 0


def test_trusted_pairs_are_learned_and_a_resume_asks_nobody(
    labelled: TranslationTask, criterion_of: Callable[..., Any], tmp_path: Path
) -> None:
    ids = tmp_path / "trusted.ids"
    ids.write_text("".join(f"{number}\n" for number in (*range(10, 20), 1)))
    model = Classifier(0.99).train()
    criterion_of(dece_trusted_ids=str(ids))(model, batch_of(labelled, [0]))
    del labelled.datasets["valid"]
    kept = criterion_of().schedule.clock.kept
    assert kept[MUTED]["lengths"].tolist() == [1] * 20
    # 1 is trusted: of nine others two are flipped, and of eleven trusted ones one.
    log = criterion_of()(model, batch_of(labelled, FLIPPED))[2]
    assert log["muted"] == 2


def test_a_resume_with_other_data(
    labelled: TranslationTask, criterion_of: Callable[..., Any]
) -> None:
    """Such as what dece reveal kept of them: the labels of others would be muted."""
    model = Classifier(0.99).train()
    criterion_of()(model, batch_of(labelled, [0]))
    labelled.datasets["train"] = split_of(RIGHT[:17])
    with pytest.raises(UserError, match="there are 17 pairs, and were 20 when training began; go"):
        criterion_of()(model, batch_of(labelled, [0]))
    labelled.datasets["train"] = split_of([*RIGHT[:18], 1, 0])
    criterion_of()(model, batch_of(labelled, [0]))
    with pytest.raises(UserError, match="pairs such as 18 have other targets than when training"):
        criterion_of()(model, batch_of(labelled, [0, 18, 19]))


@pytest.mark.parametrize(
    ("options", "gate"),
    [
        ({}, "label"),
        ({"dece_gate": "token"}, "token"),
        ({"dece_alpha": "0.985"}, "token"),
        ({"dece_alpha": "0.985", "dece_gate": "label"}, "label"),
    ],
)
def test_when_it_is_on(criterion_of: Callable[..., Any], options: Any, gate: str) -> None:
    criterion = criterion_of(**options)
    assert criterion.schedule.gate == gate
    assert (criterion.muted_targets is not None) == (gate == "label")


def test_each_criterion_has_gates_of_its_own(criterion_of: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match="--dece-gate must be auto or token or label, got span"):
        criterion_of(dece_gate="span")
    choices = DeceptiveCrossEntropyCriterionConfig.__dataclass_fields__["dece_gate"].type
    assert "label" not in [choice.value for choice in choices]
