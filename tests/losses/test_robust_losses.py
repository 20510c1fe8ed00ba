"""GCE and In-trust: against the authors' numbers, their definitions and gradcheck."""

import json
import math
from functools import partial
from pathlib import Path
from typing import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cross_entropy

from dece_fairseq.losses import (
    Projection,
    generalized_cross_entropy,
    generalized_output,
    in_trust,
    in_trust_output,
)
from support.examples import examples

#: loss and gradient of the authors' published code, in float64
AUTHORS = Path(__file__).with_name("authors_losses.json")

LOSSES = {"generalized_cross_entropy": generalized_cross_entropy, "in_trust": in_trust}
TERMS = {"generalized_cross_entropy": generalized_output, "in_trust": in_trust_output}


def by_definition(name: str, row: Tensor, t: int) -> Tensor:
    s = row.softmax(0)
    if name == "generalized_cross_entropy":
        return (1 - s[t] ** 0.7) / 0.7
    y = torch.full_like(s, 1e-4)
    y[t] = 1
    return -0.2 * s[t].log() - 0.8 * (s * (0.5 * s + 0.5 * y).log()).sum()


def test_equal_the_authors_losses_and_gradients() -> None:
    cases = json.loads(AUTHORS.read_text(encoding="utf-8"))["cases"]
    cases = [case for case in cases if case["loss_name"] in LOSSES]
    assert len(cases) >= 9
    for case in cases:
        logits = torch.tensor(case["logits"], dtype=torch.float64, requires_grad=True)
        options = {key: case[key] for key in ("q", "alpha", "beta", "delta") if key in case}
        loss = LOSSES[case["loss_name"]](
            logits, torch.tensor(case["target"]), ignore_index=case["padding_idx"], **options
        )
        loss.backward()
        # The authors keep the 1e-4 of In-trust in float32, which shows in the tenth digit.
        exact = {"rtol": 1e-12, "atol": 1e-12}
        close = exact if "q" in case else {"rtol": 1e-9, "atol": 1e-10}
        expected = torch.tensor(case["loss_sum"], dtype=torch.float64)
        torch.testing.assert_close(loss, expected, **close)
        grad = torch.tensor(case["grad"], dtype=torch.float64)
        torch.testing.assert_close(logits.grad, grad, **close)


@settings(deadline=None, max_examples=examples(50))
@given(
    shape=st.lists(st.integers(1, 4), min_size=0, max_size=3),
    vocabulary=st.integers(2, 12),
    ignored=st.booleans(),
    name=st.sampled_from(sorted(LOSSES)),
    seed=st.integers(0, 2**31),
)
def test_equal_their_definitions(
    shape: list, vocabulary: int, ignored: bool, name: str, seed: int
) -> None:
    torch.manual_seed(seed)
    logits = 3 * torch.randn(*shape, vocabulary, dtype=torch.float64)
    target = torch.randint(vocabulary, shape)
    ignore_index = 1 if ignored else None
    rows = zip(logits.reshape(-1, vocabulary), target.flatten().tolist())
    expected = torch.stack(
        [by_definition(name, row, t) if t != ignore_index else row.new_zeros(()) for row, t in rows]
    ).reshape(shape)
    loss = LOSSES[name]
    losses = loss(logits, target, ignore_index=ignore_index, reduction="none")
    torch.testing.assert_close(losses, expected)
    torch.testing.assert_close(loss(logits, target, ignore_index=ignore_index), expected.sum())
    kept = int((target != 1).sum()) if ignored else target.numel()
    mean = loss(logits, target, ignore_index=ignore_index, reduction="mean")
    torch.testing.assert_close(mean, expected.sum() / max(kept, 1))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("reduction", ["sum", "mean", "none"])
def test_gradcheck(name: str, reduction: str) -> None:
    torch.manual_seed(1)
    logits = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([[0, 4, 1], [1, 2, 3]])
    loss = partial(LOSSES[name], target=target, ignore_index=1, reduction=reduction)
    assert torch.autograd.gradcheck(loss, logits)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.half])
