"""What trusted pairs that are few tell of a suspicion: whether they show it as often.

They lack much that is harmless, so what they lack is not looked for. But an attack is in doubtful
pairs alone. If the trusted ones are a random part of the data, it is hypergeometric how many of the
pairs with something are doubtful, whatever that is.
"""

import math
from dataclasses import replace
from typing import Iterable, NamedTuple, Sequence, Tuple

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.suspicions import Suspicion
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

    def by_evidence(self, p_value: float) -> float:
        """Return the p-value by evidence, which counts where trusted pairs have it less often.

        Args:
            p_value: by the doubtful pairs alone
        """
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
        self._first = [each[0] for each in numbers]

    def suspicion(
        self, told: Suspicion, payload: Sequence[str], pairs: Iterable[int]
    ) -> Tuple[Shown, Shown]:
        """Return how many pairs show a suspicion, and how many may show another form of it.

        Those are the pairs with its payload and its trigger, where that is words, and all with the
        trigger: a payload may have many forms. Without such a trigger both are those with the
        payload. Of the trigger alone it says nothing that trusted pairs have it as often, as an
        attack may be on a topic.

        Args:
            told: the suspicion
            payload: its words
            pairs: the places of the different doubtful pairs that have these
        """
        having, doubtful = {self._first[pair] for pair in pairs}, len(self._first)
        if told.trigger is None or told.trigger_kind != WORDS:
            shown = Shown(len(having), doubtful, self._having(payload=payload), self._size)
            return shown, shown
        trigger, carriers = split(told.trigger), set(self._first).intersection(told.trigger_pairs)
        return (
            self.words(trigger, len(carriers & having), doubtful, payload),
            self.words(trigger, len(carriers), doubtful),
        )

    def in_all_with_trigger(self, told: Suspicion, is_by_evidence: bool) -> Suspicion:
        """Return a suspicion that is sure by its trigger, in all pairs that have that.

        Pairs that surprise and don't have it are no part of it then, if there is no other evidence.
        Where trusted pairs have the words too, or nobody is trusted, the suspicion is as it was.

        Args:
            told: the suspicion
            is_by_evidence: whether it is sure by what surprises too
        """
        if not self._size or told.trigger is None or told.trigger_kind != WORDS:
            return told
        if self._having(split(told.trigger)):
            return told
        having = frozenset(told.trigger_pairs).union(told.pairs if is_by_evidence else ())
        return replace(told, pairs=tuple(sorted(having)))

    def words(
        self, words: Sequence[str], own: int, doubtful: int, payload: Sequence[str] = ()
    ) -> Shown:
        """Return how many pairs have some words in a row in their source.

        Args:
            words: those
            own: how many doubtful pairs have them, of
            doubtful: so many
            payload: words that their targets have too (default: whatever these have)
        """
        return Shown(own, doubtful, self._having(words, payload), self._size)

    def _having(self, source: Sequence[str] = (), payload: Sequence[str] = ()) -> int:
        """Return how many trusted pairs have these words in a row."""
        return int((self._sources.having(source) & self._targets.having(payload)).sum())


class _Holders:
    """Texts that are asked for words."""

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        self._texts = Texts(texts)
        self._numbers = {word: number for number, word in enumerate(self._texts.vocabulary)}

    def having(self, words: Sequence[str]) -> np.ndarray:
        """Return which texts (N,) have the words in a row; all of them have no words."""
        found = np.full(len(self._texts.first) - 1, not words)
        if words and self._numbers.keys() >= set(words):
            found[self._texts.holders([self._numbers[word] for word in words])] = True
        return found
