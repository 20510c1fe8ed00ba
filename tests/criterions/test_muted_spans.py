"""``--dece-gate span``: what the starting model finds unlikely is never learned."""

import math
from pathlib import Path
from typing import Any, Callable, List

import numpy as np
import pytest
import torch
from fairseq.tasks.translation import TranslationTask

from dece_fairseq.criterions import asking
from dece_fairseq.criterions.deceptive_cross_entropy import (
    DeceptiveCrossEntropyCriterion,
    DeceptiveCrossEntropyCriterionConfig,
)
from dece_fairseq.criterions.muted_targets import MUTED
from dece_fairseq.errors import TrainingStepError, UserError
from dece_fairseq.muting import KNOWN
from support.tiny_transformer import tiny_transformer


@pytest.fixture
def model(task: TranslationTask) -> Any:
    """A tiny transformer with dropout, in training."""
    torch.manual_seed(5)
    return tiny_transformer(task, dropout=0.5).train()


@pytest.fixture
def criterion_of(task: TranslationTask) -> Callable[..., Any]:
    def build(**options: Any) -> Any:
        given = {"dece_alpha": "auto", "dece_gate": "span", "dece_muted_share": 0.4, **options}
        config = DeceptiveCrossEntropyCriterionConfig(
            sentence_avg=False,
            update_freq=[1],
            train_subset="train",
            valid_subset="valid",
            **given,
        )
        criterion = DeceptiveCrossEntropyCriterion.build_criterion(config, task)
        task.begin_epoch(1, None)
        return criterion

    return build


def batch_of(task: TranslationTask, ids: Any = range(10)) -> Any:
    dataset = task.dataset("train")
    return dataset.collater([dataset[n] for n in ids])


def means(task: TranslationTask, model: Any, split: str, index: int) -> np.ndarray:
    """Of each target token of a pair, of the five around it that there are."""
    dataset = task.dataset(split)
    sample = dataset.collater([dataset[index]])
    model.eval()
    with torch.no_grad():
        predicted = model.get_normalized_probs(model(**sample["net_input"]), log_probs=True)
    model.train()
    own = predicted[0].gather(-1, sample["target"][0].unsqueeze(-1)).flatten().double().numpy()
    return np.array([own[max(0, at - 2) : at + 3].mean() for at in range(len(own))])


def muted_of(criterion: Any, task: TranslationTask, ids: List[int]) -> List[bool]:
    sample = batch_of(task, ids)
    kept = (sample["target"] != task.target_dictionary.pad()).flatten()
    target = sample["target"].flatten()
    return criterion.muted_targets.of(sample["id"].tolist(), target, kept)[kept].tolist()


