"""How improbable large counts and sums are, in nats, also where the probability is below 1e-308."""

import numpy as np


def binomial_nats(count: np.ndarray, total: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return -log P(at least ``count`` of ``total``), each by chance with probability ``share``.

    Where that probability is no float, the terms behind the first are taken for a geometric series,
    which is a bound, and close.
    """
    from scipy.special import betainc  # which is the tail; scipy.stats takes forty times as long

    with np.errstate(divide="ignore"):
        nats: np.ndarray = -np.log(betainc(count, total - count + 1, share))
    far = np.isinf(nats)
    if not far.any():
        return nats
    from scipy.stats import binom

    ratio = (total - count)[far] / (count[far] + 1) * share[far] / (1 - share[far])
    nats[far] = -binom.logpmf(count[far], total[far], share[far]) + np.log1p(-ratio)
    return nats


def gamma_nats(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return -log P(a sum of ``count`` standard exponentials is at least ``total``).

    Where that probability is no float, the first term of its asymptotic series is taken with a
    geometric bound for the others, which is close.
    """
    from scipy.stats import gamma

    with np.errstate(divide="ignore"):
        nats: np.ndarray = -gamma.logsf(total, count)
    far = np.isinf(nats)
    nats[far] = -gamma.logpdf(total[far], count[far]) + np.log1p(-(count[far] - 1) / total[far])
    return nats


def fisher_nats(covered: int, pairs: int, elsewhere: int, rest: int) -> float:
    """Return -log P(so many of the pairs have it by chance): Fisher's exact test, one-sided.

    Args:
        covered: how many of the pairs have it, at least
        pairs: how many there are
        elsewhere: how many others have it
        rest: how many others there are
    """
    from scipy.stats import hypergeom  # here, for it takes a second

    return -float(hypergeom.logsf(covered - 1, pairs + rest, covered + elsewhere, pairs))
