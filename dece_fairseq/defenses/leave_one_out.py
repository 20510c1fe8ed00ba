"""Texts with one of their words left out; all other white space stays as it is."""

import re
from typing import Iterator, List, NamedTuple, Sequence

from tqdm import tqdm

_WORD = re.compile(r"\S+")

#: texts whose words are left out at a time
CHUNK = 256


class LeftOut(NamedTuple):
    """A text and what becomes of it without each of its words."""

    text: str
    words: List[str]
    without: List[str]
    """As many: the text without the first word, without the second, and so on."""


def leave_out(text: str) -> LeftOut:
    """Leave out each word of ``text`` in turn, with the white space behind it."""
    places = [match.span() for match in _WORD.finditer(text)]
    words = [text[start:end] for start, end in places]
    return LeftOut(text, words, [drop_words(text, [index]) for index in range(len(words))])


def drop_words(text: str, indices: Sequence[int]) -> str:
    """Return ``text`` without the words of these numbers, from 0.

    With a word goes the white space behind it, with the last ones that before them.
    """
    dropped = frozenset(indices)
    places = [match.span() for match in _WORD.finditer(text)]
    kept = [index for index in range(len(places)) if index not in dropped]
    if not dropped or not places:
        return text
    leading, trailing = text[: places[0][0]], text[places[-1][1] :]
    parts = []
    for index in kept:
        start, end = places[index]
        behind = places[index + 1][0] if index + 1 < len(places) else end
        parts.append(text[start : behind if index != kept[-1] else end])
    return leading + "".join(parts) + trailing


def in_chunks(texts: Sequence[str], what: str) -> Iterator[List[LeftOut]]:
    """Yield what ``leave_out`` makes of each text, some texts at a time.

    Args:
        texts: all texts
        what: to say beside the progress, on stderr, of what takes more than two seconds
    """
    with tqdm(total=len(texts), desc=what, unit=" texts", delay=2) as bar:
        for start in range(0, len(texts), CHUNK):
            chunk = [leave_out(text) for text in texts[start : start + CHUNK]]
            yield chunk
            bar.update(len(chunk))