def test_extreme_logits_are_finite(name: str, dtype: torch.dtype) -> None:
    logits = torch.tensor([[1e4, -1e4, 0], [-1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]], dtype=dtype)
    logits.requires_grad_()
    loss = LOSSES[name](logits, torch.tensor([1, 0, 2]))
    loss.backward()
    assert loss.dtype == torch.float32
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", LOSSES)
def test_words_that_the_model_rules_out(name: str) -> None:
    logits = torch.tensor([[1.0, -math.inf, 0.0]], requires_grad=True)
    LOSSES[name](logits, torch.tensor([0])).backward()
    assert torch.isfinite(logits.grad).all()
    assert logits.grad[0, 1] == 0


@pytest.mark.parametrize("name", LOSSES)
def test_all_ignored_is_zero(name: str) -> None:
    logits = torch.full((2, 3), math.inf)
    for reduction in ("sum", "mean"):
        loss = LOSSES[name](logits, torch.ones(2, dtype=torch.long), ignore_index=1)
        assert loss == 0, reduction


@pytest.mark.parametrize("name", TERMS)
def test_what_a_log_shows_beside_the_loss(name: str) -> None:
    torch.manual_seed(0)
    logits = torch.randn(6, 9, requires_grad=True)
    target = torch.tensor([0, 1, 2, 3, 1, 8])
    found = TERMS[name](logits, target, ignore_index=1, predictions=True)
    nll = cross_entropy(logits, target, ignore_index=1, reduction="none")
    torch.testing.assert_close(found.nll, nll.detach())
    torch.testing.assert_close(found.loss, LOSSES[name](logits, target, ignore_index=1))
    assert not found.nll.requires_grad
    assert torch.equal(found.predictions, logits.argmax(-1))
    assert TERMS[name](logits, target).predictions is None


def test_gce_is_cross_entropy_for_a_small_q_and_bounded_for_a_large_one() -> None:
    logits = torch.tensor([[0.3, -2.0, 40.0]], dtype=torch.float64)
    target = torch.tensor([1])
    for q, expected in ((1e-9, cross_entropy(logits, target)), (1.0, torch.tensor(1.0))):
        loss = generalized_cross_entropy(logits, target, q)
        torch.testing.assert_close(loss, expected.double(), rtol=1e-6, atol=0)


def test_in_trust_is_the_sum_of_its_terms_each_of_which_may_be_left_out() -> None:
    torch.manual_seed(0)
    logits, target = torch.randn(3, 5, dtype=torch.float64), torch.tensor([0, 4, 2])
    nll, trust = (in_trust(logits, target, alpha=a, beta=1 - a, delta=0.0) for a in (1.0, 0.0))
    torch.testing.assert_close(nll, cross_entropy(logits, target, reduction="sum"))
    y = torch.full((3, 5), 1e-4, dtype=torch.float64).scatter(1, target.unsqueeze(1), 1.0)
    torch.testing.assert_close(trust, -(logits.softmax(1) * y.log()).sum(), rtol=1e-6, atol=0)


def test_gce_takes_a_projection() -> None:
    torch.manual_seed(0)
    features, weight, bias = torch.randn(5, 3), torch.randn(7, 3), torch.randn(7)
    for tensor in (features, weight, bias):
        tensor.requires_grad_()
    target = torch.tensor([1, 2, 0, 6, 1])
    grads = []
    for logits in (Projection(features, weight, bias), features @ weight.t() + bias):
        loss = generalized_cross_entropy(logits, target, ignore_index=1)
        grads.append((loss, *torch.autograd.grad(loss, (features, weight, bias))))
    for found, expected in zip(*grads):
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    ("loss", "name", "wrong"),
    [
        (generalized_cross_entropy, "q", [0.0, 1.1, math.nan]),
        (in_trust, "alpha", [-0.1, math.nan]),
        (in_trust, "beta", [-0.1, math.nan]),
        (in_trust, "delta", [-0.1, 1.0, math.nan]),
        (in_trust, "reduction", ["average"]),
        (generalized_cross_entropy, "reduction", ["average"]),
    ],
)
def test_out_of_range_values_are_named(loss: Callable, name: str, wrong: list) -> None:
    for value in wrong:
        with pytest.raises(ValueError, match=f"^{name} must be .*, got {value}"):
            loss(torch.zeros(2, 3), torch.zeros(2, dtype=torch.long), **{name: value})
    with pytest.raises(ValueError, match="target must be"):
        loss(torch.zeros(2, 3), torch.full((2,), 3))
