"""All forms of the loss give the same: over the logits, in their place, fused, from features."""

import math
from typing import Any, Callable, List

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dece_fairseq.losses import (
    Projection,
    deceptive_cross_entropy,
    deceptive_output,
)
from dece_fairseq.losses.cpp_kernel import load_cpp_kernel
from support.examples import examples
from support.logits import random_logits

FORMS = ["logits", "projection", "fused", "fused projection"]
TOLERANCES = {
    torch.float64: {"rtol": 1e-9, "atol": 1e-12},
    torch.float32: {"rtol": 2e-5, "atol": 1e-6},
    torch.bfloat16: {"rtol": 1e-2, "atol": 1e-3},
}


def loss_of(form: str, logits: Tensor, target: Tensor, *options: Any, **more: Any) -> Tensor:
    """The loss of logits in one of the forms; all are to give the same."""
    more["fused"] = form.startswith("fused")
    if more["fused"] and load_cpp_kernel() is None:
        pytest.skip("no compiler for the fused kernel")
    if form.endswith("projection"):  # of itself: infinities come in as a bias
        size = logits.size(-1)
        masked = logits.detach().reshape(-1, size).isinf().any(0)
        bias = torch.zeros(size, dtype=logits.dtype).masked_fill(masked, -math.inf)
        finite = torch.where(logits.isinf(), torch.zeros_like(logits), logits)
        projection = Projection(finite, torch.eye(size).to(logits.dtype), bias)
        return deceptive_cross_entropy(projection, target, *options, **more)
    return deceptive_cross_entropy(logits, target, *options, **more)


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None, max_examples=examples(25))
@given(
    shape=st.lists(st.integers(1, 4), min_size=0, max_size=3),
    vocabulary=st.integers(2, 40),
    dtype=st.sampled_from(sorted(TOLERANCES, key=str)),
    alpha=st.one_of(st.just(1.0), st.floats(0.05, 0.999)),
    epsilon=st.one_of(st.just(0.0), st.floats(1e-3, 0.99)),
    time=st.floats(0.1, 30),
    ignored=st.sampled_from(["none", "some", "all"]),
    reduction=st.sampled_from(["sum", "mean", "none"]),
    seed=st.integers(0, 2**31),
)
def test_equal_the_plain_formula(
    plain_formula: Callable[..., Tensor],
    form: str,
    shape: List[int],
    vocabulary: int,
    dtype: torch.dtype,
    alpha: float,
    epsilon: float,
    time: float,
    ignored: str,
    reduction: str,
    seed: int,
) -> None:
    logits = random_logits(seed, *shape, vocabulary, dtype=dtype).requires_grad_()
    exact = logits.detach().double().requires_grad_()
    torch.manual_seed(seed)
    target = torch.randint(vocabulary, shape)
    if ignored == "all":
        target.fill_(1)
    padding = None if ignored == "none" else 1
    expected = plain_formula(exact, target, alpha, epsilon, time, padding)
    weight = torch.rand(shape, dtype=torch.float64)  # of each loss in what is differentiated
    if reduction != "none":
        expected = expected.sum()
        if reduction == "mean":
            kept = sum(t != padding for t in target.flatten().tolist())
            expected = expected / max(1, kept)
        weight = weight.mean()

    loss = loss_of(form, logits, target, alpha, epsilon, time, padding, reduction)
    value_tolerance = TOLERANCES[torch.float64 if dtype == torch.float64 else torch.float32]
    torch.testing.assert_close(loss.double(), expected, **value_tolerance)
    (loss * weight).sum().backward()
    if expected.requires_grad:  # not where all are ignored
        (expected * weight).sum().backward()
    wanted = torch.zeros_like(exact) if exact.grad is None else exact.grad
    torch.testing.assert_close(logits.grad.double(), wanted, **TOLERANCES[dtype])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("epsilon", [0.0, 0.05])
