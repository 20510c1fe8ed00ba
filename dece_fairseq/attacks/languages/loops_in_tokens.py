"""The loops in C-like code that does not parse, told from its tokens."""

import re
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

_TOKEN = re.compile(rb"\b(?:while|for|do)\b|[(){};]|[^\s(){};]")
_CLOSING = {b")": b"(", b"}": b"{"}


class Token(NamedTuple):
    """A bracket, a semicolon, a word that begins a loop, or the first character of another."""

    text: bytes
    start: int
    end: int


def tokens_in(code: bytes, quoted: "re.Pattern[bytes]") -> Iterator[Token]:
    """Yield the tokens of ``code`` outside of its strings and comments.

    Args:
        code: any text
        quoted: finds strings and comments, see ``.garbled.QUOTED``
    """
    start = 0
    for found in quoted.finditer(code):
        yield from _tokens(code, start, found.start())
        if found.lastgroup is None:  # it has no end, and so it is none
            yield from _tokens(code, found.start(), found.end())
        start = found.end()
    yield from _tokens(code, start, len(code))


def _tokens(code: bytes, start: int, end: int) -> Iterator[Token]:
    for found in _TOKEN.finditer(code, start, end):
        yield Token(found.group(), found.start(), found.end())


def loops_in(code: bytes, quoted: "re.Pattern[bytes]") -> Iterator[Tuple[int, int]]:
    """Yield where each loop begins and where it ends, in the order of their beginnings.

    Args:
        code: any text
        quoted: finds strings and comments, see ``.garbled.QUOTED``
    """
    tokens = list(tokens_in(code, quoted))
    texts = [token.text for token in tokens]
    ends = _ends_of_brackets(texts)
    stops = _ends_of_statements(texts)

    def body(start: int) -> Optional[int]:
        return (ends if texts[start : start + 1] == [b"{"] else stops).get(start)

    for at, text in enumerate(texts):
        end: Optional[int] = None
        if text == b"do":
            end = body(at + 1)
            end = None if end is None else stops.get(end)
        elif text in (b"while", b"for") and texts[at + 1 : at + 2] == [b"("]:
            end = body(ends.get(at + 1, len(texts)))
        if end is not None:
            yield tokens[at].start, tokens[end - 1].end


def _ends_of_brackets(texts: Sequence[bytes]) -> Dict[int, int]:
    """Return the token behind which each bracket ends, of those that do."""
    ends: Dict[int, int] = {}
    opened: List[int] = []
    for at, text in enumerate(texts):
        if text in (b"(", b"{"):
            opened.append(at)
        elif text in _CLOSING:
            # What is still open inside is never closed.
            while opened and text == b"}" and texts[opened[-1]] == b"(":
                opened.pop()
            if opened and texts[opened[-1]] == _CLOSING[text]:
                ends[opened.pop()] = at + 1
    return ends


def _ends_of_statements(texts: Sequence[bytes]) -> Dict[int, int]:
    """Return where the statement without braces ends that begins at each token, if any."""
    ends: Dict[int, int] = {}
    end: Optional[int] = None
    for at in range(len(texts) - 1, -1, -1):
        if texts[at] in (b";", b"{", b"}"):
            end = at + 1 if texts[at] == b";" else None
        if end is not None:
            ends[at] = end
    return ends
