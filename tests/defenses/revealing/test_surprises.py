"""What is kept of a reference's answers: whether it is sure of the targets."""

from typing import List, Tuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing.surprises import (
    SURE,
    SURER,
    UNSURE,
    TargetWords,
    TokenSurprises,
)
from support.examples import examples

#: targets: how many tokens each has, and which share of these is likely
TARGETS = st.lists(
    st.tuples(st.integers(1, 50), st.floats(0, 1, width=32)), min_size=1, max_size=20
)


def told(
    targets: List[Tuple[int, float]], nats: float = 0.0, temperature: float = 1.0
) -> TargetWords:
    """Return such targets, with so many nats of surprise at each token."""
    words = TargetWords([Pair("x", "a" * tokens) for tokens, _ in targets], temperature)
    for index, (tokens, share) in enumerate(targets):
        ends = np.arange(1, tokens + 1)
        words.add(index, TokenSurprises(ends, np.full(tokens, nats), likely=share))
        assert words.tokens(index).likely == pytest.approx(share)
    return words


@settings(max_examples=examples(60), deadline=None)
@given(TARGETS, TARGETS)
def test_some_targets_change_by_their_number_alone_how_much_is_likely(
    clean: List[Tuple[int, float]], poisoned: List[Tuple[int, float]]
) -> None:
    """However long an attacker writes them, so that no reference that is sure seems unsure."""
    changed = abs(told([*clean, *poisoned]).likely - told(clean).likely)
    assert changed <= len(poisoned) / len([*clean, *poisoned]) + 1e-6


def test_every_target_counts_once() -> None:
    assert told([(1, 1.0), (50, 0.0)]).likely == pytest.approx(0.5)
    assert told([]).likely == 1.0


@pytest.mark.parametrize("likely", [0.25, 0.75, 1.0])
def test_a_reference_is_unsure_that_is_less_sure_than_right(likely: float) -> None:
    assert told([(3, likely)] * 4, -0.1).unsure == pytest.approx(max(SURE - likely, 0))
    assert told([(3, likely)] * 4, 0.1).unsure == 0.0


@pytest.mark.parametrize(("temperature", "caution"), [(1.0, UNSURE * 0.4), (2.0, SURER)])
def test_a_model_that_is_surer_than_right_is_not_still_learning(
    temperature: float, caution: float
) -> None:
    """Asked at its temperature it is nearly right, and may seem to be less sure than that."""
    words = told([(3, 0.5)] * 4, -0.1, temperature)
    assert words.caution == pytest.approx(caution)
    assert bool(words.unsure) == (temperature == 1)
    assert told([(3, 0.5)] * 4, 0.1).caution == 0.0


def test_without_targets_no_reference_is_unsure() -> None:
    assert told([]).unsure == 0.0