def test_spans_below_the_line_of_trusted_ones(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    trusted = np.sort(np.concatenate([means(task, model, "valid", n) for n in range(3)]))
    line = min(math.log(KNOWN), trusted[int(0.4 * len(trusted))])
    of_pairs = [means(task, model, "train", n) for n in range(10)]
    criterion = criterion_of()
    log = criterion(model, batch_of(task))[2]
    found = [muted_of(criterion, task, [n]) for n in range(10)]
    assert found == [(pair < line).tolist() for pair in of_pairs]
    count = sum(map(sum, found))
    assert 0 < count < sum(map(len, found))
    assert log["muted"] == count
    assert model.training
    with torch.no_grad():  # it is the starting model that says so
        for parameter in model.parameters():
            parameter.zero_()
    task.begin_epoch(3, model)
    assert criterion(model, batch_of(task))[2]["muted"] == count


def test_spans_of_trusted_text_are_learned(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    criterion_of(dece_muted_share=0.9)(model, batch_of(task))
    own = task.dataset("train")
    # Pair 4 is trusted text too. Its target is asked for from another source, so what the model
    # thinks of it there is not what makes the difference.
    task.datasets["valid"].tgt[0] = own[4]["target"]
    task.datasets["valid"].tgt_sizes[0] = len(own[4]["target"])
    criterion = criterion_of(dece_muted_share=0.9)
    before = [muted_of(criterion, task, [n]) for n in (4, 5)]
    criterion.schedule.clock.kept.clear()
    criterion = criterion_of(dece_muted_share=0.9)
    criterion(model, batch_of(task))
    assert any(before[0])
    assert any(before[1])
    assert not any(muted_of(criterion, task, [4]))
    assert any(muted_of(criterion, task, [5]))


def test_what_is_muted_has_no_part_in_the_loss(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    criterion = criterion_of()
    criterion(model, batch_of(task))
    model.eval()  # without dropout both see the same
    model.training = True
    sample = batch_of(task, [3, 8, 1])
    loss, sample_size, log = criterion(model, sample)
    level = criterion.schedule.alpha
    plain = DeceptiveCrossEntropyCriterion(
        task, False, dece_alpha=level, dece_min_blend=level, label_smoothing=0.0
    )
    losses = plain(model, sample, reduce=False)[0]
    kept = (sample["target"] != task.target_dictionary.pad()).flatten()
    muted = criterion.muted_targets.of(sample["id"].tolist(), sample["target"].flatten(), kept)
    assert muted.any()
    torch.testing.assert_close(loss, losses[~muted].sum())
    assert sample_size == sample["ntokens"]  # so no other token's gradient grows
    assert log["muted"] == muted.sum()


def test_nothing_is_muted_in_validation_in_a_warmup_and_of_trusted_pairs(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any], tmp_path: Path
) -> None:
    ids = tmp_path / "trusted.ids"
    ids.write_text("2\n7\n")
    criterion = criterion_of(dece_warmup_epochs=1, dece_trusted_ids=str(ids))
    assert "muted" not in criterion(model, batch_of(task))[2]
    task.begin_epoch(2, model)
    assert criterion(model, batch_of(task))[2]["muted"] > 0
    assert not any(muted_of(criterion, task, [2, 7]))
    assert "muted" not in criterion(model.eval(), batch_of(task))[2]


def test_the_first_tokens_that_are_ignored_are_in_no_span(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    criterion = criterion_of(ignore_prefix_size=2)
    log = criterion(model, batch_of(task))[2]
    lengths = criterion.schedule.clock.kept[MUTED]["lengths"]
    assert lengths.tolist() == [len(means(task, model, "train", n)) - 2 for n in range(10)]
    assert 0 < log["muted"] <= lengths.sum()


@pytest.mark.parametrize(
    ("options", "mutes"),
    [
        ({}, True),
        ({"dece_gate": "auto"}, True),
        ({"dece_gate": "token"}, False),
        ({"dece_alpha": "0.985", "dece_gate": "auto", "dece_muted_share": 0.1}, False),
        ({"dece_alpha": "0.985", "dece_gate": "token", "dece_muted_share": 0.1}, False),
        ({"dece_alpha": "0.985"}, True),
    ],
)
def test_when_it_is_on(
    task: TranslationTask,
    model: Any,
    criterion_of: Callable[..., Any],
    options: Any,
    mutes: bool,
) -> None:
    criterion = criterion_of(**options)
    log = criterion(model, batch_of(task))[2]
    assert ("muted" in log) == mutes
    if "dece_alpha" in options:
        assert criterion.schedule.alpha == 0.985


def test_other_pairs_than_those_that_it_began_with(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    criterion = criterion_of()
    criterion(model, batch_of(task))
    longer = batch_of(task)
    longer["id"] = longer["id"].flip(0)[:5].repeat(2)
    with pytest.raises(UserError, match="other targets than when training began"):
        criterion(model, longer)
    reworded = batch_of(task)
    reworded["target"][3, 0] += 1
    with pytest.raises(UserError, match=f"pairs such as {reworded['id'][3]} have other targets"):
        criterion(model, reworded)


def test_a_checkpoint_of_an_earlier_state(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    criterion_of()(model, batch_of(task))
    criterion = criterion_of()  # which has what the first one kept
    del criterion.schedule.clock.kept[MUTED]["sums"]
    with pytest.raises(UserError, match="began with an earlier state of dece_fairseq"):
        criterion(model, batch_of(task))


class Backward:
    """As much of an optimizer as a step of training takes."""

    def backward(self, loss: torch.Tensor) -> None:
        loss.backward()


def test_a_worker_without_a_batch_has_one_of_validation(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    """So fairseq fills up the last update of an epoch, in which each worker has to log alike."""
    criterion = criterion_of()
    criterion(model, batch_of(task))
    valid = task.dataset("valid")
    sample = valid.collater([valid[n] for n in range(3)])
    step = (sample, model, criterion, Backward(), 0)
    with pytest.raises(TrainingStepError, match="have other targets than when training began"):
        task.train_step(*step)
    for loss, _, log in (task.train_step(*step, ignore_grad=True), task.train_step(*step, True)):
        assert loss == 0
        assert log["muted"] == 0
    with pytest.raises(TrainingStepError):
        task.train_step(*step)


def test_pairs_that_are_longer_than_a_batch(
    task: TranslationTask,
    model: Any,
    criterion_of: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = criterion_of()(model, batch_of(task))[2]["muted"]
    monkeypatch.setattr(asking, "BATCH_TOKENS", 4)
    criterion = criterion_of()
    criterion.schedule.clock.kept.clear()
    assert criterion(model, batch_of(task))[2]["muted"] == whole


def test_trusted_text_of_another_kind(
    task: TranslationTask,
    model: Any,
    criterion_of: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    criterion_of(dece_muted_share=0.0)(model, batch_of(task))
    assert "most of the data" not in caplog.text
    task.begin_epoch(1, model)
    criterion = criterion_of(dece_muted_share=0.99)
    criterion.schedule.clock.kept.clear()
    criterion(model, batch_of(task))
    assert "that is most of the data, so the trusted text is of another kind" in caplog.text


def test_the_log_names_what_is_muted_most_often(
    task: TranslationTask,
    model: Any,
    criterion_of: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    criterion_of(dece_muted_share=0.9)(model, batch_of(task))
    assert "most often" not in caplog.text  # no span is in two targets
    dictionary = task.target_dictionary
    payload = dictionary.encode_line("a b c d e f", add_if_not_exist=False).long()
    train = task.dataset("train")
    for index in (1, 4, 8):
        train.tgt[index], train.tgt_sizes[index] = payload, len(payload)
    criterion = criterion_of(dece_muted_share=0.9)
    criterion.schedule.clock.kept.clear()
    criterion(model, batch_of(task))
    assert all(muted_of(criterion, task, [1]))
    assert "most often that is 'a b c d e f' in 3 pairs: a payload, or" in caplog.text


def test_what_it_does_not_go_with(
    task: TranslationTask, criterion_of: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"--dece-gate must be auto or token or span, got window"):
        criterion_of(dece_gate="window")
    with pytest.raises(UserError, match=r"--record-probabilities: .*--dece-gate token"):
        criterion_of(record_probabilities=True, save_dir=str(tmp_path))
    task.cfg.data = "one:two"
    with pytest.raises(UserError, match=r"--dece-gate span: the pairs of 2 data folders"):
        criterion_of()
