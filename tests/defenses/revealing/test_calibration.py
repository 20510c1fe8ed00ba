"""p-values: uniform or larger where the tail is as assumed, small for what stands out."""

import numpy as np
import pytest

from dece_fairseq.defenses.revealing.calibration import p_values


def tail(rng: np.random.Generator, number: int, scale: float) -> np.ndarray:
    """Evidence with an exponential tail."""
    return np.sort(rng.exponential(scale, number) + 4)[::-1]


@pytest.mark.parametrize(("number", "scale"), [(40, 1.0), (60, 3.0), (200, 8.0), (40, 0.2)])
def test_clean_tails_are_claimed_in_at_most_one_of_twenty(number: int, scale: float) -> None:
    rng = np.random.default_rng(1)
    lowest = np.array([p_values(tail(rng, number, scale)[:40], 4, 1.0)[0] for _ in range(200)])
    assert (lowest <= 0.05).mean() <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)
    assert (lowest <= 0.5).mean() <= 0.55


def test_what_stands_out_is_claimed_and_the_rest_is_not() -> None:
    rng = np.random.default_rng(2)
    natural = tail(rng, 60, 10.0)
    for payloads in ([1900.0], [1900.0, 220.0], [280.0, 250.0, 240.0, 230.0, 220.0]):
        found = p_values([*payloads, *natural[:40]], 4, 6.0)
        assert max(found[: len(payloads)]) <= 0.05
        assert min(found[len(payloads) :]) > 0.05
        assert found == sorted(found)


def test_few_suspicions_of_little_evidence_are_no_claim() -> None:
    assert p_values([], 5, 6.0) == []
    assert p_values([25.0], 5, 6.0)[0] > 0.05
    assert p_values([25.0, 12.0, 6.0], 5, 6.0)[0] > 0.05
    assert p_values([100.0], 5, 6.0)[0] < 0.001
    assert p_values([100.0], 5, 60.0)[0] > 0.05
    assert p_values([2.0], 5, 6.0) == [1.0]
