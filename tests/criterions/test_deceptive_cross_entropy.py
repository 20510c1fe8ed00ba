"""The criterion around the loss: options, phases, logging."""

import math
from typing import Any, List, Optional

import pytest
import torch
from fairseq.criterions.cross_entropy import CrossEntropyCriterion
from fairseq.criterions.label_smoothed_cross_entropy import LabelSmoothedCrossEntropyCriterion
from fairseq.tasks.translation import TranslationTask

from dece_fairseq.criterions.deceptive_cross_entropy import (
    DeceptiveCrossEntropyCriterion,
    DeceptiveCrossEntropyCriterionConfig,
)
from dece_fairseq.losses import deceptive_cross_entropy
from support.echo import PAD, Echo, batch, reduced, values
from support.tiny_transformer import tiny_transformer


def criterion_of(task: TranslationTask, epoch: float = 3, **options: Any) -> Any:
    criterion = DeceptiveCrossEntropyCriterion(task, **{"sentence_avg": False, **options})
    criterion.set_epoch(epoch)
    return criterion


@pytest.mark.parametrize(("alpha", "epsilon"), [(0.985, 0.05), (0.8, 0.0), (1.0, 0.1)])
def test_training_loss_is_the_pure_function(
    task: TranslationTask, model: Echo, alpha: float, epsilon: float
) -> None:
    criterion = criterion_of(task, dece_alpha=alpha, label_smoothing=epsilon)
    sample = batch()
    loss, sample_size, log = criterion(model, sample)
    expected = deceptive_cross_entropy(
        model.logits, sample["target"], alpha, epsilon, 3, ignore_index=PAD
    )
    torch.testing.assert_close(loss, expected)
    gradients = [torch.autograd.grad(value, model.logits)[0] for value in (loss, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-6)
    nll = torch.nn.functional.cross_entropy(
        model.logits.flatten(0, 1), sample["target"].flatten(), ignore_index=PAD, reduction="sum"
    )
    assert sample_size == sample["ntokens"] == 20
    assert values(log) == pytest.approx(
        {
            "loss": expected.item(),
            "nll_loss": nll.item(),
            "ntokens": 20,
            "nsentences": 6,
            "sample_size": 20,
            "blend": 20 * alpha**3,
        },
        rel=1e-5,
    )
    assert not any(value.requires_grad for value in log.values() if torch.is_tensor(value))

    logged = reduced(criterion, [log])
    assert logged["loss"] == pytest.approx(expected.item() / 20 / math.log(2), abs=1e-3)
    assert logged["nll_loss"] == pytest.approx(nll.item() / 20 / math.log(2), abs=1e-3)
    assert logged["ppl"] == pytest.approx(math.exp(nll.item() / 20), rel=1e-2)
    assert logged["blend"] == pytest.approx(alpha**3, abs=1e-6)


def test_reduce_false_gives_a_value_a_token(task: TranslationTask, model: Echo) -> None:
    criterion = criterion_of(task)
    for phase in (model.train(), model.eval()):
        total, _, summed_log = criterion(phase, batch())
        losses, _, log = criterion(phase, batch(), reduce=False)
        assert losses.shape == (30,)
        assert ((losses == 0) == (batch()["target"].flatten() == PAD)).all()
        torch.testing.assert_close(losses.sum(), total)
        assert values(log) == pytest.approx(values(summed_log))


def test_validation_loss_is_plain_cross_entropy(task: TranslationTask, model: Echo) -> None:
    sample = batch()
    plain, _, _ = CrossEntropyCriterion(task, sentence_avg=False)(model, sample)
    model.eval()
    dece_losses = []
    for epoch in (1, 5):
        criterion = criterion_of(task, epoch=epoch)
        loss, _, log = criterion(model, sample)
        torch.testing.assert_close(loss, plain)
        dece = deceptive_cross_entropy(
            model.logits, sample["target"], 0.985, 0.05, epoch, ignore_index=PAD
        )
        torch.testing.assert_close(log["dece_loss"], dece)
        assert "blend" not in log
        logged = reduced(criterion, [log])
        assert logged["loss"] == pytest.approx(plain.item() / 20 / math.log(2), abs=1e-3)
        dece_losses.append(logged["dece_loss"])
    assert dece_losses[1] < dece_losses[0]


def test_validation_without_an_epoch(task: TranslationTask, model: Echo) -> None:
    """fairseq-validate tells none."""
    criterion = DeceptiveCrossEntropyCriterion(task, sentence_avg=False)
    loss, _, log = criterion(model.eval(), batch())
    assert "dece_loss" not in log
    assert loss > 0
    assert "dece_loss" not in reduced(criterion, [log])


def test_training_without_an_epoch(task: TranslationTask, model: Echo) -> None:
    criterion = DeceptiveCrossEntropyCriterion(task, sentence_avg=False)
    with pytest.raises(RuntimeError, match=r"criterion\.set_epoch\(n\)"):
        criterion(model, batch())


def test_the_task_tells_the_epoch(task: TranslationTask, model: Echo) -> None:
    """Two criterions, one task: both know it."""
    criterions = [DeceptiveCrossEntropyCriterion(task, sentence_avg=False) for _ in range(2)]
    for epoch in (1, 7):
        task.begin_epoch(epoch, model)
        for criterion in criterions:
            log = criterion(model, batch())[2]
            assert log["blend"] == pytest.approx(20 * 0.985**epoch)


@pytest.mark.parametrize(
    ("alpha", "lowest", "blends"),
    [
        (0.985, 0, [0.985, 0.985**2, 0.985**40]),  # as published
        (0.8, 0.8, [0.8, 0.8, 0.8]),
        (0.8, 0.5, [0.8, 0.8**2, 0.5]),
        (1, 0.5, [1, 1, 1]),
    ],
)
def test_a_level_to_fall_to(
    task: TranslationTask, model: Echo, alpha: float, lowest: float, blends: List[float]
) -> None:
    criterion = criterion_of(task, dece_alpha=alpha, dece_min_blend=lowest, label_smoothing=0.1)
    for epoch, blend in zip((1, 2, 40), blends):
        criterion.set_epoch(epoch)
        loss, _, log = criterion(model, batch())
        assert log["blend"] == pytest.approx(20 * blend, rel=1e-12)
        expected = deceptive_cross_entropy(
            model.logits, batch()["target"], blend, 0.1, 1, ignore_index=PAD
        )
        torch.testing.assert_close(loss, expected)


@pytest.mark.parametrize("schedule", ["epoch", "update"])
def test_warmup(task: TranslationTask, model: Echo, schedule: str) -> None:
    criterion = criterion_of(task, dece_warmup_epochs=2, dece_schedule=schedule)
    smoothed = LabelSmoothedCrossEntropyCriterion(task, False, label_smoothing=0.05)
    for epoch in (1, 2):
        criterion.set_epoch(epoch)
        torch.testing.assert_close(criterion(model, batch())[0], smoothed(model, batch())[0])
    for epoch, time in ((3, 1), (6, 4)):
        criterion.set_epoch(epoch)
        assert criterion(model, batch())[2]["blend"] == pytest.approx(20 * 0.985**time)


def test_schedule_over_updates(task: TranslationTask, model: Echo) -> None:
    """Five batches an epoch in updates of two: three updates, after half a warmup epoch's time."""
    criterion = DeceptiveCrossEntropyCriterion(
        task, False, dece_schedule="update", update_freq=[2], dece_warmup_epochs=1
    )
    epoch_itr = task.get_batch_iterator(task.dataset("train"), max_sentences=2)
    blends = []
    for epoch in (1, 2):
        itr = epoch_itr.next_epoch_itr()
        task.begin_epoch(epoch, model)
        for _ in itr:
            blends.append(criterion(model, batch())[2]["blend"] / 20)
    times = [0] * 5 + [1 / 3, 1 / 3, 2 / 3, 2 / 3, 1]
    assert blends == pytest.approx([0.985**time for time in times])


def test_ignored_prefix(task: TranslationTask, model: Echo) -> None:
    criterion = criterion_of(task, ignore_prefix_size=2, report_accuracy=True)
    sample = batch()
    loss, _, log = criterion(model, sample)
    expected = deceptive_cross_entropy(
        model.logits[:, 2:], sample["target"][:, 2:], 0.985, 0.05, 3, ignore_index=PAD
    )
    torch.testing.assert_close(loss, expected)
    assert log["total"] == (sample["target"][:, 2:] != PAD).sum() == 9
    plain = torch.nn.functional.cross_entropy(
        model.logits[:, 2:].flatten(0, 1), sample["target"][:, 2:].flatten(), ignore_index=PAD
    )
    for phase in (model.train(), model.eval()):
        logged = reduced(criterion, [criterion(phase, sample)[2]] * 2)
        assert logged["nll_loss"] == pytest.approx(plain.item() / math.log(2), abs=1e-3)
        assert logged["ppl"] == pytest.approx(plain.exp().item(), rel=1e-3)
    assert criterion(model, sample, reduce=False)[0].shape == (18,)


def test_accuracy(task: TranslationTask, model: Echo) -> None:
    sample = batch()
    with torch.no_grad():
        for row, token in ((0, 1), (2, 0), (5, 0)):
            model.logits[row, token, sample["target"][row, token]] = 100
    right = (model.logits.argmax(-1) == sample["target"]) & (sample["target"] != PAD)
    criterion = criterion_of(task, report_accuracy=True)
    for phase in (model.train(), model.eval()):
        log = criterion(phase, sample)[2]
        assert log["n_correct"] == right.sum() >= 3
        assert log["total"] == 20
        logged = reduced(criterion, [log, log])
        assert logged["accuracy"] == pytest.approx(100 * right.sum().item() / 20)
    assert "n_correct" not in criterion_of(task)(model, sample)[2]
    assert "accuracy" not in reduced(criterion, [criterion_of(task)(model, sample)[2]])


def test_sentence_average(task: TranslationTask, model: Echo) -> None:
    criterion = criterion_of(task, sentence_avg=True)
    loss, sample_size, log = criterion(model, batch())
    assert sample_size == log["sample_size"] == 6
    logged = reduced(criterion, [log])
    assert logged["loss"] == pytest.approx(loss.item() / 6 / math.log(2), abs=1e-3)
    assert logged["blend"] == pytest.approx(0.985**3, abs=1e-6)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("sentence_avg", [True, False])
def test_logs_of_two_workers_come_to_those_of_the_whole(
    task: TranslationTask, model: Echo, training: bool, sentence_avg: bool
) -> None:
    criterion = criterion_of(task, sentence_avg=sentence_avg, report_accuracy=True)
    assert criterion.logging_outputs_can_be_summed()
    model.train(training)
    whole = criterion(model, batch())[2]
    shards = [criterion(model, batch(ids))[2] for ids in ([0, 3, 4, 5], [1, 2])]
    assert list(shards[0]) == list(shards[1]) == list(whole)
    # What fairseq's fast_stat_sync does before reduce_metrics.
    summed = {
        key: sum(torch.as_tensor(log[key], dtype=torch.double) for log in shards) for key in whole
    }
    expected = reduced(criterion, [whole])
    assert reduced(criterion, [summed]) == pytest.approx(expected, abs=2e-3)
    assert reduced(criterion, shards) == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("dtype", [torch.half, torch.bfloat16])
@pytest.mark.parametrize("alpha", [0.985, 1.0])
def test_half_logits_give_the_value_of_float32(
    task: TranslationTask, model: Echo, dtype: torch.dtype, alpha: float
) -> None:
    half = Echo(model.logits.detach().to(dtype))
    exact = Echo(half.logits.detach().float())
    criterion = criterion_of(task, dece_alpha=alpha)
    loss, expected = criterion(half, batch())[0], criterion(exact, batch())[0]
    torch.testing.assert_close(loss, expected)
    loss.backward()
    expected.backward()
    assert half.logits.grad.dtype == dtype
    torch.testing.assert_close(half.logits.grad, exact.logits.grad.to(dtype))


@pytest.mark.parametrize("cutoff", [None, "6,10"])
def test_transformer(task: TranslationTask, cutoff: Optional[str]) -> None:
    """A model of fairseq's, with a plain and with an adaptive softmax."""
    model = tiny_transformer(task, adaptive_softmax_cutoff=cutoff, dropout=0.0)
    dataset = task.dataset("train")
    sample = dataset.collater([dataset[n] for n in range(4)])
    loss, sample_size, _ = criterion_of(task)(model, sample)
    loss.backward()
    net_output = model(**sample["net_input"])
    expected = deceptive_cross_entropy(
        model.get_normalized_probs(net_output, log_probs=False).log(),
        sample["target"],
        0.985,
        0.05,
        3,
        ignore_index=PAD,
    )
    torch.testing.assert_close(loss, expected, rtol=1e-4, atol=1e-4)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
    assert sample_size == (sample["target"] != PAD).sum()


def test_a_batch_of_padding(task: TranslationTask, model: Echo) -> None:
    sample = batch()
    sample["target"] = torch.full_like(sample["target"], PAD)
    loss, _, _ = criterion_of(task)(model, sample)
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(model.logits.grad, torch.zeros_like(model.logits))


@pytest.mark.parametrize(
    ("option", "wrong"),
    [
        ("--dece-alpha", [1.5, 0.0, -0.1, math.nan, "much"]),
        ("--dece-min-blend", [-0.1, 0.986, math.nan]),
        ("--label-smoothing", [1.0, -0.1, math.nan]),
        ("--dece-warmup-epochs", [-1, math.nan, math.inf]),
        ("--dece-schedule", ["batch"]),
        ("--ignore-prefix-size", [-1]),
    ],
)
def test_out_of_range_options_are_named(task: TranslationTask, option: str, wrong: list) -> None:
    name = option[2:].replace("-", "_")
    for value in wrong:
        with pytest.raises(ValueError, match=rf"^{option} must be .*, got {value}$"):
            DeceptiveCrossEntropyCriterion(task, False, **{name: value})


def test_auto_is_a_level_of_its_own(task: TranslationTask) -> None:
    with pytest.raises(ValueError, match=r"^--dece-min-blend must be 0 with --dece-alpha auto"):
        DeceptiveCrossEntropyCriterion(task, False, dece_alpha="auto", dece_min_blend=0.5)


@pytest.mark.parametrize(
    ("alpha", "given", "epsilon"),
    [("auto", None, 0.0), ("auto", 0.1, 0.1), ("0.985", None, 0.05), ("0.985", 0.0, 0.0)],
)
def test_the_smoothing_goes_with_alpha_unless_it_is_given(
    task: TranslationTask, alpha: str, given: Optional[float], epsilon: float
) -> None:
    criterion = DeceptiveCrossEntropyCriterion(task, False, dece_alpha=alpha, label_smoothing=given)
    assert criterion.schedule.epsilon == epsilon


def test_the_options_are_built_from_their_config(task: TranslationTask) -> None:
    config = DeceptiveCrossEntropyCriterionConfig(
        sentence_avg=True, update_freq=[2], report_accuracy=True, dece_schedule="update"
    )
    criterion = DeceptiveCrossEntropyCriterion.build_criterion(config, task)
    schedule = criterion.schedule
    assert (schedule.is_settled(), schedule.epsilon, schedule.warmup_epochs) == (False, 0, 0)
    assert criterion.sentence_avg
    assert criterion.report_accuracy
    assert schedule.schedule == "update"
    assert schedule.update_freq == [2]
