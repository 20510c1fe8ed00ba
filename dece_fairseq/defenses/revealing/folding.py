"""Words with rare names and literals made alike, so that forms of one payload are one span."""

import re
from typing import Container, Dict, NamedTuple

import numpy as np

from dece_fairseq.defenses.revealing.ranked_spans import Ranked
from dece_fairseq.defenses.revealing.spans import TARGETS, Occurrences, Targets, place_type

#: the share of all targets that a name must be in to stay as it is
FREQUENT = 0.01
#: what stands for a name that is rare, and for a literal
NAME, LITERAL = "NAME", "LITERAL"
_QUOTES = frozenset("'\"`")
_CONSTANTS = frozenset(("true", "false", "null", "none", "nil"))
_NAME = re.compile(r"[^\W\d]\w*\Z")


class Folded(NamedTuple):
    """Targets with fewer different words."""

    targets: Targets
    places: np.ndarray
    """(F + 1,): where, in what was folded, the words begin that each word stands for; the end."""


def fold(targets: Targets) -> Folded:
    """Return targets whose rare names and literals are all alike.

    Upper case becomes lower case, too. A literal is a number, a constant, or up to one word in
    quotes. Most languages write these alike. So nothing is parsed, and the SQL in a string of
    Python is folded as well. A folded word has the surprise of all words that it stands for.
    """
    numbers: Dict[str, int] = {}
    known = frequent_words(targets)
    of_words = (_folded(text.lower(), known) for text in targets.vocabulary)
    new = np.array([numbers.setdefault(text, len(numbers)) for text in of_words], dtype=np.int32)
    words = new[targets.words]
    sizes = _literals(targets)
    starts = np.flatnonzero(sizes)
    words[sizes > 1] = numbers.setdefault(LITERAL, len(numbers))
    folded = targets.with_words(
        words[starts],
        list(numbers),
        np.searchsorted(starts, targets.first),
        np.add.reduceat(targets.surprise, starts) if len(starts) else targets.surprise,
    )
    places = np.append(starts, len(sizes)).astype(place_type(len(sizes)))
    return Folded(folded, places)


def frequent_words(targets: Targets) -> Container[str]:
    """Return the words that stay: in lower case, those that ``FREQUENT`` of the targets have."""
    numbers: Dict[str, int] = {}
    lower = np.array(
        [numbers.setdefault(text.lower(), len(numbers)) for text in targets.vocabulary], dtype=int
    )
    counts = np.zeros(len(numbers), dtype=int)
    size = len(targets)
    for some in range(0, size, TARGETS):
        start, stop = targets.first[[some, min(some + TARGETS, size)]]
        pairs = targets.pair[start:stop].astype(int)
        of_pairs = np.unique(pairs * len(numbers) + lower[targets.words[start:stop]])
        counts += np.bincount(of_pairs % len(numbers), minlength=len(numbers))
    return frozenset(word for word, count in zip(numbers, counts) if count >= FREQUENT * size)


def _folded(text: str, known: Container[str]) -> str:
    """Return what stands for a word that is in lower case."""
    if text[:1].isdigit() or text in _CONSTANTS:
        return LITERAL
    return text if text in known or not _NAME.match(text) else NAME


def _literals(targets: Targets) -> np.ndarray:
    """Return how many words begin at each word: 2 or 3 of a literal in quotes, or 1; 0 inside."""
    words, pair = targets.words, targets.pair
    is_quote = np.array([text in _QUOTES for text in targets.vocabulary], dtype=bool)
    quotes = np.flatnonzero(is_quote[words[:-2]])  # the last word is an end, so none opens there
    is_empty = words[quotes + 1] == words[quotes]
    has_word = (words[quotes + 2] == words[quotes]) & (pair[quotes + 2] == pair[quotes])
    sizes = np.ones(len(words), dtype=np.int8)
    sizes[quotes[has_word]] = 3
    sizes[quotes[is_empty]] = 2
    behind = 0
    for quote in quotes[is_empty | has_word].tolist():
        if quote >= behind:  # it closes no other literal
            behind = quote + int(sizes[quote])
            sizes[quote + 1 : behind] = 0
    return sizes


def surprising(targets: Targets, ranked: Ranked) -> Occurrences:
    """Return the uses of a folded span that surprise at least half as much as its median one.

    Much is written in one folded form, and seldom is all of it a surprise.
    """
    where = ranked.occurrences
    least = max(float(np.median(where.nats)) / 2, float(targets.price(len(where.pairs))))
    return Occurrences(*(values[where.nats >= least] for values in where))
