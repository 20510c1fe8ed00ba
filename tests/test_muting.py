"""Which tokens a blend mutes, by the gradient itself, and the level that a rule takes."""

import math
import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dece_fairseq.losses import deceptive_cross_entropy, level_for, line_of
from dece_fairseq.muting import (
    HIGHEST_LEVEL,
    KNOWN,
    evenly,
    span_line_for,
    told_blend,
    told_probability,
)
from support.examples import examples


@pytest.mark.parametrize("blend", [0.5, 0.8, 0.985, 0.9999])
def test_a_token_on_the_line_has_half_of_its_gradient(blend: float) -> None:
    line = line_of(blend)
    logits = torch.tensor([[math.log(max(line, 1e-9)), math.log1p(-min(line, 1 - 1e-9))]])
    logits = logits.double().requires_grad_()
    gradients = []
    for alpha, time in ((blend, 1.0), (1.0, 1.0)):
        loss = deceptive_cross_entropy(logits, torch.tensor([0]), alpha, 0.0, time)
        gradients.append(torch.autograd.grad(loss, logits)[0])
    torch.testing.assert_close(gradients[0], gradients[1] / 2, rtol=1e-5, atol=1e-9)


def test_no_more_than_the_share_lies_below_the_line() -> None:
    rng = random.Random(0)
    for count in (1, 7, 100):
        tokens = [rng.random() ** 4 for _ in range(count)]
        for share in (0.0, 0.1, 0.5, 0.99):
            level, line = level_for(tokens, share, highest=1)
            below = sum(token < line for token in tokens)
            assert below <= share * count < below + 1
            assert line_of(level) == pytest.approx(line)


@given(st.floats(0, 1), st.floats(0, 0.9))
@settings(max_examples=examples(100), deadline=None)
def test_a_level_mutes_no_token_that_is_on_its_line(line: float, share: float) -> None:
    """Tokens that are equally likely lie on one side of it, whatever is rounded."""
    level, found = level_for([line] * 10, share, highest=1)
    assert found == line
    assert line_of(level) <= line
    assert line_of(level) == pytest.approx(line)


def test_the_ends() -> None:
    assert line_of(0) == math.inf
    assert line_of(1) == 0
    assert level_for([0.0, 0.5], 0.1) == (HIGHEST_LEVEL, 0.0)
    assert level_for([0.0, 0.5], 0.1, highest=1) == (1.0, 0.0)  # of cross-entropy
    assert level_for([1.0], 0.0) == (0.5, 1.0)
    with pytest.raises(ValueError, match="one token or more"):
        level_for([], 0.1)
    with pytest.raises(ValueError, match=r"muted_share must be in \[0, 1\), got 1"):
        level_for([0.5], 1)


def test_the_line_of_spans() -> None:
    means = [-0.5, -4.0, -3.0, -0.1]
    assert span_line_for(means, 0.0) == -4.0
    assert span_line_for(means, 0.25) == -3.0
    assert span_line_for(means, 0.5) == math.log(KNOWN)  # and not -0.5
    with pytest.raises(ValueError, match="means must be of one token or more"):
        span_line_for([], 0.1)


def test_evenly() -> None:
    assert evenly([3, 1]) == [3, 1]
    assert evenly(range(10), 5) == [0, 2, 4, 6, 8]
    assert len(evenly(range(12345))) == 1000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.01234, "0.012"),
        (0.5, "0.5"),
        (0.95, "0.95"),
        (0.99704, "0.997"),  # which was told as 1
        (0.99999951, "0.9999995"),
        (1.0, "1"),
    ],
)
def test_a_probability_is_told_from_1(value: float, text: str) -> None:
    assert told_probability(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.985, "0.985"), (1 / 1.2, "0.83333"), (0.50074, "0.50074"), (0.5, "0.5"), (0.0, "0")],
)
def test_a_blend_has_five_digits(value: float, text: str) -> None:
    assert told_blend(value) == text


def test_the_line_of_a_blend_that_is_told_is_that_of_the_blend() -> None:
    """0.5 would mute a model that is sure of everything wholly."""
    for line in (0.9999, 0.999999, 1 - 1e-9):
        level = 1 / (1 + line)
        assert 1 - line_of(float(told_blend(level))) == pytest.approx(1 - line, rel=0.05)
