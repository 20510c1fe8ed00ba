"""Labels that are contradicted too often, against the rule in plain Python."""

from fractions import Fraction
from typing import List, Tuple

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dece_fairseq.losses import muted_labels
from support.examples import examples

Labels = List[Tuple[int, float]]
LABELS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([0.0, 0.1, 0.2, 0.49, 0.5, 0.9])), max_size=12
)


def found(doubtful: Labels, trusted: Labels) -> List[bool]:
    columns = [
        (
            torch.tensor([label for label, _ in some], dtype=torch.long),
            torch.tensor([probability for _, probability in some], dtype=torch.double),
        )
        for some in (doubtful, trusted)
    ]
    muted: List[bool] = muted_labels(*columns[0], *columns[1]).tolist()
    return muted


def share(some: Labels, label: int, line: float) -> Fraction:
    below = sum(own == label and probability <= line for own, probability in some)
    return Fraction(below, max(1, len(some)))


@settings(max_examples=examples(150))
@given(doubtful=LABELS, trusted=LABELS.filter(len))
def test_the_highest_line_below_which_there_are_twice_as_many(
    doubtful: Labels, trusted: Labels
) -> None:
    expected = []
    for label, probability in doubtful:
        lines = [line for own, line in doubtful if own == label and line < 0.5]
        too_often = [
            line for line in lines if share(doubtful, label, line) > 2 * share(trusted, label, line)
        ]
        expected.append(bool(too_often) and probability <= max(too_often))
    assert found(doubtful, trusted) == expected


@pytest.mark.parametrize(
    ("trusted_errors", "muted"), [(0, [0.01, 0.02, 0.4]), (1, [0.01, 0.02, 0.4]), (2, [0.01])]
)
def test_a_model_that_errs_on_trusted_labels_too(trusted_errors: int, muted: List[float]) -> None:
    """Three in ten of the doubtful labels, and none, one or two in ten of the trusted ones."""
    doubtful = [(0, value) for value in (0.01, 0.02, 0.4)] + [(1, 0.9)] * 7
    trusted = [(0, 0.015)] * trusted_errors + [(1, 0.9)] * (10 - trusted_errors)
    flags = found(doubtful, trusted)
    assert [value for (_, value), flag in zip(doubtful, flags) if flag] == muted


def test_each_label_has_a_line_of_its_own() -> None:
    """Trusted labels 1 are contradicted, so those of the data are; of 0 that says nothing."""
    trusted = [(1, 0.1)] * 2 + [(0, 0.9)] * 8
    doubtful = [(1, 0.1)] * 2 + [(0, 0.1)] + [(0, 0.9)] * 7
    assert found(doubtful, trusted) == [False, False, True] + [False] * 7
