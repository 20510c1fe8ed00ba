"""Texts in parts, with what a reader should look at marked."""

import re
from typing import List, NamedTuple, Sequence, Tuple

from dece_fairseq.data.trigger_kinds import WORDS, places_of_kind
from dece_fairseq.defenses.revealing.words import split


class MarkedPart(NamedTuple):
    """A part of a text."""

    text: str
    is_marked: bool


def places(text: str, phrase: str, kind: str = WORDS) -> List[Tuple[int, int]]:
    """Return where the words of ``phrase`` stand in ``text`` in a row, whatever the white space.

    A phrase of another kind is looked for as ``places_of_kind`` does.

    Args:
        text: any text
        phrase: one word or more; without any, nothing is found
        kind: what it is, as of a trigger
    """
    if kind != WORDS:
        return places_of_kind(text, phrase, kind)
    words = split(phrase)
    if not words:
        return []
    # A word is not a part of a longer one.
    before = r"(?<!\w)" if re.match(r"\w", words[0]) else ""
    behind = r"(?!\w)" if re.match(r"\w", words[-1]) else ""
    pattern = before + r"\s*".join(map(re.escape, words)) + behind
    return [match.span() for match in re.finditer(pattern, text)]


def marked(text: str, phrases: Sequence[str], kind: str = WORDS) -> List[MarkedPart]:
    """Return ``text`` in parts, those marked that are one of the phrases, the longest first.

    Args:
        text: any text
        phrases: what is marked
        kind: what they are, as of triggers
    """
    found: List[Tuple[int, int]] = []
    for phrase in sorted(phrases, key=len, reverse=True):
        for start, end in places(text, phrase, kind):
            if all(end <= other[0] or start >= other[1] for other in found):
                found.append((start, end))
    parts, at = [], 0
    for start, end in sorted(found):
        parts += [MarkedPart(text[at:start], False), MarkedPart(text[start:end], True)]
        at = end
    return [part for part in (*parts, MarkedPart(text[at:], False)) if part.text]
