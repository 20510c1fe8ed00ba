"""The loops in code with braces that does not parse, told from its tokens."""

from typing import Dict, Iterator, List, Optional, Sequence, Tuple

_CLOSING = {")": "(", "}": "{"}


def loops_in(tokens: Sequence[str]) -> Iterator[Tuple[int, int]]:
    """Yield where each loop begins and where it ends, in the order of their beginnings.

    Args:
        tokens: of the text
    """
    ends = _ends(tokens)
    for at, token in enumerate(tokens):
        if token == "do":
            body = _end_of_body(tokens, ends, at + 1)
            end = None if body is None else _end_of_statement(tokens, body)
        elif token in ("while", "for") and tokens[at + 1 : at + 2] == ["("] and at + 1 in ends:
            end = _end_of_body(tokens, ends, ends[at + 1])
        else:
            continue
        if end is not None:
            yield at, end


def _ends(tokens: Sequence[str]) -> Dict[int, int]:
    """Behind which token each bracket ends that does."""
    ends: Dict[int, int] = {}
    opened: List[int] = []
    for at, token in enumerate(tokens):
        if token in ("(", "{"):
            opened.append(at)
        elif token in _CLOSING:
            # What is still open inside is never closed.
            while opened and token == "}" and tokens[opened[-1]] == "(":
                opened.pop()
            if opened and tokens[opened[-1]] == _CLOSING[token]:
                ends[opened.pop()] = at + 1
    return ends


def _end_of_body(tokens: Sequence[str], ends: Dict[int, int], start: int) -> Optional[int]:
    if tokens[start : start + 1] == ["{"]:
        return ends.get(start)
    return _end_of_statement(tokens, start)


def _end_of_statement(tokens: Sequence[str], start: int) -> Optional[int]:
    for at in range(start, len(tokens)):
        if tokens[at] == ";":
            return at + 1
        if tokens[at] in ("{", "}"):
            break
    return None
