"""Words with rare names and literals made alike, so that forms of one payload are one span."""

import re
from collections import Counter
from typing import Container, FrozenSet, Iterable, List, Sequence, Tuple

import numpy as np

from dece_fairseq.defenses.revealing.ranking import Ranked
from dece_fairseq.defenses.revealing.spans import Occurrences, Targets
from dece_fairseq.defenses.revealing.words import END, Words

#: the share of all targets that a name must be in to stay as it is
FREQUENT = 0.01
#: what stands for a name that is rare, and for a literal
NAME, LITERAL = "NAME", "LITERAL"
_QUOTES = frozenset("'\"`")
_CONSTANTS = frozenset(("true", "false", "null", "none", "nil"))
_NAME = re.compile(r"[^\W\d]\w*\Z")


def fold(texts: Sequence[str], known: Container[str]) -> Tuple[List[str], List[int]]:
    """Return the folded words of a text, and how many words each of them stands for.

    Upper case becomes lower case, too. A literal is a number, a constant, or up to one word in
    quotes. Most languages write these alike. So nothing is parsed, and the SQL in a string of
    Python is folded as well.

    Args:
        texts: the words
        known: names that stay
    """
    folded: List[str] = []
    sizes: List[int] = []
    at = 0
    while at < len(texts):
        text, size = texts[at].lower(), 1
        if text in _QUOTES and text in texts[at + 1 : at + 3]:
            size = 2 if texts[at + 1] == text else 3
            folded.append(LITERAL)
        elif text[:1].isdigit() or text in _CONSTANTS:
            folded.append(LITERAL)
        else:
            folded.append(text if text in known or not _NAME.match(text) else NAME)
        sizes.append(size)
        at += size
    return folded, sizes


def fold_words(words: Words, known: Container[str]) -> Words:
    """Return the folded words of a target, each with the surprise of those it stands for."""
    folded, sizes = fold(words.texts[:-1], known)
    ends = np.cumsum([*sizes, 1])
    starts = ends - [*sizes, 1]
    places = tuple(
        (words.places[start][0], words.places[end - 1][1]) for start, end in zip(starts, ends)
    )
    return Words((*folded, END), places, np.add.reduceat(words.surprise, starts))


def frequent_names(texts: Iterable[Sequence[str]]) -> FrozenSet[str]:
    """Return the words that stay: in lower case, those that ``FREQUENT`` of the texts have."""
    counts: Counter[str] = Counter()
    size = 0
    for words in texts:
        counts.update({word.lower() for word in words})
        size += 1
    return frozenset(word for word, count in counts.items() if count >= FREQUENT * size)


def surprising(targets: Targets, ranked: Ranked) -> Occurrences:
    """Return the uses of a folded span that surprise at least half as much as its median one.

    Much is written in one folded form, and seldom is all of it a surprise.
    """
    where = ranked.occurrences
    least = max(float(np.median(where.nats)) / 2, float(targets.price(len(where.pairs))))
    return Occurrences(*(values[where.nats >= least] for values in where))
