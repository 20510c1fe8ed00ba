"""How dece gauge tells numbers."""

import pytest

from dece_fairseq.muting import line_of
from dece_fairseq.reports.gauge import blend, probability


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
    assert probability(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.985, "0.985"), (1 / 1.2, "0.83333"), (0.50074, "0.50074"), (0.5, "0.5"), (0.0, "0")],
)
def test_a_blend_has_five_digits(value: float, text: str) -> None:
    assert blend(value) == text


def test_the_line_of_a_blend_that_is_told_is_that_of_the_blend() -> None:
    """0.5 would mute a model that is sure of everything wholly."""
    for line in (0.9999, 0.999999, 1 - 1e-9):
        level = 1 / (1 + line)
        assert 1 - line_of(float(blend(level))) == pytest.approx(1 - line, rel=0.05)
