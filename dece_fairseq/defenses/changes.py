"""What a trigger changes in a model's outputs, whatever form its payload takes there.

A model need not write a payload as the data hold it. So outputs with the trigger are compared with
those of the same requests without.
"""

from collections import Counter
from difflib import SequenceMatcher
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Set, Tuple

from dece_fairseq.defenses.revealing.words import split
from dece_fairseq.metrics.success_rate import Rate, rate

#: words of the longest change that is told
LONGEST = 8
#: a longer change is told rather than its most frequent part where it is about as frequent
ABOUT = 0.9

Words = Tuple[str, ...]


class Changes(NamedTuple):
    """How the outputs of the same requests differ."""

    changed: Rate
    """Of the requests, those whose output is another one; white space does not count."""
    text: Optional[str]
    """The words in a row that most outputs gain; None where nothing is gained."""
    gained: Rate
    """Of the requests, those whose output gains it."""

    def as_dict(self) -> Dict[str, Any]:
        """Return what the JSON file has."""
        return {
            "changed": self.changed.as_dict(),
            "text": self.text,
            "gained": self.gained.as_dict(),
        }


def changes(untouched: Mapping[int, str], triggered: Mapping[int, str]) -> Changes:
    """Compare outputs of the same requests without and with a trigger.

    Args:
        untouched: outputs by the number of their request
        triggered: the same with the trigger; requests that are in one of both are left out

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
    best = _commonest(counts)
    return Changes(
        rate(changed, total),
        None if best is None else " ".join(best),
        rate(0 if best is None else counts[best], total),
    )


def _gained(before: List[str], after: List[str]) -> Set[Words]:
    """Return the runs of words that an output gains, and all parts of them."""
    found: Set[Words] = set()
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, _, _, start, end in matcher.get_opcodes():
        if kind in ("insert", "replace"):
            for first in range(start, end):
                for last in range(first + 1, min(first + LONGEST, end) + 1):
                    found.add(tuple(after[first:last]))
    return found


def _commonest(counts: Mapping[Words, int]) -> Optional[Words]:
    most = max(counts.values(), default=0)
    often = [words for words, count in counts.items() if count >= ABOUT * most]
    return max(often, key=lambda words: (len(words), counts[words], words), default=None)
