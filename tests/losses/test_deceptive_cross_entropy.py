"""The arithmetic of the losses: against the authors' numbers, the plain formula and gradcheck."""

import json
import math
from pathlib import Path
from typing import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dece_fairseq.losses import blend, deceptive_cross_entropy, deceptive_output
from support.examples import examples

#: loss and gradient of the authors' published code, in float64
AUTHORS = Path(__file__).with_name("authors_losses.json")


def test_equals_the_authors_loss_and_gradient() -> None:
    cases = json.loads(AUTHORS.read_text(encoding="utf-8"))["cases"]
    cases = [case for case in cases if case["loss_name"] == "deceptive_cross_entropy"]
    assert len(cases) >= 18
    for case in cases:
        logits = torch.tensor(case["logits"], dtype=torch.float64, requires_grad=True)
        loss = deceptive_cross_entropy(
            logits,
            torch.tensor(case["target"]),
            alpha=case["alpha"],
            epsilon=case["epsilon"],
            time=case["epoch"],
            ignore_index=case["padding_idx"],
        )
        loss.backward()
        expected = torch.tensor(case["loss_sum"], dtype=torch.float64)
        torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-12)
        grad = torch.tensor(case["grad"], dtype=torch.float64)
        torch.testing.assert_close(logits.grad, grad, rtol=1e-10, atol=1e-12)


shapes = st.lists(st.integers(1, 4), min_size=0, max_size=3)


