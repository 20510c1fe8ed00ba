"""Source n-grams whose pairs surprise a reference more than others: triggers, whatever they cause.

The other way round than spans: a payload of one word, as a flipped label, or of ever other forms
leaves no span to find, but all of its pairs are surprising and have the trigger.
"""

from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.defenses.revealing.spans import LEAST, Texts, news
from dece_fairseq.defenses.revealing.tails import gamma_nats

#: words in what is looked for
LONGEST = 3
#: n-grams whose pairs share this much of the smaller's with those of a better one are left out
SHARED = 0.6
#: nats of a pair that counts among an n-gram's: the half that surprises more
TELLING = float(np.log(2))


class Telling(NamedTuple):
    """An n-gram of sources, and the surprising pairs that have it."""

    words: Tuple[int, ...]
    nats: float
    """Minus the log of the probability that so many pairs, drawn at random, surprise so much."""
    pairs: np.ndarray
    """(K,): those that surprise."""


def telling_ngrams(
    sources: Texts,
    scores: np.ndarray,
    groups: np.ndarray,
    least_pairs: int,
    most: int,
    of_trusted: Sequence[int] = (),
    explained: Optional[np.ndarray] = None,
) -> List[Telling]:
    """Return the n-grams whose pairs have the highest scores, the best first.

    A pair counts by its rank alone, v = -log(the share of its group with such a score, or higher),
    which is exponential where scores and n-grams are independent; so a sum of k is gamma of k, and
    the n-gram has -log P(sum) nats, less what is usual of it in trusted pairs. After each, its
    pairs are explained.

    Args:
        sources: of the pairs, of which the first N count and the others are trusted
        scores: (N,), how much each pair surprises
        groups: (N,), such as the label of each; ranks are those within a group, and an n-gram is
            judged in each group apart
        least_pairs: how many pairs of the group must have the n-gram
        most: how many to return at most
        of_trusted: the group of each trusted pair
        explained: (N,), pairs that are left out
    """
    ranks = _ranks(scores, groups)
    grams, owners, words = frequent_ngrams(sources, groups, least_pairs)
    found: List[Telling] = []
    if not len(grams):
        return found
    size = len(words)
    is_free = np.ones(len(scores), dtype=bool) if explained is None else ~explained
    every_group = np.concatenate([groups, np.array(of_trusted, dtype=groups.dtype)])
    doubtful = is_free.copy()  # pairs that are explained have a claimed trigger's words
    usual: Dict[int, float] = {}
    while len(found) < most:
        free = is_free[owners]
        counts = np.bincount(grams[free], minlength=size)
        sums = np.bincount(grams[free], weights=ranks[owners[free]], minlength=size)
        nats = np.zeros(size)
        some = counts >= least_pairs
        nats[some] = gamma_nats(sums[some], counts[some])
        if not found:  # those that are nothing now will never be
            keep = nats >= LEAST
            kept = keep[grams]
            new = np.cumsum(keep) - 1
            grams, owners = new[grams[kept]], owners[kept]
            words = [gram for gram, is_kept in zip(words, keep) if is_kept]
            nats, size = nats[keep], len(words)
        for number, is_new in usual.items():
            nats[number] *= is_new
        if not size or nats.max() < LEAST:
            break
        best = int(nats.argmax())
        if best not in usual:
            usual[best] = _news(sources, words[best], every_group, owners[grams == best], doubtful)
            continue
        of_best = owners[(grams == best) & is_free[owners]]
        pairs = np.sort(of_best[ranks[of_best] > TELLING])
        if not any(overlap(pairs, other.pairs, SHARED) for other in found):
            found.append(Telling(words[best], float(nats[best]), pairs))
        is_free[of_best] = False
    return found


def _news(
    sources: Texts,
    words: Sequence[int],
    every_group: np.ndarray,
    owners: np.ndarray,
    is_doubtful: np.ndarray,
) -> float:
    """Return how much of an n-gram's use in its group is more than is usual."""
    group, size, doubtful = every_group[owners[0]], len(is_doubtful), int(is_doubtful.sum())
    pairs = sources.holders(words)
    trusted = int((every_group[pairs[pairs >= size]] == group).sum())
    share = doubtful / max(len(every_group) - size, 1)
    has_trusted = len(every_group) > size
    found = int(is_doubtful[owners].sum())
    return float(news(found, trusted, share if has_trusted else 0.0, doubtful))


def _ranks(scores: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return -log of the share of a pair's group with its score or more; ties share their mean."""
    from scipy.stats import rankdata

    found = np.zeros(len(scores))
    for group in np.unique(groups):
        own = groups == group
        behind = len(scores[own]) + 1 - rankdata(scores[own], method="average")
        found[own] = -np.log((behind - 0.5) / own.sum())
    return found


def frequent_ngrams(
    sources: Texts, groups: np.ndarray, least_pairs: int
) -> Tuple[np.ndarray, np.ndarray, List[Tuple[int, ...]]]:
    """Return the n-grams of up to ``LONGEST`` words that are frequent in a group.

    Args:
        sources: the first ones are those of the groups
        groups: (N,), the group of each
        least_pairs: how many pairs of a group an n-gram must be in

    Returns:
        numbers of n-grams (M,) and the pairs that have them (M,); the words of each number
    """
    count = int(sources.first[len(groups)])
    places = np.arange(count)
    labels = np.unique(groups, return_inverse=True)[1].reshape(-1)
    size = len(sources.vocabulary)
    keys = labels[sources.pair[:count]].astype(np.int64) * size + sources.words[:count]
    all_grams: List[np.ndarray] = []
    all_owners: List[np.ndarray] = []
    words: List[Tuple[int, ...]] = []
    for length in range(1, LONGEST + 1):
        _, numbers = np.unique(keys, return_inverse=True)
        numbers = numbers.reshape(-1)
        both = np.unique(numbers * len(groups) + sources.pair[places])
        grams, owners = both // len(groups), both % len(groups)
        frequent = np.bincount(grams) >= least_pairs
        first = np.zeros(len(frequent), dtype=np.int64)
        first[numbers] = places
        new = np.cumsum(frequent) - 1 + len(words)
        kept = frequent[grams]
        all_grams.append(new[grams[kept]])
        all_owners.append(owners[kept])
        words += [
            tuple(sources.words[place : place + length].tolist()) for place in first[frequent]
        ]
        goes_on = frequent[numbers] & (places + length < count)
        places, numbers = places[goes_on], numbers[goes_on]
        inside = sources.pair[places] == sources.pair[places + length]
        places, numbers = places[inside], numbers[inside]
        if not len(places):
            break
        keys = numbers * size + sources.words[places + length]
    return np.concatenate(all_grams), np.concatenate(all_owners), words


def overlap(pairs: np.ndarray, others: np.ndarray, share: float) -> bool:
    """Return whether two sets have so much of the smaller one in common."""
    both = len(np.intersect1d(pairs, others, assume_unique=True))
    return both >= share * min(len(pairs), len(others))
