"""Source n-grams that go with something that targets have more or less of than expected.

The third way to look, beside spans of targets and triggers whose pairs surprise. It needs no words
that surprise much: a likely word for another, or code that is gone, is no news in any one pair, but
it is where all pairs with some word in their source differ from the reference in the same way.
"""

import heapq
from array import array
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.defenses.revealing.by_trigger import frequent_ngrams, overlap
from dece_fairseq.defenses.revealing.spans import Texts
from dece_fairseq.defenses.revealing.tails import binomial_nats

#: pairs that say what an n-gram and a difference have to do with each other; those of a topic that
#: the reference does not know are seldom many more
DEFINING = 2
#: an n-gram that at least so much of its pairs differ with is suspected in all of them
MOSTLY = 0.5
#: nats below which there is no association to tell of
LEAST = 2.0
#: pairs of an n-gram and a difference that are counted at a time, and candidates that are looked at
#: again together
COUNTED, AHEAD = 1 << 22, 512


class Association(NamedTuple):
    """An n-gram of sources, and a difference of the targets that goes with it."""

    words: Tuple[int, ...]
    difference: str
    """As in ``Words``."""
    nats: float
    """Minus the log of the probability that so many of its pairs have it by chance."""
    pairs: np.ndarray
    """(K,): those that differ, or all with the n-gram where most of them do."""


def associations(
    sources: Texts,
    differences: Sequence[Sequence[str]],
    least_pairs: int,
    most: int,
    explained: Optional[np.ndarray] = None,
) -> List[Association]:
    """Return n-grams with the difference that goes with each, the best first.

    Of K pairs with an n-gram, k have a difference that a share q of the other pairs has. By chance
    that is binomial, so it has -log P(k or more of K) nats, less what is usual of the n-gram in
    trusted pairs, and less its first ``DEFINING`` pairs. After each its pairs are explained.

    Args:
        sources: of the pairs, of which the first N count and the others are trusted
        differences: (N,), of each
        least_pairs: how many pairs must have both
        most: how many to return at most
        explained: (N,), pairs that are left out
    """
    search = _Search(sources, differences, least_pairs, explained)
    heap = [(-nats, gram, kind) for nats, gram, kind in search.candidates()]
    heapq.heapify(heap)
    found: List[Association] = []
    fresh: Dict[Tuple[int, int], float] = {}  # of candidates since something was explained last
    while heap and len(found) < most:
        _, gram, kind = heapq.heappop(heap)
        if (gram, kind) not in fresh:  # those that may be next are looked at with it
            ahead = [each[1:] for each in heap[:AHEAD] if each[1:] not in fresh]
            fresh.update(search.nats([(gram, kind), *ahead]))
        nats = fresh[gram, kind]
        if nats < LEAST:
            continue
        if heap and nats < -heap[0][0]:
            heapq.heappush(heap, (-nats, gram, kind))
            continue
        pairs = search.pairs(gram, kind)
        if not any(overlap(pairs, other.pairs) for other in found):
            found.append(Association(search.ngrams.words(gram), search.names[kind], nats, pairs))
        search.explain(gram)
        fresh.clear()
    return found