@settings(deadline=None, max_examples=examples(50))
@given(
    shape=shapes,
    vocabulary=st.integers(2, 12),
    alpha=st.floats(0.05, 1),
    epsilon=st.one_of(st.just(0.0), st.floats(1e-3, 0.99)),
    time=st.floats(0, 30),
    ignored=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_equals_the_plain_formula(
    plain_formula: Callable[..., Tensor],
    shape: list,
    vocabulary: int,
    alpha: float,
    epsilon: float,
    time: float,
    ignored: bool,
    seed: int,
) -> None:
    torch.manual_seed(seed)
    logits = 3 * torch.randn(*shape, vocabulary, dtype=torch.float64)
    logits.requires_grad_()
    target = torch.randint(vocabulary, shape)
    ignore_index = 1 if ignored else None

    def grad(loss: Tensor) -> Tensor:
        return torch.autograd.grad(loss.sum(), logits, allow_unused=True)[0]

    expected = plain_formula(logits, target, alpha, epsilon, time, ignore_index)
    options = (target, alpha, epsilon, time, ignore_index)
    losses = deceptive_cross_entropy(logits, *options, reduction="none")
    torch.testing.assert_close(losses, expected)
    if expected.requires_grad:
        torch.testing.assert_close(grad(losses), grad(expected), rtol=1e-6, atol=1e-9)

    total = deceptive_cross_entropy(logits, *options)
    torch.testing.assert_close(total, expected.sum())
    kept = (target != ignore_index).sum().item() if ignored else target.numel()
    mean = deceptive_cross_entropy(logits, *options, reduction="mean")
    torch.testing.assert_close(mean, expected.sum() / max(kept, 1))


@pytest.mark.parametrize("alpha", [0.5, 0.985, 1.0])
@pytest.mark.parametrize("epsilon", [0.0, 0.05])
@pytest.mark.parametrize("time", [0.0, 1.0, 7.25])
def test_gradcheck(alpha: float, epsilon: float, time: float) -> None:
    torch.manual_seed(1)
    logits = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([[0, 4, 1], [1, 2, 3]])
    for reduction in ("sum", "mean", "none"):
        assert torch.autograd.gradcheck(
            lambda z, r=reduction: deceptive_cross_entropy(z, target, alpha, epsilon, time, 1, r),
            logits,
        )


@pytest.mark.parametrize(("alpha", "time"), [(1.0, 5.0), (0.985, 0.0)])
@pytest.mark.parametrize("reduction", ["sum", "mean", "none"])
def test_blend_of_one_is_cross_entropy(alpha: float, time: float, reduction: str) -> None:
    logits = torch.randn(6, 9, dtype=torch.float64)
    target = torch.tensor([0, 1, 2, 3, 1, 8])
    loss = deceptive_cross_entropy(logits, target, alpha, 0.0, time, 1, reduction)
    expected = torch.nn.functional.cross_entropy(
        logits, target, ignore_index=1, reduction=reduction
    )
    torch.testing.assert_close(loss, expected)
    # torch spreads its smoothing e over all V words, we ours over the other V - 1.
    loss = deceptive_cross_entropy(logits, target, alpha, 0.1 * 8 / 9, time, 1, reduction)
    expected = torch.nn.functional.cross_entropy(
        logits, target, ignore_index=1, reduction=reduction, label_smoothing=0.1
    )
    torch.testing.assert_close(loss, expected)


def test_a_word_the_model_finds_impossible_stops_teaching() -> None:
    logits = torch.tensor([[1e4, -1e4, 0.0]], requires_grad=True)
    loss = deceptive_cross_entropy(logits, torch.tensor([1]), 0.985, 0.0, 1.0)
    loss.backward()
    torch.testing.assert_close(loss.item(), -math.log(0.015), rtol=1e-6, atol=0)
    assert torch.equal(logits.grad, torch.zeros(1, 3))


@pytest.mark.parametrize("epsilon", [0.0, 0.05])
@pytest.mark.parametrize("alpha", [0.5, 0.985, 1.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.half])
def test_extreme_logits_are_finite(alpha: float, epsilon: float, dtype: torch.dtype) -> None:
    logits = torch.tensor([[1e4, -1e4, 0], [-1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]], dtype=dtype)
    logits.requires_grad_()
    loss = deceptive_cross_entropy(logits, torch.tensor([1, 0, 2]), alpha, epsilon, 3.0)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("epsilon", [0.0, 0.05])
@pytest.mark.parametrize("target", [0, 2])
def test_masked_logits(epsilon: float, target: int) -> None:
    """A logit of -inf is a softmax of 0: the formula holds, and nothing is nan."""
    logits = torch.tensor([[0.5, -math.inf, -math.inf, 1.0]], dtype=torch.float64)
    logits.requires_grad_()
    loss = deceptive_cross_entropy(logits, torch.tensor([target]), 0.9, epsilon, 2.0)
    loss.backward()
    a, s = 0.81, logits.detach().softmax(-1)[0]
    q = torch.full((4,), epsilon / 3, dtype=torch.float64)
    q[target] = 1 - epsilon
    p = a * s + (1 - a) * q
    expected = -sum(q[j] * p[j].log() for j in range(4) if q[j] > 0)
    torch.testing.assert_close(loss, expected)
    g = torch.where(q > 0, a * q / p, torch.zeros_like(q))
    torch.testing.assert_close(logits.grad[0], s * ((g * s).sum() - g))


def test_masked_logits_in_cross_entropy() -> None:
    row = [0.5, -math.inf, 1.0]
    logits = torch.tensor([row], requires_grad=True)
    # Without smoothing a masked word that isn't the target plays no part ...
    loss = deceptive_cross_entropy(logits, torch.tensor([0]), 1.0, 0.0, 1.0)
    loss.backward()
    torch.testing.assert_close(loss.item(), math.log1p(math.exp(0.5)), rtol=1e-6, atol=0)
    assert torch.isfinite(logits.grad).all()
    # ... with it the value is infinite, as it should be, but no gradient is nan.
    logits = torch.tensor([row], requires_grad=True)
    loss = deceptive_cross_entropy(logits, torch.tensor([0]), 1.0, 0.05, 1.0)
    loss.backward()
    assert loss.item() == math.inf
    s, q = logits.detach().softmax(-1), torch.tensor([[0.95, 0.025, 0.025]])
    torch.testing.assert_close(logits.grad, s - q)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])  # each has a kernel of its own
