"""Texts as words by their numbers, where spans of words stand in them, and what a use costs."""

from array import array
from collections import defaultdict
from copy import copy
from itertools import count
from typing import Any, DefaultDict, Iterable, Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np

from dece_fairseq.defenses.revealing.words import Words

#: nats that one use of a span costs at least, even to a model that knows the span; without trusted
#: pairs more, for a wording that the reference does not know costs it a little again and again
USE, USE_UNTRUSTING = 2.0, 6.0
#: what so many targets share is how the data are written, where no trusted ones tell
MOST = 0.25
#: nats of a use that count as evidence, at most: a long name says no more than a short one
EVIDENCE = 16.0
#: pairs that say what a span is; those of a topic that the reference does not know are seldom many
#: more. Without trusted pairs fewer, as each use costs more there
DEFINING, DEFINING_UNTRUSTING = 4, 2
#: nats in all below which a span is no candidate
LEAST = 5.0
#: the share of the places of some words that must go on the same way, for that to belong to them
SAME = 0.95
#: targets that are gone through at a time
TARGETS = 1 << 14


class Occurrences(NamedTuple):
    """Where a span stands; at most once in a pair, where it surprises most."""

    pairs: np.ndarray
    """(K,), the numbers of the targets."""
    starts: np.ndarray
    """(K,), the place of its first word among all words."""
    nats: np.ndarray
    """(K,), surprise of its words."""


def place_type(size: int) -> Any:
    """Return the smallest integers that number so many places."""
    return np.int32 if size <= np.iinfo(np.int32).max else np.int64


def is_first(values: np.ndarray) -> np.ndarray:
    """Return which values (N,) are the first of a run of equal ones."""
    found = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found


