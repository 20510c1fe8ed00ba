"""What the sources of a suspicion's pairs have in common, and others have not."""

from collections import Counter
from typing import NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.defenses.revealing.spans import SAME, Texts, is_first

#: words in what is looked for; a longer trigger is put together of what its pairs share
LONGEST = 3
#: the share of a suspicion's pairs that have its trigger, at least
COVERED = 0.8
#: the share of the pairs with the trigger that have the payload, at least
PRECISE = 0.5
#: sources of a suspicion that n-grams are taken from, and n-grams that are then compared
SOURCES, COMPARED = 1000, 300


class WordTrigger(NamedTuple):
    """A run of words of the source."""

    words: Tuple[int, ...]
    places: np.ndarray
    """(K,): where it begins, once a pair."""
    covered: int
    """How many of the suspicion's pairs have it."""
    elsewhere: int
    """How many other pairs have it."""

    def is_telling(self, pairs: int, usual: float = 0.0) -> bool:
        """Return whether it goes with most of the suspicion's pairs, and they with it."""
        return is_telling(self.covered, self.elsewhere, pairs, usual)


def is_telling(covered: int, elsewhere: int, pairs: int, usual: float = 0.0) -> bool:
    """Return whether most of the pairs have something, and most that have it are among them.

    Args:
        covered: how many of the pairs have it
        elsewhere: how many others
        pairs: how many there are
        usual: how many of them may be clean, so that they need not have it; at most half
    """
    poisoned = pairs - min(usual, pairs / 2)
    return covered >= COVERED * poisoned and covered >= PRECISE * (covered + elsewhere)


def find_trigger(
    sources: Texts, pairs: np.ndarray, others: np.ndarray, doubtful: int
) -> Optional[WordTrigger]:
    """Return the n-gram that separates a suspicion's pairs from the others best.

    That is the one with the largest z of a test of two proportions, with the words beside it that
    it always comes with; None where no n-gram is in half of the pairs.

    Args:
        sources: of all pairs
        pairs: (K,), the numbers of the suspicion's pairs
        others: pairs that are left out of the comparison, as they have another payload
        doubtful: how many of all pairs are doubtful; those behind are trusted
    """
    in_all = len(sources)
    step = max(1, len(pairs) // SOURCES)
    looked_at = pairs[::step]
    counts: Counter[Tuple[int, ...]] = Counter()
    for pair in looked_at:
        words = sources.words[sources.first[pair] : sources.first[pair + 1]].tolist()
        counts.update(
            {
                tuple(words[at : at + n])
                for n in range(1, LONGEST + 1)
                for at in range(len(words) - n + 1)
            }
        )
    common = [
        (count, gram) for gram, count in counts.items() if count >= max(2, len(looked_at) / 2)
    ]
    best: Optional[WordTrigger] = None
    highest = 0.0
    rest = in_all - len(np.union1d(pairs, others))
    is_own, is_other = np.zeros((2, in_all), dtype=bool)
    is_own[pairs] = is_other[others] = True
    for _, gram in sorted(common, key=lambda item: (-item[0], item[1]))[:COMPARED]:
        found = _trigger(sources, gram, is_own, is_other)
        z = z_of(found.covered, len(pairs), found.elsewhere, rest)
        if z > highest + 1e-9:
            best, highest = found, z
    if best is None:
        return None
    holders = sources.pair[best.places]
    own = is_own[holders]
    if doubtful < in_all and (holders < doubtful).all():  # others with it have another payload
        own[:] = True
    words = grown(sources, best.words, best.places[own])
    return best if words == best.words else _trigger(sources, words, is_own, is_other)


def grown(sources: Texts, words: Tuple[int, ...], places: np.ndarray) -> Tuple[int, ...]:
    """Return some words with those beside them that they nearly always come with.

    Args:
        sources: of all pairs
        words: their numbers
        places: (K,), where they begin in the pairs that count
    """
    left, right = sources.longest(words, places, SAME)
    if not (left or right):
        return words
    # One place in twenty may go on otherwise.
    runs = Counter(
        tuple(sources.words[at - left : at + len(words) + right].tolist())
        for at in places
        if at >= left
    )
    return runs.most_common(1)[0][0]


def _trigger(
    sources: Texts, gram: Sequence[int], is_own: np.ndarray, is_other: np.ndarray
) -> WordTrigger:
    places = sources.find(gram)
    holders = sources.pair[places]
    once = is_first(holders)
    places, holders = places[once], holders[once]
    covered = is_own[holders]
    elsewhere = ~covered & ~is_other[holders]
    return WordTrigger(tuple(gram), places, int(covered.sum()), int(elsewhere.sum()))


def z_of(covered: int, pairs: int, elsewhere: int, rest: int) -> float:
    """Return z of the difference of two proportions, pooled."""
    pooled = (covered + elsewhere) / (pairs + rest)
    spread = pooled * (1 - pooled) * (1 / pairs + 1 / max(rest, 1))
    if spread <= 0:
        return 0.0
    return float((covered / pairs - elsewhere / max(rest, 1)) / np.sqrt(spread))
