"""What more of the doubtful pairs have than chance gives, as an attack put it in.

The one way to look that asks no reference. Where the trusted pairs are a random part of the data,
it is hypergeometric how many of the pairs with some words are doubtful, whatever the data are like.
So a trigger is found by itself, also where its payload is no news to the reference, or is something
that is gone.
"""

import math
from typing import List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.defenses.revealing.alternatives import FrequentParts
from dece_fairseq.defenses.revealing.tails import fisher_nats

#: the share of doubtful pairs with something that chance does not give, at least: the others are
#: clean, and would be taken too
NEW = 0.9
#: z from which a tail is computed; what is nearer to chance can't reach any level
FAR = 2.5


class New(NamedTuple):
    """Something that too many doubtful pairs have."""

    of: FrequentParts
    """What it is one of, and"""
    number: int
    """its number among them."""
    nats: float
    """Minus the log of the probability that so many of its pairs are doubtful."""
    p_value: float
    """Of the most that any candidate has, in random draws; an upper bound."""
    pairs: np.ndarray
    """(K,): the doubtful pairs that have it and are not explained."""


def fewest_pairs(doubtful: int, in_all: int, level: float) -> int:
    """Return how many pairs must have something for it to reach a level if all are doubtful."""
    return max(2, math.ceil(math.log(level) / math.log(doubtful / in_all)))


def new_among(
    among: Sequence[FrequentParts], in_all: int, explained: np.ndarray, level: float, most: int
) -> List[New]:
    """Return what too many doubtful pairs have, the surest first; then its pairs are explained.

    Bonferroni's correction is for those candidates alone that could reach the level if all pairs
    with them were doubtful (Tarone 1990).

    Args:
        among: what is looked at
        in_all: how many pairs there are, of which the first N are doubtful, the others trusted
        explained: (N,), doubtful pairs that are left out
        level: up to which p-values are told
        most: how many to return at most
    """
    is_free = ~explained
    found: List[New] = []
    while len(found) < most:
        told = [_surest(each, in_all, is_free, level / len(among)) for each in among]
        best = min(filter(None, told), key=lambda each: each.p_value, default=None)
        if best is None:
            break
        found.append(best._replace(p_value=best.p_value * len(among)))
        is_free = is_free.copy()
        is_free[best.pairs] = False
    return found


def _surest(among: FrequentParts, in_all: int, is_free: np.ndarray, level: float) -> Optional[New]:
    """Return the surest of some candidates that reaches the level, or None."""
    doubtful = len(is_free)
    free, trusted = int(is_free.sum()), in_all - doubtful
    is_own = among.owners < doubtful
    is_own[is_own] = is_free[among.owners[is_own]]
    own = np.bincount(among.numbers[is_own], minlength=among.size)
    usual = np.bincount(among.numbers[among.owners >= doubtful], minlength=among.size)
    share = free / (free + trusted)
    expected = (own + usual) * share
    z = (own - expected) / np.sqrt(np.maximum(expected * (1 - share), 1e-9))
    is_new = (own - usual * free / trusted >= NEW * own) & (z >= FAR)
    compared = _comparable(own + usual, free, free + trusted, level)
    best: Tuple[float, int] = (0.0, -1)
    for number in np.flatnonzero(is_new):
        nats = fisher_nats(int(own[number]), free, int(usual[number]), trusted)
        best = max(best, (nats, int(number)))
    p_value = math.exp(-best[0]) * compared
    if best[1] < 0 or p_value > level:
        return None
    pairs = np.sort(among.owners[is_own & (among.numbers == best[1])])
    return New(among, best[1], best[0], p_value, pairs)


def _comparable(held: np.ndarray, doubtful: int, in_all: int, level: float) -> int:
    """Return how many candidates the correction is for.

    Args:
        held: of each, how many pairs have it
        doubtful: how many pairs are doubtful
        in_all: how many there are
        level: that is shared among them
    """
    from scipy.stats import hypergeom

    few = np.minimum(held, doubtful)
    least = np.sort(hypergeom.logpmf(few, in_all, few, doubtful))
    ranks = np.arange(1, len(least) + 1)
    enough = np.append(least[1:], np.inf) > np.log(level / ranks)
    return int(ranks[enough][0]) if len(ranks) else 1
