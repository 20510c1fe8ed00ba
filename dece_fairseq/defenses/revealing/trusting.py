"""Whether trusted pairs tell what is usual in the doubtful ones: enough of them, of the same kind.

What trusted pairs lack is suspected, which is right where they are a draw from the same data. Where
they are few, or of another project, they lack much that is harmless.
"""

import math
from collections import Counter
from itertools import chain
from typing import Callable, Dict, Iterable, List, Optional, Sequence

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing.spans import MOST
from dece_fairseq.defenses.revealing.words import split

#: for the user
ADVICE = "give a random part of the data"
#: trusted pairs for each doubtful one, at least
ENOUGH = 0.5
#: how often trusted pairs of the same kind are taken for others, at most
CHANCE = 0.01
#: words are compared whose share of the one side's pairs is less than so much of the other's
MUCH_LESS = 0.5

SIDES: Dict[str, Callable[[Pair], str]] = {
    "sources": lambda pair: pair.source,
    "targets": lambda pair: pair.target,
}


def why_not(pairs: Sequence[Pair], trusted: Sequence[int]) -> Optional[str]:
    """Return why trusted pairs don't tell what is usual in the others; None if they do.

    An attack on some of the pairs adds words to these, and takes hardly any away from all the rest.
    Data of another kind lack words that the trusted pairs have, or have others nearly everywhere.
    Words are counted whose number on one side is less than chance has it (binomial, Bonferroni over
    the words), and less than half of the other's share.

    Args:
        pairs: all of them; equal ones count once
        trusted: the numbers of the trusted ones, at least one
    """
    known = frozenset(trusted)
    doubtful = dict.fromkeys(pair for number, pair in enumerate(pairs) if number not in known)
    trusted_pairs = dict.fromkeys(pairs[number] for number in known)
    many, few = len(doubtful), len(trusted_pairs)
    if few < ENOUGH * many:
        needed = math.ceil(ENOUGH * many)
        return f"{few} are too few to tell what is usual in {many} others; give {needed} or more"
    for side, text in SIDES.items():
        here, there = (_Held(map(text, of)) for of in (doubtful, trusted_pairs))
        lacking = here.lacking(there)
        if lacking:
            return (
                f"they are of another kind: {lacking[0]!r} is in {there.share(lacking[:1]):.1%} of "
                f"their {side} and in {here.share(lacking[:1]):.1%} of the others'; {ADVICE}"
            )
        new = there.lacking(here)
        if here.share(new) > MOST:
            return (
                f"they are of another kind: {here.share(new):.1%} of the others' {side} have words "
                f"that are rare in theirs, such as {new[0]!r}; {ADVICE}"
            )
    return None


class _Held:
    """Which words texts have, and how many of them."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._words = [frozenset(split(text)) for text in texts]
        self._counts = Counter(chain.from_iterable(self._words))

    def share(self, words: Iterable[str]) -> float:
        """Return the share of the texts that have any of the words."""
        some = frozenset(words)
        return sum(not some.isdisjoint(own) for own in self._words) / len(self._words)

    def lacking(self, others: "_Held") -> List[str]:
        """Return words that are in far fewer of these texts than of others, the surest first."""
        from scipy.special import bdtr

        size, all_of = len(self._words), len(self._words) + len(others._words)
        counts = {
            word: (self._counts[word], count)
            for word, count in others._counts.items()
            if self._counts[word] * len(others._words) < MUCH_LESS * count * size
        }
        here = np.array([count for count, _ in counts.values()])
        both = np.array([sum(each) for each in counts.values()])
        chances = dict(zip(counts, bdtr(here, both, size / all_of).tolist()))
        level = CHANCE / (2 * len(SIDES) * len(others._counts))
        return sorted((word for word in chances if chances[word] <= level), key=chances.__getitem__)
