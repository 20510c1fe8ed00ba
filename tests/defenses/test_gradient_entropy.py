"""The spectrum of a gradient that nobody makes, against the one that autograd makes."""

import math

import numpy as np
import pytest
import torch

from dece_fairseq.defenses.gradient_entropy import singular_values, spectral_entropy


@pytest.mark.parametrize(("tokens", "size"), [(1, 4), (3, 8), (8, 3), (5, 5)])
def test_singular_values_are_those_of_autograd(tokens: int, size: int) -> None:
    torch.manual_seed(tokens)
    features = torch.randn(tokens, size, dtype=torch.float64)
    target = torch.randint(7, (tokens,))
    projection = torch.nn.Linear(size, 7, bias=False).double()
    logits = projection(features)
    torch.nn.functional.cross_entropy(logits, target, reduction="sum").backward()
    errors = logits.softmax(-1).detach()
    errors[torch.arange(tokens), target] -= 1
    assert projection.weight.grad is not None
    whole = torch.linalg.svdvals(projection.weight.grad)
    found = singular_values(features, errors)
    assert len(found) == min(tokens, size)
    np.testing.assert_allclose(found[: len(whole)], whole[: len(found)], atol=1e-7)
    np.testing.assert_allclose(found[len(whole) :], 0, atol=1e-7)


def test_entropy_by_hand() -> None:
    assert spectral_entropy(np.array([3.0])) == 0
    assert spectral_entropy(np.array([0.0, 0.0])) == 0
    assert spectral_entropy(np.full(16, 0.1)) == pytest.approx(1)
    assert spectral_entropy(np.full(4, 0.1)) == pytest.approx(0.5)  # a target of four tokens
    assert spectral_entropy(np.array([2.0, 1.0, 1.0]), rank=4) == pytest.approx(
        1.5 * math.log(2) / math.log(4)
    )
    assert spectral_entropy(np.array([5.0, 5.0, 1.0]), rank=2) == pytest.approx(1)


def test_entropy_is_of_the_shape_alone() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        values = np.sort(rng.exponential(size=rng.integers(1, 30)))[::-1]
        entropy = spectral_entropy(values)
        assert 0 <= entropy <= 1
        assert spectral_entropy(values * 7.5) == pytest.approx(entropy)
