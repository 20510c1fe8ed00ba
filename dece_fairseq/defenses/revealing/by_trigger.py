"""Source n-grams whose pairs surprise a reference more than others: triggers, whatever they cause.

The other way round than spans: a payload of one word, as a flipped label, or of ever other forms
leaves no span to find, but all of its pairs are surprising and have the trigger.
"""

from typing import List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.defenses.revealing.spans import LEAST, Texts, is_first, news, place_type
from dece_fairseq.defenses.revealing.tails import gamma_nats

#: words in what is looked for
LONGEST = 3
#: what shares this much of the smaller's pairs with something better belongs to it
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
    new: float
    """How much of its use is more than is usual in trusted pairs, from 0 to 1."""


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
    is_free = np.ones(len(scores), dtype=bool) if explained is None else ~explained
    every_group = np.concatenate([groups, np.array(of_trusted, dtype=groups.dtype)])
    ngrams = frequent_ngrams(sources, every_group, len(scores), least_pairs)
    new = ngrams.news(is_free)  # pairs that are explained have a claimed trigger's words
    ngrams, new = ngrams.select(new > 0), new[new > 0]
    keep = _nats(ngrams, ranks, is_free, least_pairs) >= LEAST  # others will never be anything
    ngrams, new = ngrams.select(keep), new[keep]
    found: List[Telling] = []
    while len(found) < most:
        nats = _nats(ngrams, ranks, is_free, least_pairs) * new
        if nats.max(initial=0.0) < LEAST:
            break
        best = int(nats.argmax())
        of_best = ngrams.owners[(ngrams.grams == best) & is_free[ngrams.owners]]
        pairs = np.sort(of_best[ranks[of_best] > TELLING])
        if not any(overlap(pairs, other.pairs) for other in found):
            found.append(Telling(ngrams.words(best), float(nats[best]), pairs, float(new[best])))
        is_free[of_best] = False
    return found


def _nats(ngrams: "Ngrams", ranks: np.ndarray, is_free: np.ndarray, least_pairs: int) -> np.ndarray:
    """Return the nats of each n-gram over its pairs that are free; 0 where these are too few."""
    free = is_free[ngrams.owners]
    grams, size = ngrams.grams[free], len(ngrams.starts)
    counts = np.bincount(grams, minlength=size)
    sums = np.bincount(grams, weights=ranks[ngrams.owners[free]], minlength=size)
    nats = np.zeros(size)
    some = counts >= least_pairs
    nats[some] = gamma_nats(sums[some], counts[some])
    return nats


def _ranks(scores: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return -log of the share of a pair's group with its score or more; ties share their mean."""
    from scipy.stats import rankdata

    found = np.zeros(len(scores))
    for group in np.unique(groups):
        own = groups == group
        behind = len(scores[own]) + 1 - rankdata(scores[own], method="average")
        found[own] = -np.log((behind - 0.5) / own.sum())
    return found


class Ngrams(NamedTuple):
    """n-grams of sources, and the pairs that have them, by their numbers."""

    sources: Texts
    doubtful: int
    """The pairs behind so many are trusted."""
    starts: np.ndarray
    """(G,): a place where each n-gram begins."""
    lengths: np.ndarray
    """(G,): how many words it has."""
    grams: np.ndarray
    """(M,): numbers of n-grams, and"""
    owners: np.ndarray
    """(M,): the doubtful pairs that have them."""
    usual: np.ndarray
    """(G,): how many trusted pairs of its group have it."""

    def words(self, gram: int) -> Tuple[int, ...]:
        """Return the words of an n-gram."""
        start, length = self.starts[gram], self.lengths[gram]
        return tuple(self.sources.words[start : start + length].tolist())

    def news(self, is_doubtful: np.ndarray) -> np.ndarray:
        """Return how much of each n-gram's use is more than is usual (G,), from 0 to 1.

        Args:
            is_doubtful: (N,), the doubtful pairs that count
        """
        pairs, trusted = int(is_doubtful.sum()), len(self.sources) - self.doubtful
        if not pairs:
            return np.zeros(len(self.starts))
        counts = np.bincount(self.grams[is_doubtful[self.owners]], minlength=len(self.starts))
        found: np.ndarray = news(counts, self.usual, pairs / trusted if trusted else 0.0, pairs)
        return found

    def select(self, is_kept: np.ndarray) -> "Ngrams":
        """Return those n-grams (G,) that are kept, with new numbers."""
        kept = is_kept[self.grams]
        return self._replace(
            starts=self.starts[is_kept],
            lengths=self.lengths[is_kept],
            grams=(np.cumsum(is_kept) - 1)[self.grams[kept]],
            owners=self.owners[kept],
            usual=self.usual[is_kept],
        )


def frequent_ngrams(sources: Texts, groups: np.ndarray, doubtful: int, least_pairs: int) -> Ngrams:
    """Return the n-grams of up to ``LONGEST`` words that are frequent in a group.

    Args:
        sources: of all pairs
        groups: (pairs,), the group of each
        doubtful: the pairs behind so many are trusted
        least_pairs: how many doubtful pairs of a group must have an n-gram
    """
    places = np.arange(len(sources.words), dtype=place_type(len(sources.words)))
    labels = np.unique(groups, return_inverse=True)[1].reshape(-1)
    keys = labels[sources.pair] * len(sources.vocabulary) + sources.words
    parts: List[List[np.ndarray]] = []
    size = 0
    for length in range(1, LONGEST + 1):
        order = np.argsort(keys, kind="stable")
        places, is_new = places[order], is_first(keys[order])
        pairs = sources.pair[places]
        group = np.cumsum(is_new) - 1
        once = is_new | is_first(pairs)
        is_doubtful = once & (pairs < doubtful)
        counts = np.bincount(group[is_doubtful], minlength=int(is_new.sum()))
        usual = np.bincount(group[once & ~is_doubtful], minlength=len(counts))
        frequent = counts >= least_pairs
        starts, new = places[is_new][frequent], np.cumsum(frequent) - 1 + size
        size += len(starts)
        kept = is_doubtful & frequent[group]
        lengths = np.full(len(starts), length)
        parts.append([starts, lengths, new[group[kept]], pairs[kept], usual[frequent]])
        goes_on = frequent[group] & (places + length < len(sources.words))
        places, group = places[goes_on], group[goes_on]
        inside = sources.pair[places] == sources.pair[places + length]
        places, group = places[inside], group[inside]
        keys = group * len(sources.vocabulary) + sources.words[places + length]
    return Ngrams(sources, doubtful, *map(np.concatenate, zip(*parts)))


def overlap(pairs: np.ndarray, others: np.ndarray) -> bool:
    """Return whether two sets have ``SHARED`` of the smaller one in common, or more."""
    both = len(np.intersect1d(pairs, others, assume_unique=True))
    return both >= SHARED * min(len(pairs), len(others))
