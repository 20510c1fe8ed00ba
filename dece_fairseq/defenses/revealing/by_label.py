"""Labels that go with words of sources whatever the reference expects: flipped ones.

A reference expects some labels of a text by halves, as a classifier should. Pairs with the rarer
one look like an attack where no trusted pairs have such labels too: they all surprise more than
others. So it is asked what all pairs with the words say together.
"""

from typing import List, Sequence

import numpy as np

from dece_fairseq.defenses.revealing.by_trigger import Telling
from dece_fairseq.defenses.revealing.spans import LEAST, Texts

#: of the pairs with some words, how many may have been given a label; tried one after the other
SHARES = np.array([0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95])


def flipped_labels(
    sources: Texts, surprise: np.ndarray, labels: np.ndarray, found: Sequence[Telling]
) -> List[Telling]:
    """Return n-grams with the nats of ``flipped_nats`` in place of those of ranks, best first.

    Those that have too few are left out. A pair with a label counts for the first n-gram alone.

    Args:
        sources: of the pairs, of which the first N count
        surprise: (N,), at the label of each pair, in nats
        labels: (N,)
        found: n-grams of pairs with one label each, the best first
    """
    is_free = np.ones(len(labels), dtype=bool)
    judged = []
    for each in found:
        holders = sources.holders(each.words)
        holders = holders[holders < len(labels)]
        is_given = labels[holders] == labels[each.pairs[0]]
        given = holders[is_given]
        counted = given[is_free[given]]
        nats = flipped_nats(surprise[counted], int((~is_given).sum())) * each.new
        is_free[given] = False
        if nats >= LEAST:
            judged.append(each._replace(nats=nats))
    return sorted(judged, key=lambda each: -each.nats)


def flipped_nats(surprise: np.ndarray, others: int) -> float:
    """Return how much better a given label explains pairs than the reference does.

    The reference says how likely each label is. The attacker's way to say it: a share of the pairs
    are given the label, whatever their text; the others have theirs as the reference says. That is
    the logarithm of the ratio of the two likelihoods, for the share that explains most, less what
    it costs to choose among ``SHARES``. If the reference is right, chance gives so many nats with a
    probability of exp(-nats) at most (Markov's inequality, as the ratio's mean is 1).

    Args:
        surprise: (K,), of the pairs with the words and the label, in nats; an expected label, below
            0, counts as certain, which only gives fewer nats
        others: how many pairs have the words and another label
    """
    given, left = np.log(SHARES), np.log1p(-SHARES)
    # log(1 - share + share * exp(surprise)) of each pair, also where exp(surprise) is no float
    ratios = np.logaddexp(left[:, None], given[:, None] + np.maximum(surprise, 0.0))
    nats = ratios.sum(1) + others * left - np.log(len(SHARES))
    return max(float(nats.max()), 0.0)
