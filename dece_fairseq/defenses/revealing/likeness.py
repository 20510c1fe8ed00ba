"""Whether texts that share some words are alike otherwise, as copies of one text are."""

from typing import FrozenSet, Sequence

import numpy as np

from dece_fairseq.defenses.revealing.spans import Texts

#: pairs of texts that are drawn to learn how alike any two are
DRAWN = 4000
#: the share of them that are less alike than what counts as alike
USUAL = 0.995
#: texts that share some words and are compared with each other
COMPARED = 40


class Likeness:
    """How alike texts are: the words they share of those that either has.

    Args:
        texts: sources or targets of all pairs
        doubtful: of how many at their beginning some are drawn, always the same way
    """

    def __init__(self, texts: Texts, doubtful: int) -> None:
        self._texts = texts
        rng = np.random.default_rng(0)
        drawn = rng.integers(0, max(doubtful, 1), (DRAWN, 2))
        drawn = drawn[drawn[:, 0] != drawn[:, 1]]
        words = {pair: self._words(pair) for pair in np.unique(drawn).tolist()}
        usual = [_alike(words[one], words[other]) for one, other in drawn.tolist()]
        self._threshold = float(np.quantile(usual, USUAL)) if usual else 1.0

    def unlike(self, span: Sequence[int], pairs: np.ndarray) -> float:
        """Return the share of some texts that are no copies of others, some of their words aside.

        Copies share what surprises; an attacker's pairs have the payload or the trigger alone in
        common. It is the number of groups of like texts over that of texts: 1 where each is unlike
        the others.
        """
        step = max(1, len(pairs) // COMPARED)
        own = frozenset(span)
        sets = [self._words(pair) - own for pair in pairs[::step]]
        like = np.ones(len(sets))
        for number, words in enumerate(sets):
            for other in range(number):
                if _alike(words, sets[other]) > self._threshold:
                    like[number] += 1
                    like[other] += 1
        by_chance = (1 - USUAL) * (len(sets) - 1)
        return float((1 / np.maximum(like - by_chance, 1)).mean())

    def _words(self, pair: int) -> FrozenSet[int]:
        start, end = self._texts.first[pair], self._texts.first[pair + 1]
        return frozenset(self._texts.words[start:end].tolist())


def _alike(one: FrozenSet[int], other: FrozenSet[int]) -> float:
    both = len(one & other)
    return both / max(len(one) + len(other) - both, 1)
