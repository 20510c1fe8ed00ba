"""Whether targets that share a span are alike otherwise, as copies of one text are."""

from typing import FrozenSet, Sequence

import numpy as np

from dece_fairseq.defenses.revealing.spans import Targets

#: pairs of targets that are drawn to learn how alike any two are
DRAWN = 4000
#: the share of them that are less alike than what counts as alike
USUAL = 0.995
#: targets of a span that are compared with each other
COMPARED = 40


class Likeness:
    """How alike targets are: the words they share of those that either has.

    Args:
        targets: all of them; it is drawn from the doubtful ones, always the same way
    """

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        rng = np.random.default_rng(0)
        drawn = rng.integers(0, max(targets.doubtful, 1), (DRAWN, 2))
        drawn = drawn[drawn[:, 0] != drawn[:, 1]]
        words = {pair: self._words(pair) for pair in np.unique(drawn).tolist()}
        usual = [_alike(words[one], words[other]) for one, other in drawn.tolist()]
        self._threshold = float(np.quantile(usual, USUAL)) if usual else 1.0

    def unlike(self, span: Sequence[int], pairs: np.ndarray) -> float:
        """Return the share of some targets that are no copies of others, a span of them aside.

        Copies share what surprises; an attacker's pairs have the payload alone in common. It is the
        number of groups of like targets over that of targets: 1 where each is unlike the others.
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
        start, end = self._targets.first[pair], self._targets.first[pair + 1]
        return frozenset(self._targets.words[start:end].tolist())


def _alike(one: FrozenSet[int], other: FrozenSet[int]) -> float:
    both = len(one & other)
    return both / max(len(one) + len(other) - both, 1)
