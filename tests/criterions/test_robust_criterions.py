"""GCE and In-trust as criterions; what they share with DeCE's is tested there too."""

import math
from typing import Any, Callable, Dict

import pytest
import torch
from fairseq.criterions.cross_entropy import CrossEntropyCriterion
from fairseq.logging import metrics
from fairseq.models import BaseFairseqModel
from fairseq.tasks.translation import TranslationTask
from torch import Tensor

from dece_fairseq.criterions.generalized_cross_entropy import (
    GeneralizedCrossEntropyCriterion,
    GeneralizedCrossEntropyCriterionConfig,
)
from dece_fairseq.criterions.in_trust_cross_entropy import (
    InTrustCrossEntropyCriterion,
    InTrustCrossEntropyCriterionConfig,
)
from dece_fairseq.losses import generalized_cross_entropy, in_trust
from support.echo import PAD, Echo, batch, reduced, values

CRITERIONS: Dict[str, Any] = {
    "gce_loss": (GeneralizedCrossEntropyCriterion, generalized_cross_entropy),
    "in_trust_loss": (InTrustCrossEntropyCriterion, in_trust),
}


@pytest.fixture(params=CRITERIONS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def criterion_of(name: str, task: TranslationTask, **options: Any) -> Any:
    return CRITERIONS[name][0](task, **{"sentence_avg": False, **options})


def loss_of(name: str) -> Callable[..., Tensor]:
    return CRITERIONS[name][1]


def test_training_loss_is_the_pure_function(name: str, task: TranslationTask, model: Echo) -> None:
    sample = batch()
    loss, sample_size, log = criterion_of(name, task)(model, sample)
    expected = loss_of(name)(model.logits, sample["target"], ignore_index=PAD)
    torch.testing.assert_close(loss, expected)
    gradients = [torch.autograd.grad(value, model.logits)[0] for value in (loss, expected)]
    torch.testing.assert_close(*gradients)
    nll = torch.nn.functional.cross_entropy(
        model.logits.flatten(0, 1), sample["target"].flatten(), ignore_index=PAD, reduction="sum"
    )
    assert sample_size == 20
    counts = {"ntokens": 20, "nsentences": 6, "sample_size": 20}
    expected_log = {"loss": expected.item(), "nll_loss": nll.item(), **counts}
    assert values(log) == pytest.approx(expected_log, rel=1e-5)


def test_validation_loss_is_plain_cross_entropy(
    name: str, task: TranslationTask, model: Echo
) -> None:
    plain = CrossEntropyCriterion(task, False)(model, batch())[0]
    criterion = criterion_of(name, task, report_accuracy=True)
    for grad in (True, False):
        with torch.set_grad_enabled(grad):
            loss, _, log = criterion(model.eval(), batch())
        torch.testing.assert_close(loss, plain)
        own = loss_of(name)(model.logits, batch()["target"], ignore_index=PAD)
        torch.testing.assert_close(log[name], own.detach())
        logged = reduced(criterion, [log])
        assert logged[name] == pytest.approx(own.item() / 20 / math.log(2), abs=1e-3)
        assert 0 <= logged["accuracy"] <= 100


def test_a_value_a_token(name: str, task: TranslationTask, model: Echo) -> None:
    criterion = criterion_of(name, task, ignore_prefix_size=1)
    for phase in (model.train(), model.eval()):
        total, _, summed_log = criterion(phase, batch())
        losses, _, log = criterion(phase, batch(), reduce=False)
        assert losses.shape == (24,)
        assert ((losses == 0) == (batch()["target"][:, 1:].flatten() == PAD)).all()
        torch.testing.assert_close(losses.sum(), total)
        assert values(log) == pytest.approx(values(summed_log))


@pytest.mark.parametrize("numbers", [lambda log: log, values], ids=["tensors", "numbers"])
def test_a_step_in_which_all_is_muted_has_no_nll(
    name: str, task: TranslationTask, model: Echo, monkeypatch: pytest.MonkeyPatch, numbers: Any
) -> None:
    criterion = criterion_of(name, task, report_accuracy=True)
    learned = numbers(criterion(model, batch())[2])
    monkeypatch.setattr(criterion, "learned", lambda _, target: torch.full_like(target, PAD))
    muted = numbers(criterion(model, batch())[2])
    found = reduced(criterion, [muted])
    assert found == {"loss": 0, "muted": 100}
    with metrics.aggregate(new_root=True) as epoch:
        for log in (muted, learned, muted):  # one a step
            criterion.reduce_metrics([log])
        shown = epoch.get_smoothed_values()
        assert shown["nll_loss"] == pytest.approx(reduced(criterion, [learned])["nll_loss"])
        assert shown["ppl"] == pytest.approx(2 ** shown["nll_loss"], rel=1e-2)
        epoch.reset()  # as fairseq does after each --log-interval
        criterion.reduce_metrics([muted])
        assert epoch.get_smoothed_values()["nll_loss"] is None  # null in fairseq's JSON


@pytest.mark.parametrize("numbers", [lambda log: log, values], ids=["tensors", "numbers"])
def test_a_validation_without_a_target_has_what_picks_checkpoints(
    name: str, task: TranslationTask, model: Echo, numbers: Any
) -> None:
    criterion = criterion_of(name, task, ignore_prefix_size=5)
    found = reduced(criterion, [numbers(criterion(model.eval(), batch())[2])])
    assert {"loss", "nll_loss", "ppl"} <= set(found)


@pytest.mark.parametrize("dtype", [torch.half, torch.bfloat16])
def test_half_logits_give_the_value_of_float32(
    name: str, task: TranslationTask, model: Echo, dtype: torch.dtype
) -> None:
    half = Echo(model.logits.detach().to(dtype))
    exact = Echo(half.logits.detach().float())
    found, expected = (criterion_of(name, task)(m, batch())[0] for m in (half, exact))
    torch.testing.assert_close(found, expected)
    found.backward()
    expected.backward()
    torch.testing.assert_close(half.logits.grad, exact.logits.grad.to(dtype))


def test_in_trust_says_once_that_it_needs_all_logits(
    task: TranslationTask, model: BaseFairseqModel, caplog: pytest.LogCaptureFixture
) -> None:
    criterion = criterion_of("in_trust_loss", task)
    with caplog.at_level("INFO"):
        for _ in range(2):
            criterion(model, batch())
    said = [record.message for record in caplog.records if "all logits" in record.message]
    assert said == [
        "the loss needs all logits at a time: InTrustCrossEntropyCriterion compares all words"
    ]


@pytest.mark.parametrize(
    ("name", "option", "wrong"),
    [
        ("gce_loss", "--gce-q", [0.0, 1.1, math.nan]),
        ("gce_loss", "--ignore-prefix-size", [-1]),
        ("in_trust_loss", "--in-trust-alpha", [-0.1, math.nan]),
        ("in_trust_loss", "--in-trust-beta", [-0.1, math.nan]),
        ("in_trust_loss", "--in-trust-delta", [-0.1, 1.0, math.nan]),
    ],
)
def test_out_of_range_options_are_named(
    name: str, task: TranslationTask, option: str, wrong: list
) -> None:
    for value in wrong:
        with pytest.raises(ValueError, match=rf"^{option} must be .*, got {value}$"):
            criterion_of(name, task, **{option[2:].replace("-", "_"): value})


def test_the_options_are_built_from_their_config(task: TranslationTask, model: Echo) -> None:
    gce = GeneralizedCrossEntropyCriterion.build_criterion(
        GeneralizedCrossEntropyCriterionConfig(sentence_avg=False, gce_q=0.5), task
    )
    trust = InTrustCrossEntropyCriterion.build_criterion(
        InTrustCrossEntropyCriterionConfig(sentence_avg=False, in_trust_delta=0.3), task
    )
    target = batch()["target"]
    for criterion, expected in (
        (gce, generalized_cross_entropy(model.logits, target, 0.5, PAD)),
        (trust, in_trust(model.logits, target, 0.2, 0.8, 0.3, PAD)),
    ):
        torch.testing.assert_close(criterion(model, batch())[0], expected)