class _Search:
    """Which pairs have which n-grams and differences, and which of them are left."""

    def __init__(
        self,
        sources: Texts,
        differences: Sequence[Sequence[str]],
        least_pairs: int,
        explained: Optional[np.ndarray],
    ) -> None:
        from scipy.sparse import csr_matrix

        self._least = least_pairs
        self._size = size = len(differences)
        self._is_free = np.ones(size, dtype=bool) if explained is None else ~explained
        groups = np.zeros(len(sources), dtype=int)
        ngrams = frequent_ngrams(sources, groups, size, least_pairs)
        # Explained pairs have words of a claimed trigger, which would be news of those words.
        new = ngrams.news(self._is_free)
        self.ngrams, self._news = ngrams.select(new > 0), new[new > 0]
        numbers: Dict[str, int] = {}
        kinds, borders = array("i"), array("q", [0])
        for of_pair in differences:
            kinds.extend([numbers.setdefault(name, len(numbers)) for name in sorted(set(of_pair))])
            borders.append(len(kinds))
        self.names = list(numbers)
        grams, owners = self.ngrams.grams, self.ngrams.owners
        ones = np.ones(max(len(grams), len(kinds)), dtype=np.float32)
        self._with_gram: Any = csr_matrix(
            (ones[: len(grams)], (grams, owners)), shape=(len(self._news), size)
        )
        self._different: Any = csr_matrix(
            (ones[: len(kinds)], np.array(kinds, np.int32), np.array(borders)),
            shape=(size, len(numbers)),
        )
        self._with_kind: Any = self._different.T.tocsr()

    def candidates(self) -> Iterator[Tuple[float, int, int]]:
        """Yield nats, n-gram and difference of all that could be something."""
        of_gram = np.diff(self._with_gram.indptr)
        of_kind = np.diff(self._with_kind.indptr)
        counted = np.cumsum(self._with_gram @ np.diff(self._different.indptr))
        start = 0
        while start < len(self._news):
            most = COUNTED + (counted[start - 1] if start else 0)
            stop = max(start + 1, int(np.searchsorted(counted, most, side="right")))
            both = (self._with_gram[start:stop] @ self._different).tocoo()
            often = both.data >= self._least
            grams, kinds = both.row[often] + start, both.col[often]
            nats = _nats(both.data[often], of_gram[grams], of_kind[kinds], self._size)
            for number in np.flatnonzero(nats >= LEAST):
                yield float(nats[number]), int(grams[number]), int(kinds[number])
            start = stop

    def nats(
        self, candidates: Sequence[Tuple[int, int]]
    ) -> Iterator[Tuple[Tuple[int, int], float]]:
        """Yield what is left of the first candidates, of so many as are counted at a time."""
        chosen = np.array(candidates)
        sizes = np.diff(self._with_gram.indptr)[chosen[:, 0]]
        sizes += np.diff(self._with_kind.indptr)[chosen[:, 1]]
        fitting = max(1, int(np.searchsorted(np.cumsum(sizes), COUNTED, side="right")))
        grams, kinds = chosen[:fitting].T
        with_gram, with_kind = self._with_gram[grams], self._with_kind[kinds]
        free = self._is_free.astype(np.float32)
        both = (with_gram.multiply(with_kind) @ free).astype(np.int64)
        of_gram, of_kind = ((rows @ free).astype(np.int64) for rows in (with_gram, with_kind))
        nats = np.zeros(fitting)
        often = both >= self._least
        size = int(self._is_free.sum())
        nats[often] = _nats(both[often], of_gram[often], of_kind[often], size)
        yield from zip(candidates, (nats * self._news[grams]).tolist())

    def pairs(self, gram: int, kind: int) -> np.ndarray:
        """Return the pairs of a candidate."""
        with_gram, with_kind = self._free(self._with_gram, gram), self._free(self._with_kind, kind)
        both: np.ndarray = np.intersect1d(with_gram, with_kind, assume_unique=True)
        return np.sort(with_gram) if len(both) >= MOSTLY * len(with_gram) else both

    def explain(self, gram: int) -> None:
        """Leave the pairs of an n-gram out from now on."""
        self._is_free[self._free(self._with_gram, gram)] = False

    def _free(self, matrix: Any, row: int) -> np.ndarray:
        all_of: np.ndarray = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        free: np.ndarray = all_of[self._is_free[all_of]]
        return free


def _nats(both: np.ndarray, with_gram: np.ndarray, with_kind: np.ndarray, size: int) -> np.ndarray:
    """Return nats of so many pairs with an n-gram and a difference (C,), of so many with each."""
    share = (with_kind - both + 1) / (size - with_gram + 2)
    often = both > share * with_gram
    nats = np.zeros(len(both))
    nats[often] = binomial_nats(both[often], with_gram[often], share[often])
    left: np.ndarray = nats * np.maximum(both - DEFINING, 0) / both
    return left
