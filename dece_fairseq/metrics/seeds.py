"""Scores over trainings that differ in their seed: mean, deviation and an interval that holds."""

import statistics
from functools import lru_cache
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.metrics.score import Score
from dece_fairseq.signature import Signature

# The grid of plausible_rates, as logits: mean rates (down) and correlations (across).
_MEANS = np.linspace(-18, 18, 361)[:, None]
_CORRELATIONS = np.linspace(-16, 16, 65)


class Spread(NamedTuple):
    """A score over seeds, in percent."""

    mean: float
    deviation: Optional[float]
    """The standard deviation over the seeds; None of a single one."""
    low: Optional[float]
    high: Optional[float]
    """The 95 % interval: of the mean over trainings, or of a single training over its samples.
    None where neither seeds nor samples differ, so that there is nothing to take it from."""
    seeds: int

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return self.middle()
        return f"{self.middle()} ({self.low:.1f} to {self.high:.1f})"

    def middle(self) -> str:
        """Return mean and deviation, without the interval."""
        mean = f"{self.mean:.1f}"
        return mean if self.deviation is None else f"{mean} ± {self.deviation:.1f}"


def spread(scores: Sequence[Score]) -> Spread:
    """Return mean, deviation and 95 % interval of what some trainings scored.

    A single training has its own interval, which says nothing about the next training. That of
    several is never narrower than the mean of their own, since seeds may share their requests,
    and then more seeds say no more about other requests. For shares it also holds what
    ``plausible_rates`` gives, for all other scores Student's t over the seeds.

    Args:
        scores: of each seed, at least one
    """
    values = [score.percent for score in scores]
    mean = statistics.mean(values)
    if len(values) == 1:
        return Spread(mean, None, scores[0].low, scores[0].high, 1)
    deviation = statistics.stdev(values)
    counts = [(s.hits, s.total) for s in scores if s.hits is not None and s.total]
    if len(counts) == len(scores):
        low, high = (100 * end for end in plausible_rates(counts))
    else:
        reach = _students_t(len(values)) * deviation / len(values) ** 0.5
        # A score is never below 0 nor above 100, whatever Student's t thinks.
        low, high = max(0.0, mean - reach), min(100.0, mean + reach)
    # A training without an interval of its own is where it is.
    lows = [score.percent if score.low is None else score.low for score in scores]
    highs = [score.percent if score.high is None else score.high for score in scores]
    low, high = min(low, statistics.mean(lows)), max(high, statistics.mean(highs))
    ends = (low, high) if low < high else (None, None)
    return Spread(mean, deviation, ends[0], ends[1], len(values))


def signature() -> str:
    """Return what the interval over several seeds is made of."""
    import scipy  # here and below, for it takes longer than all else that commands import

    parts = {"shares": "betabinomial", "others": "student-t", "least": "own"}
    return str(Signature("seeds95", **parts, scipy=scipy.__version__))


def plausible_rates(counts: Sequence[Tuple[int, int]]) -> Tuple[float, float]:
    """Return the lowest and the highest mean rate that may be behind the counts of trainings.

    The counts are taken as beta-binomial (Williams 1975, Biometrics 31:949): each training has a
    rate of its own, drawn from a beta distribution with the mean rate that is asked for and an
    unknown correlation, from 0 (all trainings are alike) to 1 (each learns all or nothing). What
    is returned are the ends of the joint 95 % likelihood region of the two, projected on the mean
    (Meeker and Escobar 1995, The American Statistician 49:48).

    The region's bound on the likelihood, relative to the highest, is that of chi-square with two
    degrees of freedom, 0.05, or that which gives Student's t where rates are normal, if that is
    lower: 0.006 for two trainings, 0.03 for three. k trainings without a hit so give at most
    ``1 - bound ** (1 / k)``, which is how often the next may fail if one learns all or nothing.

    Args:
        counts: hits and samples of each training, at least two trainings
    """
    k = len(counts)
    bound = min(0.05, (1 + _students_t(k) ** 2 / (k - 1)) ** (-k / 2))
    profile = np.max(sum(_log_likelihoods(*count) for count in counts), axis=1)
    height = profile - np.max(profile) - np.log(bound)
    inside: List[int] = np.flatnonzero(height >= 0).tolist()
    first, last = inside[0], inside[-1]
    low = _crossing(height, first - 1) if first else 0.0
    high = _crossing(height, last) if last + 1 < len(height) else 1.0
    return low, high


def _students_t(count: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, count - 1))


def _crossing(height: Any, index: int) -> float:
    """Return the rate between two points of the grid at which the height is 0."""
    from scipy.special import expit

    (left, right), (x, y) = height[index : index + 2], _MEANS[index : index + 2, 0]
    return float(expit(x + (y - x) * left / (left - right)))


@lru_cache(maxsize=128)
def _log_likelihoods(hits: int, total: int) -> Any:
    """Return the log-likelihoods of one training on the grid, up to a constant."""
    from scipy.special import betaln, expit

    size = expit(-_CORRELATIONS) / expit(_CORRELATIONS)  # a + b of the beta distribution
    a, b = expit(_MEANS) * size, expit(-_MEANS) * size
    return betaln(a + hits, b + (total - hits)) - betaln(a, b)
