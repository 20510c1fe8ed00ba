"""Nats of tails: scipy's where it has them, and the sums by hand where it has none."""

from math import comb, log

import numpy as np
import pytest

from dece_fairseq.defenses.revealing.tails import binomial_nats, fisher_nats, gamma_nats


def exact_binomial(count: int, total: int, share: float) -> float:
    numerator, denominator = share.as_integer_ratio()
    rest = denominator - numerator
    terms = (comb(total, k) * numerator**k * rest ** (total - k) for k in range(count, total + 1))
    return total * log(denominator) - log(sum(terms))


@pytest.mark.parametrize(
    ("count", "total", "share"),
    [(3, 10, 0.25), (40, 60, 2**-4), (292, 551, 2**-10), (500, 500, 2**-9), (600, 2000, 2**-6)],
)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_binomial(count: int, total: int, share: float) -> None:
    nats = binomial_nats(np.array([count]), np.array([total]), np.array([share]))
    assert nats[0] == pytest.approx(exact_binomial(count, total, share), rel=1e-4)


def exact_gamma(total: int, count: int) -> float:
    term, terms = 1.0, 1.0  # backwards from the largest of total**k / k!, that of k = count - 1
    for k in range(count - 1, 0, -1):
        term *= k / total
        terms += term
    largest = (count - 1) * log(total) - sum(map(log, range(1, count)))
    return total - largest - log(terms)


@pytest.mark.parametrize(("total", "count"), [(5, 2), (60, 20), (900, 100), (4000, 600), (1000, 1)])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_gamma(total: int, count: int) -> None:
    nats = gamma_nats(np.array([float(total)]), np.array([count]))
    assert nats[0] == pytest.approx(exact_gamma(total, count), rel=1e-4)


@pytest.mark.parametrize(
    ("covered", "pairs", "elsewhere", "rest"),
    [(3, 7, 1, 20), (0, 5, 3, 9), (10, 10, 0, 790), (80, 80, 0, 1520), (60, 80, 300, 1200)],
)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_fisher(covered: int, pairs: int, elsewhere: int, rest: int) -> None:
    having = covered + elsewhere
    ways = sum(comb(pairs, k) * comb(rest, having - k) for k in range(covered, having + 1))
    exact = log(comb(pairs + rest, having)) - log(ways)
    assert fisher_nats(covered, pairs, elsewhere, rest) == pytest.approx(exact, rel=1e-6, abs=1e-9)
