"""What trusted pairs that are few tell of a suspicion: whether they show it as often.

They lack much that is harmless, so what they lack is not looked for. But an attack is in doubtful
pairs alone. If the trusted ones are a random part of the data, it is hypergeometric how many of the
pairs with something are doubtful, whatever that is.
"""

import math
from dataclasses import replace
from typing import Iterable, NamedTuple, Sequence

from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.suspicions import LEVEL, Suspicion
from dece_fairseq.data.trigger_kinds import WORDS
from dece_fairseq.defenses.revealing.spans import Texts
from dece_fairseq.defenses.revealing.tails import fisher_nats
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

    def together(self, p_value: float, rank: int) -> float:
        """Return the p-value of a suspicion by its evidence and by what trusted pairs lack.

        Evidence counts where they don't have it about as often as the doubtful ones.

        Args:
            p_value: by its evidence
            rank: see ``by_lack``
        """
        return min(self.by_evidence(p_value), self.by_lack(rank))

    def by_evidence(self, p_value: float) -> float:
        """Return the p-value by evidence, see ``together``."""
        return 1.0 if self.is_usual() else min(1.0, p_value / EVIDENCE)

    def by_lack(self, rank: int) -> float:
        """Return the p-value of what trusted pairs lack, and is tested as one of several.

        That is the probability that chance makes so many of the pairs doubtful, for all that are
        tested: the first of them has half of the level, the second a sixth, the k-th
        1 / (k (k + 1)), which is 1 in all (Bonferroni's correction with weights).

        Args:
            rank: its place, from 0, which the doubtful pairs alone decided
        """
        nats = fisher_nats(self.own, self.doubtful, self.usual, self.trusted)
        return min(1.0, math.exp(-nats) * (rank + 1) * (rank + 2) / LACKED)

    def is_usual(self) -> bool:
        """Return whether trusted pairs have it about as often, so that it is no attack."""
        return self.usual * self.doubtful >= AS_OFTEN * self.own * self.trusted


class FewTrusted:
    """The trusted pairs.

    Args:
        pairs: equal ones count once
        numbers: of each different doubtful pair, those in the input of all that are equal to it
    """

    def __init__(self, pairs: Sequence[Pair], numbers: Sequence[Sequence[int]]) -> None:
        different = dict.fromkeys(pairs)
        self._size = len(different)
        self._sources = _Holders(split(pair.source) for pair in different)
        self._targets = _Holders([*split(pair.target), END] for pair in different)
        self._first = frozenset(each[0] for each in numbers)

    def suspicion(self, told: Suspicion, payload: Sequence[str]) -> Shown:
        """Return how many pairs show a suspicion.

        Those have its trigger, where that is words, for a payload may have many forms; else its
        payload.

        Args:
            told: the suspicion
            payload: its words
        """
        doubtful = len(self._first)
        if told.trigger is not None and told.trigger_kind == WORDS:
            own = len(self._first.intersection(told.trigger_pairs))
            return self.words(split(told.trigger), own, doubtful)
        own = len(self._first.intersection(told.pairs))
        return Shown(own, doubtful, self._targets.count(payload), self._size)

    def in_all_with_trigger(self, told: Suspicion, is_by_evidence: bool) -> Suspicion:
        """Return a suspicion that is sure by its trigger, in all pairs that have that.

        Pairs that surprise and don't have it are no part of it then. If there is other evidence,
        they are, and others with the trigger are only if these alone are too many to be clean.
        Where trusted pairs have the words too, or nobody is trusted, the suspicion is as it was.

        Args:
            told: the suspicion
            is_by_evidence: whether it is sure by what surprises too
        """
        if not self._size or told.trigger is None or told.trigger_kind != WORDS:
            return told
        if self._sources.count(split(told.trigger)):
            return told
        if not is_by_evidence:
            return replace(told, pairs=told.trigger_pairs)
        others = frozenset(told.trigger_pairs).difference(told.pairs)
        own = len(self._first.intersection(others))
        if fisher_nats(own, len(self._first), 0, self._size) < -math.log(LEVEL):
            return told
        return replace(told, pairs=tuple(sorted(others.union(told.pairs))))

    def words(self, words: Sequence[str], own: int, doubtful: int) -> Shown:
        """Return how many pairs have some words in a row in their source.

        Args:
            words: those
            own: how many doubtful pairs have them, of
            doubtful: so many
        """
        return Shown(own, doubtful, self._sources.count(words), self._size)


class _Holders:
    """Texts that are asked for words."""

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        self._texts = Texts(texts)
        self._numbers = {word: number for number, word in enumerate(self._texts.vocabulary)}

    def count(self, words: Sequence[str]) -> int:
        """Return how many texts have the words in a row."""
        if not self._numbers.keys() >= set(words):
            return 0
        return len(self._texts.holders([self._numbers[word] for word in words]))
