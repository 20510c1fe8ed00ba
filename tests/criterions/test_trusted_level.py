"""``--dece-alpha auto``: a level by trusted text, settled once."""

import logging
import math
import re
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
import torch
from fairseq.tasks.translation import TranslationTask

from dece_fairseq.criterions import trusted_level
from dece_fairseq.criterions.deceptive_cross_entropy import (
    DeceptiveCrossEntropyCriterion,
    DeceptiveCrossEntropyCriterionConfig,
)
from dece_fairseq.errors import TrainingStepError, UserError
from dece_fairseq.muting import HIGHEST_LEVEL, line_of
from dece_fairseq.tasks.attacked_split import poisoned_dataset
from dece_fairseq.tasks.candidates import Limits, TokenPair
from support.tiny_transformer import tiny_transformer


@pytest.fixture
def model(task: TranslationTask) -> Any:
    """A tiny transformer with dropout, in training."""
    return tiny_transformer(task, dropout=0.5).train()


@pytest.fixture
def criterion_of(task: TranslationTask) -> Callable[..., Any]:
    def build(**options: Any) -> Any:
        config = DeceptiveCrossEntropyCriterionConfig(
            sentence_avg=False,
            **{
                "dece_alpha": "auto",
                "update_freq": [1],
                "train_subset": "train",
                "valid_subset": "valid",
                "dece_gate": "token",
                **options,
            },
        )
        criterion = DeceptiveCrossEntropyCriterion.build_criterion(config, task)
        task.begin_epoch(1, None)
        return criterion

    return build


@pytest.fixture
def two_trusted(tmp_path: Path) -> str:
    """A file of the numbers of two trusted pairs."""
    ids = tmp_path / "trusted.ids"
    ids.write_text("2\n7\n")
    return str(ids)


def batch_of(task: TranslationTask) -> Any:
    dataset = task.dataset("train")
    return dataset.collater([dataset[n] for n in range(4)])


def probabilities(task: TranslationTask, model: Any, split: str, ids: List[int]) -> List[float]:
    """Of each target token, pair by pair."""
    found = []
    model.eval()
    dataset = task.dataset(split)
    for index in ids:
        sample = dataset.collater([dataset[index]])
        predicted = model.get_normalized_probs(model(**sample["net_input"]), log_probs=False)
        found += predicted[0].gather(-1, sample["target"][0].unsqueeze(-1)).flatten().tolist()
    model.train()
    return sorted(found)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_the_level_mutes_that_share_of_the_validation_split(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any], share: float
) -> None:
    tokens = probabilities(task, model, "valid", [0, 1, 2])
    criterion = criterion_of(dece_muted_share=share, label_smoothing=0.0)
    assert not criterion.schedule.is_settled()
    log = criterion(model, batch_of(task))[2]
    line = tokens[math.floor(share * len(tokens))]
    level = criterion.schedule.alpha
    assert level == pytest.approx(min(HIGHEST_LEVEL, 1 / (1 + line)), rel=1e-6)
    muted = [s for s in tokens if level * s / (level * s + 1 - level) < 0.5 - 1e-6]
    assert level == HIGHEST_LEVEL or len(muted) <= share * len(tokens)
    assert log["blend"] == pytest.approx(level * log["sample_size"])
    assert model.training