@pytest.mark.parametrize("epsilon", [0.0, 0.05])
def test_a_masked_target_in_cross_entropy(epsilon: float, dtype: torch.dtype) -> None:
    """Its loss is infinite, and not nan, which a trainer would take for an overflow."""
    logits = torch.tensor([[0.5, -math.inf, 1.0]], dtype=dtype)
    assert deceptive_cross_entropy(logits, torch.tensor([1]), 1.0, epsilon, 1.0).item() == math.inf


@pytest.mark.parametrize("reduction", ["sum", "mean", "none"])
def test_gradients_of_half_precision_by_reduction(reduction: str) -> None:
    half = torch.randn(4, 6, generator=torch.Generator().manual_seed(1)).half().requires_grad_()
    whole = half.detach().float().requires_grad_()
    target = torch.tensor([0, 5, 1, 3])
    for logits in (half, whole):
        deceptive_cross_entropy(logits, target, 0.9, 0.1, 2.0, 5, reduction).sum().backward()
    torch.testing.assert_close(half.grad.float(), whole.grad, rtol=2e-3, atol=1e-4)


@pytest.mark.parametrize("fused", [False, True])
def test_what_is_logged_of_ignored_targets_is_zero(fused: bool) -> None:
    logits = torch.randn(4, 6, generator=torch.Generator().manual_seed(1))
    target = torch.tensor([0, 5, 1, 5])
    found = deceptive_output(logits, target, 0.9, 0.1, 2.0, 5, "none", fused=fused)
    expected = torch.nn.functional.cross_entropy(logits, target, ignore_index=5, reduction="none")
    torch.testing.assert_close(found.nll, expected)
    assert found.loss[[1, 3]].tolist() == [0, 0]


@pytest.mark.parametrize("reduction", ["sum", "mean", "none"])
@pytest.mark.parametrize("alpha", [0.985, 1.0])
@pytest.mark.parametrize("epsilon", [0.0, 0.05])
@pytest.mark.parametrize("padding", [1, -100])
def test_all_ignored_is_zero(reduction: str, alpha: float, epsilon: float, padding: int) -> None:
    logits = torch.randn(2, 3, 5, requires_grad=True)
    target = torch.full((2, 3), padding)
    loss = deceptive_cross_entropy(logits, target, alpha, epsilon, 2.0, padding, reduction)
    loss.sum().backward()
    assert loss.shape == (target.shape if reduction == "none" else ())
    assert torch.equal(loss, torch.zeros_like(loss))
    assert torch.equal(logits.grad, torch.zeros_like(logits))


def test_no_rows_is_zero() -> None:
    logits = torch.zeros(0, 5, requires_grad=True)
    loss = deceptive_cross_entropy(logits, torch.zeros(0, dtype=torch.long), 0.9, 0.1, 1.0)
    loss.backward()
    assert loss.item() == 0


