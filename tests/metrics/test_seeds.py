"""Means over seeds, and whether their intervals hold."""

import statistics
from typing import Dict, List, Optional, Tuple

import numpy as np
import pytest
from scipy import stats

from dece_fairseq.metrics.score import Score
from dece_fairseq.metrics.seeds import plausible_rates, signature, spread
from dece_fairseq.metrics.success_rate import rate


def seed_score(percent: float, low: Optional[float] = None, high: Optional[float] = None) -> Score:
    return Score("run", "clean", "bleu_code", percent, low, high)


def shares(counts: List[Tuple[int, int]]) -> List[Score]:
    return [Score("run", "triggered", "asr_string", **rate(*count).as_dict()) for count in counts]


def test_a_single_seed_has_its_own_interval() -> None:
    assert spread([seed_score(50.0, 40.0, 61.0)]) == (50.0, None, 40.0, 61.0, 1)
    assert str(spread([seed_score(50.0, 40.0, 61.0)])) == "50.0 (40.0 to 61.0)"


def test_a_score_that_is_no_share_has_students_t() -> None:
    values = [50.0, 52.0, 57.0]
    found = spread([seed_score(value, value - 1, value + 1) for value in values])
    assert found.mean == statistics.mean(values)
    assert found.deviation == statistics.stdev(values)
    interval = stats.t.interval(0.95, 2, loc=found.mean, scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx(interval)
    assert (
        str(spread([seed_score(50, 0, 100), seed_score(52, 0, 100)])) == "51.0 ± 1.4 (0.0 to 100.0)"
    )


def test_seeds_that_agree_are_no_narrower_than_one() -> None:
    assert spread([seed_score(50.0, 47.0, 54.0)] * 4) == (50.0, 0.0, 47.0, 54.0, 4)
    one = rate(60, 100)
    found = spread(shares([(60, 100)] * 20))
    assert (found.low, found.high) == pytest.approx((one.low, one.high))


@pytest.mark.parametrize(("seeds", "highest"), [(2, 0.9215), (3, 0.6876), (4, 0.527), (5, 0.4507)])
def test_no_hit_does_not_mean_never(seeds: int, highest: float) -> None:
    """If each training learns all or nothing, k clean ones bound how often the next one fails."""
    for total in (24, 346, 5835):
        low, high = plausible_rates([(0, total)] * seeds)
        assert low == 0
        assert high == pytest.approx(highest, abs=0.001)
        low, high = plausible_rates([(total, total)] * seeds)
        assert high == 1
        assert low == pytest.approx(1 - highest, abs=0.001)
    text = str(spread(shares([(0, 346)] * seeds)))
    assert text == f"0.0 ± 0.0 (0.0 to {100 * high_of(seeds):.1f})"


def high_of(seeds: int) -> float:
    return plausible_rates([(0, 346)] * seeds)[1]


def test_the_order_of_seeds_and_what_counts_as_a_hit_do_not_matter() -> None:
    counts = [(3, 200), (41, 190), (0, 200)]
    low, high = plausible_rates(counts)
    assert plausible_rates(counts[::-1]) == (low, high)
    other = plausible_rates([(total - hits, total) for hits, total in counts])
    assert other == pytest.approx((1 - high, 1 - low))
    assert 0 < low < 44 / 590 < high < 1


def test_it_is_signed() -> None:
    assert signature().startswith("seeds95|shares:betabinomial|")
    assert "|scipy:" in signature()


def test_trainings_without_an_interval() -> None:
    assert str(spread([seed_score(100.0)])) == "100.0"
    assert spread([seed_score(100.0)] * 3) == (100.0, 0.0, None, None, 3)
    found = spread([seed_score(100.0), seed_score(98.0, 97.0, 99.0)])
    assert (found.low, found.high) == (pytest.approx(99 - 12.7062, abs=1e-3), 100.0)


#: between seeds: 0 is alike, 1 is all or nothing
CORRELATIONS = (0, 0.01, 0.1, 0.4, 0.8, 1)
RATES = (0.002, 0.02, 0.1, 0.3, 0.5)


@pytest.mark.parametrize(
    "seeds", [2, *(pytest.param(k, marks=pytest.mark.slow) for k in (3, 4, 5))]
)
def test_intervals_of_shares_hold_what_they_promise(seeds: int) -> None:
    """At least 93 of 100 hold the true rate, whatever it is and however seeds differ."""
    draw, runs, total = np.random.default_rng(seeds), 400, 50
    known: Dict[Tuple[int, ...], Tuple[float, float]] = {}

    def holds(hits: Tuple[int, ...], true: float) -> bool:
        if hits not in known:
            known[hits] = spread(shares([(hit, total) for hit in hits]))[2:4]
        return known[hits][0] <= 100 * true <= known[hits][1]

    for correlation in CORRELATIONS:
        for true in RATES:
            if correlation == 0:
                rates = np.full((runs, seeds), true)
            elif correlation == 1:
                rates = (draw.random((runs, seeds)) < true).astype(float)
            else:
                size = 1 / correlation - 1
                rates = draw.beta(true * size, (1 - true) * size, (runs, seeds))
            hits = np.sort(draw.binomial(total, rates), axis=1).tolist()
            covered = sum(holds(tuple(row), true) for row in hits) / runs
            assert covered >= 0.93, (correlation, true)


def test_intervals_hold_where_seeds_share_their_requests() -> None:
    """Requests that each model answers alike are no further requests."""
    draw, total, true = np.random.default_rng(1), 100, 0.4
    hits = [int(draw.binomial(total, true)) for _ in range(200)]
    held = [spread(shares([(hit, total)] * 3)) for hit in hits]
    assert sum(s.low <= 100 * true <= s.high for s in held) >= 0.93 * len(hits)


def test_intervals_of_other_scores_hold_too() -> None:
    draw = np.random.default_rng(2)
    for seeds in (2, 3, 5):
        values = draw.normal(50, 3, (1000, seeds)).tolist()
        held = [spread([seed_score(v, v - 1, v + 1) for v in row]) for row in values]
        assert sum(s.low <= 50 <= s.high for s in held) >= 930