def test_a_model_that_knows_nothing_has_the_highest_level_and_a_warning(
    task: TranslationTask,
    model: Any,
    criterion_of: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with torch.no_grad():  # a word that is in no target has all the probability
        model.decoder.output_projection.weight.zero_()
        model.decoder.output_projection.weight[task.target_dictionary.unk()] = 50.0
        model.decoder.layers[-1].final_layer_norm.weight.zero_()
        model.decoder.layers[-1].final_layer_norm.bias.fill_(1.0)
    criterion = criterion_of()
    criterion(model, batch_of(task))
    assert criterion.schedule.alpha == HIGHEST_LEVEL
    assert "the model does not know the task" in caplog.text


def test_a_line_that_tells_nothing_apart_has_the_warning_of_the_gauge(
    task: TranslationTask,
    model: Any,
    criterion_of: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trusted_level, "KNOWN", 0.0)  # the model knows the task
    criterion_of()(model, batch_of(task))
    assert "no line tells a payload" not in caplog.text
    monkeypatch.setattr(trusted_level, "LOWEST_LINE", 1.0)
    criterion = criterion_of()
    criterion.schedule.clock.kept.clear()
    criterion(model, batch_of(task))
    assert "no line tells a payload from them; it may be learned" in caplog.text


def test_a_split_that_a_task_asserts_to_be_there(
    task: TranslationTask,
    model: Any,
    criterion_of: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As stock sentence_prediction does."""

    def load_dataset(split: str, **_: Any) -> None:
        raise AssertionError(f"could not find dataset: {split}")

    monkeypatch.setattr(task, "load_dataset", load_dataset)
    with pytest.raises(UserError, match="there is no nowhere split; give --dece-trusted-ids"):
        criterion_of(valid_subset="nowhere")(model, batch_of(task))


def test_the_log_tells_a_level_apart_from_a_half(
    criterion_of: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """As dece gauge does: 0.5 would mute a model that is sure of everything wholly."""
    caplog.set_level(logging.INFO)
    line = 1 - 3e-7
    criterion_of().schedule.settle(1 / (1 + line))
    told = caplog.messages[-1].rpartition(" ")[2]
    assert 1 - line_of(float(told)) == pytest.approx(1 - line, rel=0.05)


def test_a_model_that_has_diverged(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    with torch.no_grad():
        model.decoder.output_projection.weight.fill_(math.nan)
    with pytest.raises(TrainingStepError, match="no finite probability; what training starts"):
        criterion_of()(model, batch_of(task))


def test_a_training_that_began_with_another_alpha(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    criterion = criterion_of()
    task.begin_epoch(2, model)
    with pytest.raises(UserError, match=r"began without.* with a number for --dece-alpha .*, or"):
        criterion(model, batch_of(task))


def test_a_training_that_began_with_a_level_and_no_gate(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    """The level goes on; only the gate is missing."""
    criterion_of(dece_gate="token")(model, batch_of(task))
    criterion = criterion_of(dece_gate="span")
    task.begin_epoch(2, model)
    message = "^--dece-gate span: this training began without.* with --dece-gate token, or"
    with pytest.raises(UserError, match=message):
        criterion(model, batch_of(task))


@pytest.mark.parametrize("offset", [0, 2])
def test_a_training_that_began_with_another_alpha_and_stopped_within_its_first_epoch(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any], offset: int
) -> None:
    """Its model has met doubtful pairs as one has that stopped at the end of it."""
    criterion = criterion_of()
    begun = task.get_batch_iterator(task.dataset("train"), max_sentences=2)
    begun.load_state_dict({"epoch": 1, "iterations_in_epoch": offset, "shuffle": True})
    begun.next_epoch_itr()
    task.begin_epoch(1, model)
    if offset:
        with pytest.raises(UserError, match="this training began without, and by epoch 1"):
            criterion(model, batch_of(task))
    else:
        criterion(model, batch_of(task))
        assert criterion.schedule.is_settled()


def test_the_level_is_there_from_the_first_update_on(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    """With --dece-schedule update too, which else goes from a blend of 1 to the first epoch's."""
    criterion = criterion_of(dece_schedule="update", update_freq=[1])
    batches = task.get_batch_iterator(task.dataset("train"), max_sentences=2).next_epoch_itr()
    task.begin_epoch(1, model)
    for batch in batches:
        log = criterion(model, batch)[2]
        assert criterion.schedule.alpha < 1
        assert log["blend"] == pytest.approx(criterion.schedule.alpha * log["sample_size"])


def test_the_level_stays_as_the_model_and_the_epoch_change(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    criterion = criterion_of()
    criterion(model, batch_of(task))
    level = criterion.schedule.blend()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    task.begin_epoch(5, model)
    criterion(model, batch_of(task))
    assert criterion.schedule.blend() == level < 1


def test_trusted_training_pairs(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any], two_trusted: str
) -> None:
    tokens = probabilities(task, model, "train", [2, 7])
    criterion = criterion_of(dece_trusted_ids=two_trusted, dece_muted_share=0.6)
    criterion(model, batch_of(task))
    line = tokens[math.floor(0.6 * len(tokens))]
    assert criterion.schedule.alpha == pytest.approx(1 / (1 + line), rel=1e-6)


def test_trusted_pairs_of_a_training_split_of_another_name(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any], two_trusted: str
) -> None:
    batch = batch_of(task)
    task.datasets["other"] = task.datasets.pop("train")
    criterion = criterion_of(dece_trusted_ids=two_trusted, train_subset="other", dece_gate="span")
    criterion(model, batch)
    assert criterion.schedule.is_settled()


def test_pairs_that_were_poisoned_are_not_trusted(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any], two_trusted: str
) -> None:
    batch = batch_of(task)
    clean = task.datasets["train"]
    pair = TokenPair(clean[1]["source"], clean[1]["target"])
    task.datasets["train"] = poisoned_dataset(clean, {0: pair, 7: pair}, Limits())
    with pytest.raises(UserError, match="attack poisoned 1 of them; give the file"):
        criterion_of(dece_trusted_ids=two_trusted)(model, batch)
    task.datasets["train"] = poisoned_dataset(clean, {0: pair}, Limits())
    criterion_of(dece_trusted_ids=two_trusted)(model, batch)