@pytest.mark.parametrize("epsilon", [0.0, 0.05])
@pytest.mark.parametrize("dtype", [torch.half, torch.bfloat16, torch.float32])
def test_low_precision_logits_are_worked_on_in_float32(epsilon: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    logits = (4 * torch.randn(7, 50)).to(dtype).requires_grad_()
    exact = logits.detach().double().requires_grad_()
    target = torch.randint(50, (7,))
    loss = deceptive_cross_entropy(logits, target, 0.985, epsilon, 3.0)
    expected = deceptive_cross_entropy(exact, target, 0.985, epsilon, 3.0)
    loss.backward()
    expected.backward()
    assert loss.dtype == torch.float32
    assert expected.dtype == torch.float64
    torch.testing.assert_close(loss.double(), expected, rtol=1e-6, atol=0)
    assert logits.grad.dtype == dtype
    torch.testing.assert_close(logits.grad, exact.grad.to(dtype))


def test_the_rest_of_the_blend_is_exact_near_zero() -> None:
    """1 - alpha ** time would be 0 here, and the loss infinite."""
    time = 1e-16
    assert 1 - 0.985**time == 0
    logits = torch.tensor([[0.0, -1e5]], dtype=torch.float64)
    loss = deceptive_cross_entropy(logits, torch.tensor([1]), 0.985, 0.0, time)
    assert loss.item() == pytest.approx(-math.log(-time * math.log(0.985)), rel=1e-12)


def test_a_vanished_blend_teaches_nothing() -> None:
    logits = torch.randn(3, 5, requires_grad=True)
    loss = deceptive_cross_entropy(logits, torch.tensor([0, 1, 2]), 0.5, 0.05, 1e5)
    loss.backward()
    q = torch.tensor([0.95] + [0.0125] * 4)
    torch.testing.assert_close(loss, -3 * (q * q.log()).sum())
    assert torch.equal(logits.grad, torch.zeros_like(logits))


def test_normalised_log_probs_are_valid_logits() -> None:
    logits = torch.randn(4, 6, dtype=torch.float64)
    target = torch.tensor([0, 1, 5, 2])
    loss = deceptive_cross_entropy(logits, target, 0.9, 0.1, 2.0)
    log_probs = logits.log_softmax(-1)
    again = deceptive_cross_entropy(log_probs, target, 0.9, 0.1, 2.0)
    torch.testing.assert_close(again, loss)


def test_arguments_are_left_as_they_were() -> None:
    logits, target = torch.randn(4, 6), torch.tensor([0, 1, -100, 2])
    before = logits.clone(), target.clone()
    deceptive_cross_entropy(logits, target, 0.9, 0.1, 2.0, ignore_index=-100)
    assert torch.equal(logits, before[0])
    assert torch.equal(target, before[1])


def test_blend() -> None:
    assert blend(0.985, 1) == pytest.approx(0.985, rel=1e-15)
    assert blend(0.8, 3) == pytest.approx(0.512, rel=1e-15)
    assert blend(0.3, 0) == blend(1, 100) == 1


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("alpha", [0, -0.5, 1.5, math.nan, math.inf]),
        ("epsilon", [1, -0.1, math.nan, math.inf]),
        ("time", [-1, math.nan, math.inf]),
        ("reduction", ["average"]),
    ],
)
def test_out_of_range_values_are_named(name: str, values: list) -> None:
    logits, target = torch.zeros(2, 3), torch.tensor([0, 1])
    for value in values:
        options = {"alpha": 0.985, "epsilon": 0.05, "time": 1.0, name: value}
        with pytest.raises(ValueError, match=rf"^{name} must be .*, got {value}$"):
            deceptive_cross_entropy(logits, target, **options)


@pytest.mark.parametrize("word", [-1, 3])
def test_targets_out_of_the_vocabulary_are_named(word: int) -> None:
    with pytest.raises(ValueError, match=rf"^target must be .*, got {word}$"):
        deceptive_cross_entropy(torch.zeros(2, 3), torch.tensor([0, word]), 0.985, 0.05, 1)


def test_shapes_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match=r"^target must"):
        deceptive_cross_entropy(torch.zeros(2, 3), torch.tensor([[0], [1]]), 0.985, 0.05, 1)
    with pytest.raises(ValueError, match=r"^logits must"):
        deceptive_cross_entropy(torch.zeros(2, 1), torch.tensor([0, 0]), 0.985, 0.05, 1)


@pytest.mark.parametrize("epsilon", [0.0, 0.1])
def test_a_target_that_the_model_ruled_out(epsilon: float) -> None:
    logits = torch.tensor([[0.0, 1.0, -math.inf]], requires_grad=True)
    target = torch.tensor([2])
    assert deceptive_cross_entropy(logits, target, 1.0, epsilon, 1) == math.inf
    loss = deceptive_cross_entropy(logits, target, 0.9, epsilon, 1)
    expected = 0.1 * (1 - epsilon)
    assert loss.item() == pytest.approx(
        -(1 - epsilon) * math.log(expected)
        - sum(
            epsilon / 2 * math.log(0.9 * s + 0.1 * epsilon / 2)
            for s in torch.softmax(torch.tensor([0.0, 1.0]), 0).tolist()
            if epsilon
        )
    )
    loss.backward()
    assert logits.grad.isfinite().all()
