"""Whether texts that share some words are alike otherwise, as copies of one text are."""

from functools import lru_cache
from typing import Any, FrozenSet, Sequence, Tuple

import numpy as np

from dece_fairseq.defenses.revealing.spans import Texts

#: pairs of texts that are drawn to learn how alike any two are
DRAWN = 4000
#: the share of them that are less alike than what counts as alike
USUAL = 0.995
#: texts that share some words and are compared with each other
COMPARED = 40
#: such groups of texts that are remembered: all spans of a text that repeats have the same
REMEMBERED = 32


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
        couples = [(words[one], words[other]) for one, other in drawn.tolist()]
        usual = [_alike(len(one & other), len(one), len(other)) for one, other in couples]
        self._threshold = float(np.quantile(usual, USUAL)) if usual else 1.0
        self._shared = lru_cache(maxsize=REMEMBERED)(self._shared_by)

    def unlike(self, span: Sequence[int], pairs: np.ndarray) -> float:
        """Return the share of some texts that are no copies of others, some of their words aside.

        Copies share what surprises; an attacker's pairs have the payload or the trigger alone in
        common. It is the number of groups of like texts over that of texts: 1 where each is unlike
        the others.
        """
        step = max(1, len(pairs) // COMPARED)
        words, holds, both = self._shared(tuple(pairs[::step].tolist()))
        own = holds[:, np.isin(words, span)]
        both = both - own @ own.T
        sizes = both.diagonal()
        alike = _alike(both, sizes[:, None], sizes) > self._threshold
        np.fill_diagonal(alike, False)
        by_chance = (1 - USUAL) * (len(sizes) - 1)
        return float((1 / np.maximum(1 + alike.sum(1) - by_chance, 1)).mean())

    def _shared_by(self, pairs: Tuple[int, ...]) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return what some texts have in common.

        Returns:
            their words (W,); which text has which (N, W); how many any two both have (N, N)
        """
        sets = [np.array(sorted(self._words(pair)), dtype=np.int64) for pair in pairs]
        words = np.unique(np.concatenate(sets))
        holds = np.stack([np.isin(words, own) for own in sets]).astype(np.float32)
        return words, holds, (holds @ holds.T).astype(np.float64)

    def _words(self, pair: int) -> FrozenSet[int]:
        start, end = self._texts.first[pair], self._texts.first[pair + 1]
        return frozenset(self._texts.words[start:end].tolist())


def _alike(both: Any, one: Any, other: Any) -> Any:
    """Return how alike texts are by how many words both, the one and the other have."""
    return both / np.maximum(one + other - both, 1)
