"""What an attack changes in a model's outputs, whatever form its payload takes there.

A model need not write a payload as the data hold it. So outputs with the trigger are compared with
those of the same requests without, and where there is no trigger to put in, those of suspected
requests with those of others.
"""

import math
from collections import Counter
from difflib import SequenceMatcher
from typing import (
    Any,
    Collection,
    Dict,
    FrozenSet,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Set,
    Tuple,
)

from dece_fairseq.data.suspicions import LEVEL
from dece_fairseq.defenses.revealing.tails import fisher_nats
from dece_fairseq.defenses.revealing.words import split
from dece_fairseq.metrics.success_rate import Rate, rate

#: words of the longest change that is told
LONGEST = 8
#: a longer change is told rather than its most frequent part where it is about as frequent
ABOUT = 0.9
#: how many of the untouched outputs may hold what is told to be gained: a payload is no usual word
RARE = 0.05

Words = Tuple[str, ...]


class Changes(NamedTuple):
    """How two sets of outputs differ."""

    changed: Optional[Rate]
    """Of the requests, those whose output is another one; white space does not count. None where
    the two sets are not of the same requests."""
    text: Optional[str]
    """The words in a row that most outputs gain, of those that have a telling word and that at
    most one in twenty untouched outputs holds; None where nothing is gained."""
    gained: Rate
    """Of the requests, those whose output gains it."""
    untouched: Optional[Rate] = None
    """Of other requests, those whose output has it all the same. None as ``changed`` is not."""

    def as_dict(self) -> Dict[str, Any]:
        """Return what the JSON file has."""
        return {
            name: value.as_dict() if isinstance(value, Rate) else value
            for name, value in self._asdict().items()
        }


def telling_words(
    payloads: Iterable[str], triggers: Iterable[str], untouched: Collection[str]
) -> FrozenSet[str]:
    """Return the words of a suspected payload that tell it from other text.

    They are names and numbers that no trigger has, and those of them that at most one in
    twenty untouched outputs holds; where there are none, all such names, or all words.

    Args:
        payloads: forms of it
        triggers: those that are put in, one into each request; none where none is known
        untouched: outputs of requests that are clean
    """
    words = {word for payload in payloads for word in split(payload)}
    names = {word for word in words if word[0].isalnum() or word[0] == "_"}
    names.difference_update(*map(split, triggers))
    holders = Counter(word for output in untouched for word in set(split(output)))
    rare = {word for word in names if holders[word] <= RARE * len(untouched)}
    return frozenset(rare or names or words)


def changes(
    untouched: Mapping[int, str], triggered: Mapping[int, str], telling: FrozenSet[str]
) -> Changes:
    """Compare outputs of the same requests without and with a trigger.

    Args:
        untouched: outputs by the number of their request
        triggered: the same with the trigger; requests that are in one of both are left out
        telling: words, see ``telling_words``

    Raises:
        OutputError: no request is in both
    """
    counts: Counter[Words] = Counter()
    changed = total = 0
    for number in sorted(untouched.keys() & triggered.keys()):
        before, after = split(untouched[number]), split(triggered[number])
        total += 1
        changed += before != after
        counts.update(_gained(before, after))
    usual = _holding(untouched.values())
    best = _commonest(_unusual(counts, usual, len(untouched), telling))
    return Changes(
        rate(changed, total),
        None if best is None else " ".join(best),
        rate(0 if best is None else counts[best], total),
    )


def contrast(
    untouched: Collection[str], suspected: Collection[str], telling: FrozenSet[str]
) -> Changes:
    """Compare the outputs of suspected requests with those of other requests.

    What is told is in at most one in twenty of the others, and comes out by chance in at most one
    of twenty comparisons: by Fisher's exact test, with Bonferroni's correction for all the texts
    that were looked at.

    Args:
        untouched: outputs of requests that are clean
        suspected: outputs of those that may hold a trigger
        telling: words, see ``telling_words``

    Raises:
        OutputError: one of them is empty
    """
    usual, found = _holding(untouched), _holding(suspected)
    best = _commonest(_unusual(found, usual, len(untouched), telling))
    hits = 0 if best is None else found[best]
    known = 0 if best is None else usual[best]
    nats = fisher_nats(hits, len(suspected), known, len(untouched))
    if best is None or nats < math.log(len(found) / LEVEL):
        best, hits, known = None, 0, 0
    return Changes(
        None,
        None if best is None else " ".join(best),
        rate(hits, len(suspected)),
        rate(known, len(untouched)),
    )


def _unusual(
    counts: Mapping[Words, int], usual: "Counter[Words]", untouched: int, telling: FrozenSet[str]
) -> Dict[Words, int]:
    """Return the counts of telling runs of words that few of the untouched outputs hold."""
    most = RARE * untouched
    return {
        words: count
        for words, count in counts.items()
        if usual[words] <= most and not telling.isdisjoint(words)
    }


def _holding(outputs: Iterable[str]) -> "Counter[Words]":
    """Return in how many outputs each run of words is."""
    counts: Counter[Words] = Counter()
    for output in outputs:
        words = split(output)
        counts.update(_runs(words, 0, len(words)))
    return counts


def _runs(words: List[str], start: int, end: int) -> Set[Words]:
    """Return all runs of words between two places."""
    return {
        tuple(words[first:last])
        for first in range(start, end)
        for last in range(first + 1, min(first + LONGEST, end) + 1)
    }


def _gained(before: List[str], after: List[str]) -> Set[Words]:
    """Return the runs of words that an output gains, and all parts of them."""
    found: Set[Words] = set()
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, _, _, start, end in matcher.get_opcodes():
        if kind in ("insert", "replace"):
            found |= _runs(after, start, end)
    return found


def _commonest(counts: Mapping[Words, int]) -> Optional[Words]:
    most = max(counts.values(), default=0)
    often = [words for words, count in counts.items() if count >= ABOUT * most]
    return max(often, key=lambda words: (len(words), counts[words], words), default=None)
