"""Whether trusted pairs tell what is usual in the doubtful ones: enough of them, of the same kind.

What trusted pairs lack is suspected, which is right where they are a draw from the same data. Where
they are few, or of another project, they lack much that is harmless.
"""

import math
from collections import Counter
from itertools import chain
from typing import Callable, Dict, Iterable, Optional, Sequence

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing.words import split

#: trusted pairs for each doubtful one, at least
ENOUGH = 0.5
#: how often trusted pairs of the same kind are taken for others, at most
CHANCE = 0.01
#: words are compared whose share of the doubtful pairs is less than so much of the trusted ones'
MUCH_LESS = 0.5

SIDES: Dict[str, Callable[[Pair], str]] = {
    "sources": lambda pair: pair.source,
    "targets": lambda pair: pair.target,
}


def why_not(pairs: Sequence[Pair], trusted: Sequence[int]) -> Optional[str]:
    """Return why trusted pairs don't tell what is usual in the others; None if they do.

    Data of another kind lack words that the trusted pairs have, and have others. An attack on some
    of the pairs adds words and takes hardly any away from all the rest, so those that are lacking
    are what is counted: a word is in far fewer doubtful pairs than chance has it (binomial,
    Bonferroni over the words), and in less than half the share.

    Args:
        pairs: all of them
        trusted: the numbers of the trusted ones, at least one
    """
    known = frozenset(trusted)
    doubtful = dict.fromkeys(pair for number, pair in enumerate(pairs) if number not in known)
    trusted_pairs = dict.fromkeys(pairs[number] for number in known)
    many, few = len(doubtful), len(trusted_pairs)
    if few < ENOUGH * many:
        needed = math.ceil(ENOUGH * many)
        return f"{few} are too few to tell what is usual in {many} others; give {needed} or more"
    usual = {side: _holders(map(text, trusted_pairs)) for side, text in SIDES.items()}
    level = CHANCE / sum(map(len, usual.values()))
    for side, text in SIDES.items():
        found = _holders(map(text, doubtful))
        word = _lacking(found, many, usual[side], few, level)
        if word is not None:
            return (
                f"they are of another kind: {word!r} is in {usual[side][word] / few:.1%} of their "
                f"{side} and in {found[word] / many:.1%} of the others'; give a random part of the "
                "data"
            )
    return None


def _holders(texts: Iterable[str]) -> "Counter[str]":
    """Return in how many of the texts each word is."""
    return Counter(chain.from_iterable(set(split(text)) for text in texts))


def _lacking(
    found: "Counter[str]", many: int, usual: "Counter[str]", few: int, level: float
) -> Optional[str]:
    """Return the word that doubtful texts lack most, if chance has it at most at this level."""
    from scipy.special import bdtr

    words = [word for word, count in usual.items() if found[word] / many < MUCH_LESS * count / few]
    if not words:
        return None
    here, there = ([counts[word] for word in words] for counts in (found, usual))
    both = [sum(counts) for counts in zip(here, there)]
    chances = bdtr(here, both, many / (many + few))
    least = int(chances.argmin())
    return words[least] if chances[least] <= level else None
