"""Intervals and paired tests from statistics of samples, as sacrebleu makes them.

The same numbers are drawn from the same seed as sacrebleu draws, 12345 by default, so that its
results come out: bootstrap resampling (Efron 1979; Koehn 2004) and approximate randomisation
(Riezler and Maxwell 2005). What differs is that a resample is a product of matrices here, that sums
are exact, and that a difference by chance counts where it is as large as the one seen. sacrebleu
counts larger ones alone, and so gives the smallest p-value to two systems that differ in a single
sample, and to a system that is compared with itself.
"""

from typing import List, Optional, Sequence, Tuple

import numpy as np

#: as sacrebleu's
SEED = 12345
RESAMPLES = 1000
TRIALS = 10000

#: rows of resamples made at once; a multiple of 32, for numpy draws 32 booleans at a time
_BLOCK = 32
#: samples whose weights of a block are multiplied at once, and stay in the cache for all parts
_FEW = 2048
# What is a difference and what only its rounding.
_TINY = 1e-9


def bootstrap_sums(
    parts: Sequence[np.ndarray], resamples: int = RESAMPLES, seed: int = SEED
) -> List[np.ndarray]:
    """Return sums of statistics over samples drawn with replacement, the same for every part.

    Parts are not put side by side, for that would take the memory of all statistics again.

    Args:
        parts: statistics of the same samples, each (samples, columns)
        resamples: how often to draw as many samples as there are
        seed: of the draws

    Returns:
        for each part (resamples, columns), float64
    """
    rng = np.random.default_rng(seed)
    samples = len(parts[0])
    sums = [np.zeros((resamples, part.shape[1])) for part in parts]
    weights = np.empty((_BLOCK, samples))
    for start in range(0, resamples, _BLOCK):
        block = weights[: min(_BLOCK, resamples - start)]
        for row in block:
            row[:] = np.bincount(rng.choice(samples, size=samples), minlength=samples)
        for first in range(0, samples, _FEW):
            few = slice(first, first + _FEW)
            for part, of_part in zip(parts, sums):
                of_part[start : start + len(block)] += block[:, few] @ part[few]
    return sums


def swapped_sums(
    one: np.ndarray, other: np.ndarray, trials: int = TRIALS, seed: int = SEED
) -> Tuple[np.ndarray, np.ndarray]:
    """Return sums of two systems' statistics with about half of the samples' outputs swapped.

    Args:
        one: statistics of the first system (samples, columns)
        other: of the second, of the same samples
        trials: how often to swap
        seed: of the choice

    Returns:
        the sums of both systems (trials, columns), float64
    """
    rng = np.random.default_rng(seed)
    difference = one - other
    kept = np.empty((trials, one.shape[1]))
    weights = np.empty((_BLOCK, len(one)))
    for start in range(0, trials, _BLOCK):
        block = weights[: min(_BLOCK, trials - start)]
        block[:] = rng.integers(2, size=block.shape, dtype=bool)
        np.matmul(block, difference, out=kept[start : start + len(block)])
    first = kept + other.sum(axis=0)
    return first, one.sum(axis=0) + other.sum(axis=0) - first


#: an interval's ends, or None twice where there is none
Interval = Tuple[Optional[float], Optional[float]]


def interval(scores: np.ndarray) -> Interval:
    """Return the 95 % interval of bootstrapped scores (resamples,), as wide as sacrebleu's.

    Where all resamples agree there is none: every sample then scores alike, which does not show
    how others would. sacrebleu prints an interval without a width there.
    """
    ordered = np.sort(scores)
    cut = len(ordered) // 40
    low, high = float(ordered[cut]), float(ordered[len(ordered) - cut - 1])
    return (low, high) if high - low > _TINY else (None, None)


def paired_bootstrap(one: np.ndarray, other: np.ndarray, difference: float) -> float:
    """Return the p-value of two systems' difference, by how it varies over drawn samples.

    Args:
        one: scores of the first system (resamples,) on resamples of the samples
        other: of the second, on the same resamples
        difference: between the second and the first on the samples themselves
    """
    differences = np.abs(other - one)
    return _p_value(differences - differences.mean(), difference)


def approximate_randomisation(one: np.ndarray, other: np.ndarray, difference: float) -> float:
    """Return the p-value of two systems' difference, by those of random mixtures of the two.

    Args:
        one: scores of one mixture (trials,)
        other: of the other
        difference: between the second system and the first
    """
    return _p_value(np.abs(other - one), difference)


def _p_value(by_chance: np.ndarray, difference: float) -> float:
    if abs(difference) <= _TINY:
        return 1.0
    as_large = int(np.sum(by_chance >= abs(difference) - _TINY))
    return (as_large + 1) / (len(by_chance) + 1)


def mcnemar(one: np.ndarray, other: np.ndarray) -> float:
    """Return the p-value of McNemar's exact test (1947) of two systems' shares on the same samples.

    Args:
        one: hits of the first system (samples,), 0 or 1
        other: of the second
    """
    from scipy.stats import binomtest  # here, for it takes a second

    lost, won = int(np.sum(one > other)), int(np.sum(one < other))
    return float(binomtest(lost, lost + won).pvalue) if lost + won else 1.0