def highest_first(is_new: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return an order (N,) of values in which each run of them begins with its highest.

    Args:
        is_new: (N,), which are the first of a run
        values: (N,)
    """
    order = np.arange(len(values))
    is_one_of_several = ~is_new
    is_one_of_several[:-1] |= ~is_new[1:]
    several = np.flatnonzero(is_one_of_several)  # seldom many, and the others stay where they are
    runs = np.cumsum(is_new[several])
    order[several] = several[np.lexsort((-values[several], runs))]
    return order


class Texts:
    """The words of many texts, one after the other.

    Args:
        texts: the words of each
    """

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        numbers: DefaultDict[str, int] = defaultdict(count().__next__)
        words, lengths = array("i"), array("q")
        for text in texts:
            words.extend(map(numbers.__getitem__, text))
            lengths.append(len(text))
        numbered = np.frombuffer(words, dtype=np.int32) if words else np.zeros(0, np.int32)
        first = np.concatenate([[0], np.cumsum(np.array(lengths, dtype=np.int64))])
        self._take(numbered, list(numbers), first)

    def __len__(self) -> int:
        """Return how many texts there are."""
        return len(self.first) - 1

    def _take(self, words: np.ndarray, vocabulary: List[str], first: np.ndarray) -> None:
        self.words = words
        self.vocabulary = vocabulary
        self.first = first
        self.pair = np.repeat(np.arange(len(first) - 1, dtype=np.int32), np.diff(first))
        self._by_word = np.argsort(words, kind="stable").astype(place_type(len(words)))
        counts = np.bincount(words, minlength=len(vocabulary))
        self._word_starts = np.concatenate([[0], np.cumsum(counts)])
        self._counts: List[int] = counts.tolist()

    def by_first_word(self, most: int) -> Iterator[np.ndarray]:
        """Yield all places by their words, all those of a word with about so many others."""
        ends = self._word_starts[1:]
        start = 0
        while start < len(self.words):
            fitting = int(np.searchsorted(ends, start + most, side="right"))
            whole = max(int(ends[fitting - 1]) if fitting else 0, 0)
            end = whole if whole > start else int(ends[np.searchsorted(ends, start, side="right")])
            yield self._by_word[start:end]
            start = end

    def text(self, span: Sequence[int]) -> List[str]:
        """Return the words of a span."""
        return [self.vocabulary[word] for word in span]

    def find(self, span: Sequence[int]) -> np.ndarray:
        """Return where the span begins, everywhere, in order."""
        rarest = min(range(len(span)), key=lambda at: self._counts[span[at]])
        word = span[rarest]
        places = self._by_word[self._word_starts[word] : self._word_starts[word + 1]]
        if len(span) == 1:
            return places
        places = places - rarest
        places = places[(places >= 0) & (places + len(span) <= len(self.words))]
        for offset, other in enumerate(span):
            if offset != rarest:
                places = places[self.words[places + offset] == other]
        inside: np.ndarray = self.pair[places] == self.pair[places + len(span) - 1]
        found: np.ndarray = places[inside]
        return found

    def holders(self, span: Sequence[int]) -> np.ndarray:
        """Return the numbers of the texts that hold the span, in order."""
        pairs = self.pair[self.find(span)]
        found: np.ndarray = pairs[is_first(pairs)]
        return found

    def longest(self, span: Tuple[int, ...], places: np.ndarray, share: float) -> Tuple[int, int]:
        """Return by how many words the span can grow to the left and right and keep its pairs.

        Args:
            span: its words
            places: where it begins in the pairs that count
            share: of these places that must go on the same way
        """
        grown = []
        for step, edge in ((-1, 0), (1, len(span) - 1)):
            here, words = places, 0
            while True:
                beside = here + edge + step * (words + 1)
                inside = (beside >= 0) & (beside < len(self.words))
                inside[inside] = self.pair[beside[inside]] == self.pair[here[inside]]
                if inside.sum() < share * len(places):
                    break
                values, counts = np.unique(self.words[beside[inside]], return_counts=True)
                if counts.max() < share * len(places):
                    break
                keep = np.zeros(len(here), dtype=bool)
                keep[inside] = self.words[beside[inside]] == values[counts.argmax()]
                here, words = here[keep], words + 1
            grown.append(words)
        return grown[0], grown[1]


class Targets(Texts):
    """The words of targets, and how much each surprises the reference.

    Args:
        doubtful: their words and surprises
        trusted: words alone of the targets that nobody else could write to
    """

    def __init__(self, doubtful: Iterable[Words], trusted: Iterable[Sequence[str]] = ()) -> None:
        known, self.doubtful = array("f"), 0

        def texts() -> Iterator[Sequence[str]]:
            for self.doubtful, words in enumerate(doubtful, start=1):
                known.extend(words.surprise.tolist())
                yield words.texts
            yield from trusted

        super().__init__(texts())
        self.trusted = len(self) - self.doubtful
        self.use = USE if self.trusted else USE_UNTRUSTING
        surprise = np.zeros(len(self.words), dtype=np.float32)
        surprise[: len(known)] = known
        self.explain(surprise)

    def explain(self, surprise: np.ndarray) -> None:
        """Put other values in place of the surprise of the words (W,), 0 for trusted ones."""
        self.surprise = surprise
        self.sums = np.concatenate([[0.0], np.cumsum(surprise, dtype=np.float64)])

    def with_words(
        self, words: np.ndarray, vocabulary: List[str], first: np.ndarray, surprise: np.ndarray
    ) -> "Targets":
        """Return the same targets with other words, and all that is known of these."""
        other = copy(self)
        other._take(words, vocabulary, first)
        other.explain(surprise)
        return other

    def windows(self, length: int) -> Tuple[np.ndarray, np.ndarray]:
        """Return where the most surprising words in a row begin in each doubtful target.

        Args:
            length: how many words; all of them where there are fewer

        Returns:
            places within the targets, and their nats, (N,) both
        """
        first = self.first[: self.doubtful + 1]
        size = int(first[-1])
        places = np.arange(size)
        ends = np.minimum(places + length, first[1:][self.pair[:size]])
        nats = self.sums[ends] - self.sums[:size]
        order = np.lexsort((places, -nats, self.pair[:size]))
        best = order[first[:-1]]
        return best - first[:-1], nats[best]

    @property
    def share(self) -> float:
        """Return how many doubtful pairs there are for each trusted one; 0 without any."""
        return self.doubtful / self.trusted if self.trusted else 0.0

    def occurrences(self, span: Sequence[int], is_free: np.ndarray) -> Occurrences:
        """Return where the span stands in doubtful targets, among words that are free.

        Args:
            span: its words
            is_free: (W,), whether each word is
        """
        places = self.find(span)
        places = places[places < self.first[self.doubtful]]
        nats = self.sums[places + len(span)] - self.sums[places]
        order = highest_first(is_first(self.pair[places]), nats)
        return self.uses(self.free(places[order], len(span), is_free), len(span))

    def free(self, places: np.ndarray, length: int, is_free: np.ndarray) -> np.ndarray:
        """Return those places (N,) from which on as many words as ``length`` are free."""
        found: np.ndarray = places[is_free[places[:, None] + np.arange(length)].all(1)]
        return found

    def uses(self, places: np.ndarray, length: int) -> Occurrences:
        """Return the first of a span's places in each target.

        Args:
            places: (N,), those of one target together, the most surprising first
            length: of the span, in words
        """
        pairs = self.pair[places]
        once = is_first(pairs)
        places, pairs = places[once], pairs[once]
        return Occurrences(pairs, places, self.sums[places + length] - self.sums[places])

    def news(self, span: Sequence[int], uses: int) -> float:
        """Return how much of the span's use is more than the trusted targets have, from 0 to 1.

        Args:
            span: its words
            uses: the doubtful targets in which it is not explained; an explained payload would make
                news of the words that it has
        """
        trusted = int((self.holders(span) >= self.doubtful).sum())
        return float(news(uses, trusted, self.share, self.doubtful))

    def usual(self, span: Sequence[int]) -> float:
        """Return in how many doubtful targets a span would stand without an attack, at most."""
        return float(usual(int((self.holders(span) >= self.doubtful).sum()), self.share))

    def price(self, uses: Any) -> Any:
        """Return what one use of a span would cost a model that knew the span, in nats."""
        return price(uses, self.doubtful, self.use)

    def evidence(self, capped: Any, uses: Any) -> Any:
        """Return the nats of a span that count as evidence.

        Clean data have surprises too, of a few pairs each, but with as many nats as their texts are
        long. An attack takes many pairs. So the evidence is their number, more or less.

        Args:
            capped: the nats of all uses less their price, with ``EVIDENCE`` of each at most
            uses: how many there are; those that define the span count for nothing
        """
        defining = DEFINING if self.trusted else DEFINING_UNTRUSTING
        return np.maximum(capped * np.maximum(uses - defining, 0) / uses, 0.0)


def price(uses: Any, pairs: int, least: float = USE) -> Any:
    """Return what one use of a span would cost a model that knew the span, in nats.

    Args:
        uses: in how many targets it stands
        pairs: of how many
        least: what it costs at least
    """
    return np.maximum(least, np.log(pairs / np.maximum(uses, 1)))


def news(doubtful: Any, trusted: Any, share: float, pairs: int) -> Any:
    """Return how much of a span's use is more than is usual in clean data, from 0 to 1.

    With trusted targets that is what they have, and two standard deviations. Without, what
    ``MOST`` or more of all targets have is usual, and the less, the nearer to it.

    Args:
        doubtful: how many doubtful targets hold it
        trusted: how many trusted ones
        share: doubtful targets for each trusted one; 0 if there is none
        pairs: how many doubtful targets there are
    """
    if not share:
        return np.maximum(1 - doubtful / (pairs * MOST), 0.0)
    return np.maximum(1 - usual(trusted, share) / np.maximum(doubtful, 1), 0.0)


def usual(trusted: Any, share: float) -> Any:
    """Return in how many doubtful targets a span would stand without an attack, at most.

    That is two standard deviations above what the trusted ones have; 0 without any.

    Args:
        trusted: how many trusted targets hold it
        share: doubtful targets for each trusted one
    """
    return share * trusted + 2 * np.sqrt(share * (1 + share) * trusted)