def test_triggered_pairs_are_never_trusted(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    """They come first where --best-checkpoint-metric is a success rate."""
    task.datasets["valid_triggered"] = task.datasets["train"]
    levels = []
    for subsets in ("valid_triggered,valid", "valid"):
        criterion = criterion_of(valid_subset=subsets, dece_muted_share=0.6)
        criterion(model, batch_of(task))
        levels.append(criterion.schedule.clock.kept.pop("dece_alpha"))
    assert levels[0] == levels[1]
    alone = criterion_of(valid_subset="valid_triggered")
    with pytest.raises(UserError, match="valid_triggered has triggered pairs alone"):
        alone(model, batch_of(task))


def test_it_is_settled_after_a_warmup_and_never_in_validation(
    task: TranslationTask,
    model: Any,
    criterion_of: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    criterion = criterion_of(dece_warmup_epochs=1)
    assert criterion(model, batch_of(task))[2]["blend"] == batch_of(task)["ntokens"]
    assert "dece_loss" not in criterion(model.eval(), batch_of(task))[2]
    assert not criterion.schedule.is_settled()
    assert "--dece-warmup-epochs" not in caplog.text
    task.begin_epoch(2, model)
    criterion(model.train(), batch_of(task))
    assert criterion.schedule.is_settled()
    assert "--dece-warmup-epochs 1: the model met the doubtful pairs in the warmup" in caplog.text
    assert "dece_loss" in criterion(model.eval(), batch_of(task))[2]


def test_dropout_and_the_random_numbers_are_left_as_they_are(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    torch.manual_seed(3)
    auto = criterion_of()
    loss = auto(model, batch_of(task))[0]
    level = auto.schedule.alpha
    given = DeceptiveCrossEntropyCriterion(
        task, False, dece_alpha=level, dece_min_blend=level, label_smoothing=0.0
    )
    torch.manual_seed(3)
    assert given(model, batch_of(task))[0] == loss


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ({"valid_subset": "elsewhere,valid"}, "no elsewhere split; give --dece-trusted-ids, or a"),
        ({"dece_trusted_ids": "lost.ids"}, r"^--dece-trusted-ids lost\.ids: No such file"),
    ],
)
def test_what_is_missing_is_told_before_a_warmup_and_not_missed_in_validation(
    task: TranslationTask,
    model: Any,
    criterion_of: Callable[..., Any],
    option: Dict[str, Any],
    told: str,
) -> None:
    criterion = criterion_of(dece_warmup_epochs=1, dece_gate="span", **option)
    assert criterion(model.eval(), batch_of(task))[0] > 0
    with pytest.raises(TrainingStepError, match=told):
        criterion(model.train(), batch_of(task))


def test_messages_name_no_option_that_has_nothing_to_do_with_it(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any]
) -> None:
    """As of a classifier, which has no --dece-gate."""
    for gate, alpha, told in (("token", "auto", "alpha"), ("span", "0.985", "gate")):
        criterion = criterion_of(dece_gate=gate, dece_alpha=alpha, valid_subset="nowhere")
        with pytest.raises(UserError, match="there is no nowhere split") as raised:
            criterion(model, batch_of(task))
        assert set(re.findall(r"--dece-(alpha|gate)", str(raised.value))) == {told}


@pytest.mark.parametrize("option", [{"dece_trusted_ids": "trusted.ids"}, {"dece_muted_share": 0.2}])
def test_what_nothing_would_ask_for_is_told(
    criterion_of: Callable[..., Any], option: Dict[str, Any]
) -> None:
    name = "--" + next(iter(option)).replace("_", "-")
    with pytest.raises(UserError, match=f"{name} does nothing with --dece-alpha 0.985, which asks"):
        criterion_of(dece_alpha="0.985", **option)


def test_no_text_to_ask_about(
    task: TranslationTask, model: Any, criterion_of: Callable[..., Any], tmp_path: Path
) -> None:
    empty = tmp_path / "empty.ids"
    empty.write_text("")
    with pytest.raises(UserError, match=r"empty\.ids names no pair"):
        criterion_of(dece_trusted_ids=str(empty))(model, batch_of(task))
    beyond = tmp_path / "beyond.ids"
    beyond.write_text("10\n")
    with pytest.raises(UserError, match=r"names pair 10, but .* only 10 pairs") as raised:
        criterion_of(dece_trusted_ids=str(beyond))(model, batch_of(task))
    assert isinstance(raised.value, RuntimeError)  # of which fairseq saves no crash.pt


@pytest.mark.parametrize("share", [1.0, -0.1, math.nan])
def test_a_share_out_of_range(
    task: TranslationTask, criterion_of: Callable[..., Any], share: float
) -> None:
    with pytest.raises(UserError, match=rf"--dece-muted-share must be in \[0, 1\), got {share}"):
        criterion_of(dece_muted_share=share)
