"""What trusted pairs that are few tell of a suspicion: whether they show it as often.

They lack much that is harmless, so what they lack is not looked for. But an attack is in doubtful
pairs alone. If the trusted ones are a random part of the data, it is hypergeometric how many of the
pairs with something are doubtful, whatever that is.
"""

import math
from dataclasses import replace
from typing import Collection, Iterable, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.suspicions import LEVEL, Suspicion
from dece_fairseq.data.trigger_kinds import WORDS
from dece_fairseq.defenses.revealing.spans import Texts
from dece_fairseq.defenses.revealing.tails import fisher_nats
from dece_fairseq.defenses.revealing.trusting import one_side
from dece_fairseq.defenses.revealing.words import END, split

#: the shares of the level that evidence has, and what trusted pairs lack in each of three ways to
#: look: spans, and n-grams of sources whose pairs surprise or go with a difference
EVIDENCE, LACKED = 0.85, 0.05
#: trusted pairs show as much if their share with it is so much of that of doubtful pairs, or more
AS_OFTEN = 0.5


class Shown(NamedTuple):
    """How many different pairs have something."""

    own: int
    """Doubtful pairs that have it."""
    doubtful: int
    """All doubtful pairs."""
    usual: int
    """Trusted pairs that have it."""
    trusted: int
    """All trusted pairs."""

    def by_evidence(self, p_value: float, cautious: float) -> float:
        """Return the p-value by evidence, which counts where trusted pairs have it less often.

        Args:
            p_value: by the doubtful pairs alone
            cautious: the same as if no pair were trusted, for so few that they may lack it anyway
        """
        told = p_value if self.are_telling() else cautious
        return 1.0 if self.is_usual() else min(1.0, told / EVIDENCE)

    def are_telling(self) -> bool:
        """Return whether trusted pairs would hardly lack what is as usual in them."""
        return self._replace(usual=0).chance() <= LEVEL

    def by_lack(self, rank: int) -> float:
        """Return the p-value of what trusted pairs lack, and is tested as one of several.

        That is the probability that chance makes so many of the pairs doubtful, for all that are
        tested: the first of them has half of the level, the second a sixth, the k-th
        1 / (k (k + 1)), which is 1 in all (Bonferroni's correction with weights).

        Args:
            rank: its place, from 0, which the doubtful pairs alone decided
        """
        return min(1.0, self.chance() * (rank + 1) * (rank + 2) / LACKED)

    def chance(self) -> float:
        """Return how probable it is that so many of the pairs that have it are doubtful ones."""
        # Of those that have it, for it takes time by how many are drawn, and the doubtful are many.
        having, in_all = self.own + self.usual, self.doubtful + self.trusted
        nats = fisher_nats(self.own, having, self.doubtful - self.own, in_all - having)
        return math.exp(-nats)

    def is_usual(self) -> bool:
        """Return whether trusted pairs have it about as often, so that it is no attack."""
        return self.usual * self.doubtful >= AS_OFTEN * self.own * self.trusted


class FewTrusted:
    """The trusted pairs, and the doubtful ones that they are compared with, see ``one_side``.

    Args:
        pairs: all of them
        few: the numbers of the trusted ones
        numbers: of each different doubtful pair, those of all that are equal to it
    """

    def __init__(
        self, pairs: Sequence[Pair], few: Sequence[int], numbers: Sequence[Sequence[int]]
    ) -> None:
        known = list(dict.fromkeys(pairs[number] for number in few))
        self._sources = _Holders(split(pair.source) for pair in known)
        self._targets = _Holders([*split(pair.target), END] for pair in known)
        self._first = [each[0] for each in numbers]
        doubtful, trusted = map(frozenset, one_side(pairs, few) if few else ((), ()))
        self._is_compared = np.array([pairs[first] in doubtful for first in self._first], bool)
        self._is_trusted = np.array([pair in trusted for pair in known], bool)

    def __bool__(self) -> bool:
        """Return whether any are compared."""
        return bool(self._is_trusted.any())

    def suspicion(
        self, told: Suspicion, payload: Sequence[str], pairs: np.ndarray
    ) -> Tuple[Shown, Shown]:
        """Return how many pairs show a suspicion, and how many may show another form of it.

        Those are the pairs with its payload and its trigger, where that is words, and all with the
        trigger: a payload may have many forms. Without such a trigger both are those with the
        payload. Of the trigger alone it says nothing that trusted pairs have it as often, as an
        attack may be on a topic.

        Args:
            told: the suspicion
            payload: its words
            pairs: (K,), the places of the different doubtful pairs that have these
        """
        if told.trigger is None or told.trigger_kind != WORDS:
            shown = self.having(pairs, payload=payload)
            return shown, shown
        carriers = self._places(frozenset(told.trigger_pairs))
        trigger = split(told.trigger)
        both = self.having(np.intersect1d(carriers, pairs), trigger, payload)
        return both, self.having(carriers, trigger)

    def in_all_with_trigger(self, told: Suspicion, is_by_evidence: bool) -> Suspicion:
        """Return a suspicion that is sure by its trigger, in all pairs that have that.

        Pairs that surprise and don't have it are no part of it then. If there is other evidence,
        they are, and others with the trigger are only if these alone are too many to be clean.
        Where trusted pairs have the words too, or nobody is trusted, the suspicion is as it was.

        Args:
            told: the suspicion
            is_by_evidence: whether it is sure by what surprises too
        """
        if not self or told.trigger is None or told.trigger_kind != WORDS:
            return told
        if self._sources.having(split(told.trigger)).any():
            return told
        if not is_by_evidence:
            return replace(told, pairs=told.trigger_pairs)
        others = frozenset(told.trigger_pairs).difference(told.pairs)
        if self.having(self._places(others), split(told.trigger)).chance() > LEVEL:
            return told
        return replace(told, pairs=tuple(sorted(others.union(told.pairs))))

    def _places(self, numbers: Collection[int]) -> np.ndarray:
        """Return the places of the different doubtful pairs that have some numbers."""
        return np.flatnonzero([first in numbers for first in self._first])

    def having(
        self,
        pairs: np.ndarray,
        source: Sequence[str] = (),
        payload: Sequence[str] = (),
        among: Optional[np.ndarray] = None,
    ) -> Shown:
        """Return how many pairs have some words in a row in their source, and others in the target.

        Args:
            pairs: (K,), the places of the different doubtful pairs that have both
            source: the words of sources
            payload: those of targets
            among: (N,), the different doubtful pairs that count (default: all)
        """
        compared = self._is_compared if among is None else self._is_compared & among
        usual = self._sources.having(source) & self._targets.having(payload) & self._is_trusted
        counts = compared[pairs], compared, usual, self._is_trusted
        return Shown(*(int(each.sum()) for each in counts))


class _Holders:
    """Texts that are asked for words."""

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        self._texts = Texts(texts)
        self._numbers = {word: number for number, word in enumerate(self._texts.vocabulary)}

    def having(self, words: Sequence[str]) -> np.ndarray:
        """Return which texts (N,) have the words in a row; all of them have no words."""
        found = np.full(len(self._texts), not words)
        if words and self._numbers.keys() >= set(words):
            found[self._texts.holders([self._numbers[word] for word in words])] = True
        return found
