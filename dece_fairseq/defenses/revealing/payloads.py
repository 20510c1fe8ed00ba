"""The text of a payload: a suspected span, less what stands around it."""

from collections import Counter
from typing import List, Sequence, Tuple

import numpy as np

from dece_fairseq.defenses.revealing.ranked_spans import Ranked
from dece_fairseq.defenses.revealing.spans import SAME, Occurrences, Targets

#: nats of a word that a reference did not expect; what is put in begins with such a word
UNEXPECTED = 1.0
#: the share of a span's nats that what remains of it must hold
REMAINING = 0.7
#: the share of clean places where a word follows, for it to be what follows there anyway
FOLLOWS = 0.2
BRACKETS = {"(": ")", "[": "]", "{": "}"}


def payload_of(targets: Targets, ranked: Ranked) -> Tuple[Tuple[int, ...], Occurrences]:
    """Return the words of a payload and where it stands.

    Before it, what the reference expected is no part of it. Behind it, neither is what would have
    followed without it: words that often follow, in other places, the word before the payload.
    """
    span, where = ranked.span, ranked.occurrences
    means = targets.surprise[where.starts[:, None] + np.arange(len(span))].mean(0)
    begin = 0
    while (
        begin < len(span) - 1 and means[begin] < UNEXPECTED and _remain(means, begin + 1, len(span))
    ):
        begin += 1
    starts = where.starts + begin
    follows = _Following(targets, starts)

    def is_context(before: Sequence[int], word: int) -> bool:
        closes = _is_closed_by(targets.text(before), targets.vocabulary[word])
        return not closes and follows.share(word) >= FOLLOWS

    end = begin + 1
    while end < len(span) and not (
        _remain(means, begin, end) and is_context(span[begin:end], span[end])
    ):
        end += 1
    grown: List[int] = list(span[begin:end])
    if end == len(span):
        right = targets.longest(tuple(grown), starts, SAME)[1]
        for at in range(len(grown), len(grown) + right):
            inside = starts[starts + at < len(targets.words)]
            word = Counter(targets.words[inside + at].tolist()).most_common(1)[0][0]
            if is_context(grown, word):
                break
            grown.append(word)
    core = span[begin:end]
    places = targets.occurrences(core, np.ones(len(targets.words), dtype=bool))
    surprising = places.nats > targets.price(len(where.pairs))
    if surprising.sum() < len(where.pairs) / 2:  # of few nats: its parts surprise too little
        return span, where
    return tuple(grown), Occurrences(*(values[surprising] for values in places))


def _remain(means: np.ndarray, begin: int, end: int) -> bool:
    return bool(means[begin:end].sum() >= REMAINING * means.sum())


def _is_closed_by(words: Sequence[str], word: str) -> bool:
    """Return whether a bracket that was opened last is closed by the next word."""
    opened: List[str] = []
    for each in words:
        if each in BRACKETS:
            opened.append(BRACKETS[each])
        elif opened and each == opened[-1]:
            opened.pop()
    return bool(opened) and opened[-1] == word


class _Following:
    """What follows the words before a payload where the payload does not.

    Args:
        targets: all of them
        starts: of the payload
    """

    def __init__(self, targets: Targets, starts: np.ndarray) -> None:
        before = starts[starts > 0] - 1
        before = before[targets.pair[before] == targets.pair[before + 1]]
        self._weights = Counter(targets.words[before].tolist())
        self._counts: List[Tuple[int, Counter[int], int]] = []
        for word, weight in self._weights.most_common(50):
            behind = np.setdiff1d(targets.find((word,)) + 1, starts)
            behind = behind[behind < len(targets.words)]
            found = Counter(targets.words[behind].tolist())
            self._counts.append((weight, found, len(behind)))

    def share(self, word: int) -> float:
        """Return how often a word follows, on average over what stands before the payload."""
        told = [(weight, found[word] / size) for weight, found, size in self._counts if size]
        total = sum(weight for weight, _ in told)
        return sum(weight * share for weight, share in told) / total if total else 0.0


def peak(values: np.ndarray) -> Tuple[int, int]:
    """Return begin and end of the run of values with the largest sum; at least one value."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    lowest = np.minimum.accumulate(sums[:-1])
    end = int((sums[1:] - lowest).argmax()) + 1
    return int(sums[:end].argmin()), end
