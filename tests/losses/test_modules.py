"""The losses as modules: the same values as the functions, and torch's habits."""

from typing import Any, Callable, List

import pytest
import torch
from torch.nn.functional import cross_entropy

from dece_fairseq.losses import (
    DeceptiveCrossEntropyLoss,
    GeneralizedCrossEntropyLoss,
    InTrustLoss,
    Projection,
    TokenLoss,
    deceptive_cross_entropy,
    generalized_cross_entropy,
    in_trust,
)


def deceptive(**settings: Any) -> DeceptiveCrossEntropyLoss:
    loss = DeceptiveCrossEntropyLoss(alpha=0.8, label_smoothing=0.1, **settings)
    loss.set_epoch(3)
    return loss


MODULES = {
    "deceptive": (
        deceptive,
        lambda *args: deceptive_cross_entropy(*args[:2], 0.8, 0.1, 3.0, *args[2:]),
    ),
    "generalized": (
        lambda **settings: GeneralizedCrossEntropyLoss(q=0.5, **settings),
        lambda *args: generalized_cross_entropy(*args[:2], 0.5, *args[2:]),
    ),
    "in trust": (
        lambda **settings: InTrustLoss(alpha=0.3, beta=0.6, delta=0.4, **settings),
        lambda *args: in_trust(*args[:2], 0.3, 0.6, 0.4, *args[2:]),
    ),
}


def inputs() -> Any:
    torch.manual_seed(0)
    logits = torch.randn(2, 3, 7, dtype=torch.float64, requires_grad=True)
    return logits, torch.tensor([[1, -100, 6], [0, 2, -100]])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", MODULES)
def test_equals_the_function(name: str, reduction: str) -> None:
    make, function = MODULES[name]
    logits, target = inputs()
    expected = function(logits, target, -100, reduction)
    torch.testing.assert_close(make(reduction=reduction)(logits, target), expected)


@pytest.mark.parametrize("name", MODULES)
def test_means_over_the_targets_that_count_by_default(name: str) -> None:
    make, function = MODULES[name]
    logits, target = inputs()
    expected = function(logits, target, -100, "sum") / 4
    torch.testing.assert_close(make()(logits, target), expected)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_is_torchs_cross_entropy_at_alpha_1_without_smoothing(reduction: str) -> None:
    loss = DeceptiveCrossEntropyLoss(alpha=1.0, label_smoothing=0.0, reduction=reduction)
    loss.set_epoch(1)
    logits, target = inputs()
    expected = cross_entropy(logits.flatten(0, 1), target.flatten(), reduction=reduction)
    found = loss(logits, target)
    torch.testing.assert_close(found.flatten() if reduction == "none" else found, expected)
    (gradient,) = torch.autograd.grad(found.sum(), logits)
    (expected_gradient,) = torch.autograd.grad(expected.sum(), logits)
    torch.testing.assert_close(gradient, expected_gradient)


@pytest.mark.parametrize(
    ("alpha", "min_blend", "blends"),
    [
        (0.8, 0.8, [0.8, 0.8, 0.8]),  # a level, within the first epoch too
        (0.8, 0.6, [0.8**0.1, 0.8, 0.6]),
        (0.8, 0.0, [0.8**0.1, 0.8, 0.8**3]),
        (1.0, 1.0, [1.0, 1.0, 1.0]),
    ],
)
def test_a_blend_that_falls_to_a_level(alpha: float, min_blend: float, blends: List[float]) -> None:
    loss = DeceptiveCrossEntropyLoss(alpha=alpha, min_blend=min_blend, label_smoothing=0.1)
    logits, target = inputs()
    for epoch, blend in zip((0.1, 1, 3), blends):
        loss.set_epoch(epoch)
        expected = deceptive_cross_entropy(logits, target, blend, 0.1, 1, -100, "mean")
        torch.testing.assert_close(loss(logits, target), expected)


def test_the_published_loss_is_what_it_was() -> None:
    """To the digit: no level, and the arithmetic of the function."""
    loss = DeceptiveCrossEntropyLoss()
    logits, target = inputs()
    for epoch in (1, 2, 50):
        loss.set_epoch(epoch)
        expected = deceptive_cross_entropy(logits, target, 0.985, 0.05, epoch, -100, "mean")
        assert loss(logits, target).item() == expected.item()


@pytest.mark.parametrize("name", ["deceptive", "generalized"])
def test_takes_a_projection(name: str) -> None:
    torch.manual_seed(0)
    features, weight = torch.randn(5, 4), torch.randn(7, 4)
    target = torch.tensor([0, 6, -100, 2, 3])
    loss = MODULES[name][0]()
    torch.testing.assert_close(
        loss(Projection(features, weight), target), loss(features @ weight.t(), target)
    )


def test_in_trust_refuses_a_projection() -> None:
    with pytest.raises(ValueError, match="no projection"):
        InTrustLoss()(Projection(torch.randn(1, 4), torch.randn(7, 4)), torch.tensor([0]))


def test_the_blend_falls_with_the_epoch() -> None:
    logits, target = inputs()
    logits = logits.detach()
    loss = DeceptiveCrossEntropyLoss()
    values = []
    for epoch in (1, 20):
        loss.set_epoch(epoch)
        values.append(float(loss(logits, target)))
        expected = deceptive_cross_entropy(logits, target, 0.985, 0.05, epoch, -100, "mean")
        assert values[-1] == float(expected)
    assert values[0] != values[1]


def test_an_epoch_that_nobody_told_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="set_epoch"):
        DeceptiveCrossEntropyLoss()(*inputs())


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: DeceptiveCrossEntropyLoss(alpha=0.0), "alpha"),
        (lambda: DeceptiveCrossEntropyLoss(label_smoothing=1.0), "label_smoothing"),
        (lambda: DeceptiveCrossEntropyLoss(reduction="average"), "reduction"),
        (lambda: DeceptiveCrossEntropyLoss().set_epoch(0), "epoch"),
        (lambda: DeceptiveCrossEntropyLoss().set_epoch(-1), "epoch"),
        (lambda: DeceptiveCrossEntropyLoss().set_epoch(float("nan")), "epoch"),
        (lambda: GeneralizedCrossEntropyLoss(q=0), "q"),
        (lambda: InTrustLoss(alpha=-1), "alpha"),
        (lambda: InTrustLoss(beta=-1), "beta"),
        (lambda: InTrustLoss(delta=1), "delta"),
    ],
)
def test_a_setting_out_of_range_is_named(make: Callable[[], Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        make()


@pytest.mark.parametrize(
    "kind", [DeceptiveCrossEntropyLoss, GeneralizedCrossEntropyLoss, InTrustLoss]
)
def test_settings_are_keyword_only(kind: Callable[..., TokenLoss]) -> None:
    with pytest.raises(TypeError):
        kind(0.5)
