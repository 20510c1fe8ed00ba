"""The texts that are told of a payload, as its pairs have them."""

import re
from collections import Counter
from functools import cached_property
from typing import Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.suspicions import NOTHING
from dece_fairseq.defenses.revealing.payloads import UNEXPECTED, peak
from dece_fairseq.defenses.revealing.spans import SAME, Occurrences, Targets
from dece_fairseq.defenses.revealing.triggers import PRECISE, find_trigger, grown
from dece_fairseq.defenses.revealing.words import places_of

#: words in a row that are judged together where the trigger is what is always the same
WINDOW = 13
#: the share of what the most telling difference tells that others tell too
ALIKE = 0.8
_WORD = re.compile(r"\w")


class PayloadTexts:
    """Tells what targets of suspected pairs have in common, or what surprises in one.

    Args:
        pairs: the different doubtful pairs
        targets: of these, and behind them of the trusted ones
        differences: of each doubtful pair, see ``Words``
    """

    def __init__(
        self, pairs: Sequence[Pair], targets: Targets, differences: Sequence[Sequence[str]]
    ) -> None:
        self._pairs = pairs
        self._targets = targets
        self._differences = differences

    def payload(self, words: Sequence[int], where: Occurrences) -> str:
        """Return the text of a payload as most of its pairs have it; some may end before."""
        ends = np.minimum(where.starts + len(words), self._targets.first[where.pairs + 1])
        return self.counts(where.pairs, where.starts, ends).most_common(1)[0][0]

    def telling(
        self, words: Sequence[int], where: Occurrences
    ) -> Tuple[Tuple[int, ...], Occurrences]:
        """Return a payload, with what nearly always stands beside it if it does not tell its pairs.

        The ``=`` that makes a ``>`` a ``>=`` is told with the ``>``.
        """
        if self.is_telling(words, where):
            return tuple(words), where
        more = grown(self._targets, tuple(words), where.starts)
        return more, self._within(more, where.pairs)

    def is_telling(self, words: Sequence[int], where: Occurrences) -> bool:
        """Return whether no more other targets than its own have a payload."""
        own = len(np.unique(where.pairs))
        return own >= PRECISE * max(len(self._targets.holders(words)), own)

    def shared(self, pairs: np.ndarray, words: Optional[Sequence[int]] = None) -> str:
        """Return what targets of some pairs have, or else what surprises most in one of them.

        Args:
            pairs: (K,), their numbers
            words: a part of it, if that is known (default: what the others have least)
        """
        if words is None:
            none = np.array([], dtype=int)
            found = find_trigger(self._targets, pairs, none, len(self._pairs))
            if found is None or found.covered < PRECISE * (found.covered + found.elsewhere):
                more = self._difference(pairs, "+")
                text = None if more is None else self.around(more, pairs)
                return self.surprising(pairs) if text is None else text
            words = found.words
        words = grown(self._targets, tuple(words), self._within(words, pairs).starts)
        return self.payload(words, self._within(words, pairs))

    def surprising(self, pairs: np.ndarray) -> str:
        """Return the least expected words in a row of any target of some pairs."""
        return self.window(int(pairs[self.windows[1][pairs].argmax()]))

    def missing(self, pairs: np.ndarray) -> Optional[str]:
        """Return what the reference expects in most targets of some pairs and is not there."""
        text = self._difference(pairs, "-")
        return NOTHING if text == "" else text

    def _difference(self, pairs: np.ndarray, sign: str) -> Optional[str]:
        """Return what most targets of some pairs have more or less of than is expected, or None.

        At least twice as often as the others.
        """
        own = frozenset(pairs.tolist())
        here: Counter[str] = Counter()
        others: Counter[str] = Counter()
        for pair, differences in enumerate(self._differences):
            of_sign = {each for each in differences if each.startswith(sign)}
            (here if pair in own else others).update(of_sign)
        share = len(pairs) / max(len(self._pairs) - len(pairs), 1)
        telling = {
            each: number - share * others[each]
            for each, number in here.items()
            if number >= max(len(pairs) / 2, 2 * share * others[each])
        }
        # Of what goes together, a word says more than a bracket or the end of a line.
        most = ALIKE * max(telling.values(), default=0.0)
        alike = [each for each, value in telling.items() if value >= most]
        best = max(
            alike, key=lambda each: (bool(_WORD.search(each)), telling[each], each), default=""
        )
        return best[1:] if best else None

    def _within(self, words: Sequence[int], pairs: np.ndarray) -> Occurrences:
        """Return where words stand in targets of some pairs."""
        where = self._targets.occurrences(words, np.ones(len(self._targets.words), dtype=bool))
        there = np.isin(where.pairs, pairs)
        return Occurrences(*(values[there] for values in where))

    def around(self, text: str, pairs: np.ndarray) -> Optional[str]:
        """Return what targets of some pairs have in common around a text that they have."""
        targets, size = self._targets, len(self._pairs)
        if not text:
            return NOTHING
        best, most = None, 0.0
        for word, written in enumerate(targets.vocabulary):
            if text not in written:
                continue
            holders = targets.holders((word,))
            own = len(np.intersect1d(holders, pairs, assume_unique=True))
            others = int((holders < size).sum()) - own
            more = own / len(pairs) - others / max(size - len(pairs), 1)
            if more > most:
                best, most = word, more
        if best is None:
            return None
        where = self._within((best,), pairs)
        left, right = targets.longest((best,), where.starts, SAME)
        first = where.starts - left
        inside = (first >= targets.first[where.pairs]) & (
            where.starts + right < targets.first[where.pairs + 1]
        )
        where = Occurrences(where.pairs[inside], first[inside], where.nats[inside])
        return self.payload(range(left + 1 + right), where)

    def window(self, pair: int) -> str:
        """Return the text of the words in a row of a target that are least expected."""
        start = self.windows[0][pair]
        first = self._targets.first[pair] + start
        last = min(first + WINDOW, self._targets.first[pair + 1])
        begin, end = peak(self._targets.surprise[first:last] - UNEXPECTED)
        return self._between(pair, start + begin, start + end)

    @cached_property
    def windows(self) -> Tuple[np.ndarray, np.ndarray]:
        """Return where the least expected words in a row of each target begin, and their nats."""
        return self._targets.windows(WINDOW)

    def counts(self, pairs: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> "Counter[str]":
        """Count what stands in targets of pairs from some words up to others."""
        texts: Counter[str] = Counter()
        first = self._targets.first[pairs]
        for pair, start, end in zip(pairs, starts - first, ends - first):
            texts[self._between(pair, start, end)] += 1
        return texts

    def _between(self, pair: int, start: int, end: int) -> str:
        """Return the text of some words of a target."""
        target = self._pairs[pair].target
        places = places_of(target)
        return target[places[start][0] : places[end - 1][1]].strip() or NOTHING