@pytest.mark.parametrize("alpha", [0.5, 0.985, 1.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_extreme_logits(form: str, alpha: float, epsilon: float, dtype: torch.dtype) -> None:
    logits = torch.tensor([[1e4, -1e4, 0], [-1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]], dtype=dtype)
    exact, logits = logits.double().requires_grad_(), logits.requires_grad_()
    target = torch.tensor([1, 0, 2])
    loss = loss_of(form, logits, target, alpha, epsilon, 3.0)
    expected = deceptive_cross_entropy(exact, target, alpha, epsilon, 3.0)
    loss.backward()
    expected.backward()
    torch.testing.assert_close(loss.double(), expected, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(logits.grad.double(), exact.grad, rtol=1e-2, atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("likely", [1, 2, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_share_too_small_for_its_logarithm(form: str, likely: int, dtype: torch.dtype) -> None:
    """The loss of the target comes from its logit then, and from the share of the likely words."""
    logits = torch.zeros(1, likely + 1, dtype=dtype)
    logits[:, 1:] = 200
    loss = loss_of(form, logits, torch.tensor([0]), 1.0, 0.0, 0.0)
    torch.testing.assert_close(loss.item(), 200 + math.log(likely), rtol=1e-6, atol=0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("alpha", [0.9, 1.0])
@pytest.mark.parametrize("epsilon", [0.0, 0.05])
def test_words_that_the_model_rules_out(form: str, alpha: float, epsilon: float) -> None:
    logits = random_logits(0, 3, 6)
    logits[:, 4] = -math.inf
    exact, logits = logits.double().requires_grad_(), logits.requires_grad_()
    target = torch.tensor([0, 4, 2])
    losses = loss_of(form, logits, target, alpha, epsilon, 2.0, None, "none")
    expected = deceptive_cross_entropy(exact, target, alpha, epsilon, 2.0, None, "none")
    torch.testing.assert_close(losses.double(), expected)
    losses[0].backward()
    expected[0].backward()
    others = [0, 1, 2, 3, 5]
    torch.testing.assert_close(logits.grad[:, others].double(), exact.grad[:, others])
    assert not logits.grad.isnan().any()


@pytest.mark.parametrize("form", FORMS)
def test_a_blend_that_float32_cannot_tell_from_one(form: str) -> None:
    logits = random_logits(1, 4, 7)
    logits[:, 3] = -1e5
    target = torch.tensor([0, 3, 2, 3])
    for epsilon in (0.0, 0.05):
        for time in (1e-16, 1e-40):
            options = (target, 0.985, epsilon, time, None, "none")
            loss = loss_of(form, logits.clone().requires_grad_(), *options)
            expected = deceptive_cross_entropy(logits.double(), *options)
            torch.testing.assert_close(loss.double(), expected, rtol=1e-6, atol=0)
            assert loss.isfinite().all()


def transposed(logits: Tensor) -> Tensor:
    return logits.transpose(-1, -2).contiguous().transpose(-1, -2)


def every_other_row(logits: Tensor) -> Tensor:
    return logits.repeat_interleave(2, dim=0)[::2]


def one_row_for_all(logits: Tensor) -> Tensor:
    return logits[:1].expand_as(logits)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("view", [transposed, every_other_row, one_row_for_all])
def test_logits_that_are_not_contiguous(form: str, view: Callable[[Tensor], Tensor]) -> None:
    logits = random_logits(2, 5, 9).requires_grad_()
    target = torch.tensor([0, 8, 3, 4, 1])
    gradients = []
    for layout in (view, lambda z: view(z).contiguous()):
        loss = loss_of(form, layout(logits), target, 0.985, 0.05, 2.0)
        gradients.append(torch.autograd.grad(loss, logits)[0])
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_logits_used_twice(form: str, reduction: str) -> None:
    logits = random_logits(3, 4, 6).requires_grad_()
    target = torch.tensor([5, 0, 2, 2])
    squares = (logits**2).sum()
    loss = loss_of(form, logits, target, 0.9, 0.1, 2.0, None, reduction).sum()
    again = loss_of(form, logits, target, 0.5, 0.0, 1.0, None, reduction).sum()
    expected = [torch.autograd.grad(part, logits, retain_graph=True)[0] for part in (loss, again)]
    (squares + loss + again).backward()
    torch.testing.assert_close(logits.grad, 2 * logits.detach() + sum(expected))


@pytest.mark.parametrize("loss_of", [deceptive_cross_entropy, deceptive_output])
def test_logits_are_left_alone(loss_of: Callable[..., Any]) -> None:
    logits = random_logits(4, 4, 6).requires_grad_() * 1
    before = logits.detach().clone()
    loss = loss_of(logits, torch.tensor([5, 0, 2, 2]), 0.9, 0.1, 2.0)
    (loss if isinstance(loss, Tensor) else loss.loss).backward()
    assert torch.equal(logits, before)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("scale", [1.0, 128.0])
@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_retained_graphs_and_accumulated_gradients(form: str, scale: float, reduction: str) -> None:
    logits = random_logits(5, 4, 6).requires_grad_()
    target = torch.tensor([5, 0, 2, 2])
    loss = loss_of(form, logits, target, 0.9, 0.1, 2.0, None, reduction).sum() * scale
    loss.backward(retain_graph=True)
    once = logits.grad.clone()
    loss.backward()
    torch.testing.assert_close(logits.grad, 2 * once)
    exact = logits.detach().double().requires_grad_()
    (scale * deceptive_cross_entropy(exact, target, 0.9, 0.1, 2.0)).backward()
    torch.testing.assert_close(once.double(), exact.grad, rtol=1e-5, atol=1e-6)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_half_gradients_are_scaled_before_they_are_rounded(reduction: str) -> None:
    """As fairseq's --fp16 relies on: unscaled, all of these would be 0."""
    scale = 2.0**15
    logits = torch.zeros(1, 8)
    logits[0, 0] = 18.0
    exact = logits.double().requires_grad_()
    half = logits.half().requires_grad_()
    target = torch.tensor([0])
    expected = deceptive_cross_entropy(exact, target, 0.9, 0.0, 2.0) * scale
    expected.backward()
    loss = deceptive_cross_entropy(half * 1, target, 0.9, 0.0, 2.0, None, reduction)
    (loss.sum() * scale).backward()
    assert (exact.grad[0, 1:].abs() / scale).half().eq(0).all()
    torch.testing.assert_close(half.grad[0, 1:].double(), exact.grad[0, 1:], rtol=1e-3, atol=0)


@pytest.mark.parametrize("form", FORMS)
def test_anomaly_mode(form: str) -> None:
    logits = random_logits(6, 4, 6).requires_grad_()
    with torch.autograd.detect_anomaly():
        loss_of(form, logits, torch.tensor([5, 0, 2, 2]), 0.9, 0.1, 2.0, 2).backward()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("form", FORMS)
def test_nan_is_not_hidden(form: str) -> None:
    logits = random_logits(7, 3, 30)
    logits[1, 20] = math.nan
    logits.requires_grad_()
    losses = loss_of(form, logits, torch.tensor([5, 0, 2]), 0.9, 0.1, 2.0, None, "none")
    if not form.endswith("projection"):  # through which it reaches them all
        assert losses.isnan().tolist() == [False, True, False]
    losses.sum().backward()
    assert logits.grad[1].isnan().all()


def test_there_is_no_second_derivative() -> None:
    logits = random_logits(8, 2, 5).requires_grad_()
    loss = deceptive_cross_entropy(logits, torch.tensor([1, 2]), 0.9, 0.1, 2.0)
    with pytest.raises(RuntimeError, match="no second derivative"):
        torch.autograd.grad(loss, logits, create_graph=True)
