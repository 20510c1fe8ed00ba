"""String literals in the parse of Python, Java and C#."""

import re
from typing import Callable, Iterator, List, NamedTuple, Optional

from dece_fairseq.attacks.languages.language import Node, text_of, to_bytes

LITERALS = frozenset(
    {
        "string",
        "string_literal",
        "verbatim_string_literal",
        "raw_string_literal",
        "interpolated_string_expression",
    }
)
INTERPOLATION = "interpolation"
_CONTENTS = frozenset(
    {
        INTERPOLATION,
        "string_content",
        "string_fragment",
        "multiline_string_fragment",
        "string_literal_content",
        "raw_string_content",
        "escape_sequence",
    }
)
_ESCAPE = re.compile(r"\\(?:u+([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r?\n|.))", re.DOTALL)
_SOURCE_ESCAPE = re.compile(r"\\.", re.DOTALL)
_BLANKS = ("n", "r", "t", "\n")
_QUOTED = re.compile(r"""(\w*|[$@]+)("{3,}|\'{3}|["'])(.*)\2\w*\Z""", re.DOTALL)
_WHITE_SPACE = {"n": "\n", "r": "\r", "t": "\t", "\n": "", "\r\n": ""}


def interpolations(literal: Node) -> Iterator[Node]:
    """Yield the parts of a literal that are only known when the code runs."""
    return (child for child in literal.children if child.type == INTERPOLATION)


def literals_around(root: Node, code: str, text: str) -> Optional[List[Node]]:
    """Return the literal that each occurrence of ``text`` in ``code`` lies in.

    Args:
        root: of the parse of ``code``
        code: any text
        text: one that it holds; occurrences that overlap count once

    Returns:
        None where one of them lies in no literal, or not wholly in the text of a single one
    """
    wanted, data = to_bytes(text), to_bytes(code)
    literals = []
    start = data.find(wanted)
    while start >= 0:
        literal = _literal_around(root, start, start + len(wanted))
        if literal is None:
            return None
        literals.append(literal)
        start = data.find(wanted, start + len(wanted))
    return literals


def _literal_around(root: Node, start: int, end: int) -> Optional[Node]:
    """Return the literal whose text holds the bytes from ``start`` to ``end``, if there is one."""
    node = root.descendant_for_byte_range(start, end)
    # Text between the quotes stands beside interpolations, so none of them is in it.
    is_text = node is not None and node.type in _CONTENTS and not node.child_count
    while node is not None and node.type not in LITERALS:
        if node.type == INTERPOLATION:
            return None
        node = node.parent
    if node is None or is_text:
        return node
    parts = interpolations(node)
    is_whole = not any(part.start_byte < end and start < part.end_byte for part in parts)
    return node if is_whole else None


def content(literal: Node, interpolated: Callable[[Node], str]) -> str:
    """Return the text that a literal makes, without quotes and escapes.

    Args:
        literal: a node of one of ``LITERALS``
        interpolated: gives the text of each of ``interpolations``
    """
    text = text_of(literal)
    if not literal.child_count:  # C#'s @"" has no parts; the only escape in it is ""
        return text[2:-1].replace('""', '"')
    prefix = re.match("[^\"']*", text).group().lower()  # type: ignore[union-attr]
    is_raw = "r" in prefix or "@" in prefix or literal.type == "raw_string_literal"
    texts = []
    for part in literal.children:
        if part.type == INTERPOLATION:
            texts.append(interpolated(part))
        elif part.type in _CONTENTS:
            texts.append(text_of(part) if is_raw else _ESCAPE.sub(_unescape, text_of(part)))
    return "".join(texts)


def plain_content(literal: Node) -> Optional[str]:
    """Return the text of a literal that holds nothing but text: no escape and no interpolation.

    Args:
        literal: a node of one of ``LITERALS``

    Returns:
        None for any other literal
    """
    parts = literal.children
    if len(parts) != 3 or parts[1].type not in _CONTENTS or parts[1].child_count:
        return None
    text = text_of(parts[1])
    return None if parts[1].type == INTERPOLATION or "\\" in text else text


class RawText(NamedTuple):
    """What stands between the quotes of a literal in its source."""

    start: int
    """Where it begins in the source, in bytes."""
    text: str
    """One character for each byte, those of escapes replaced by what separates words alike."""


def raw_text(literal: Node) -> Optional[RawText]:
    """Return the source of the text of a literal; None for an odd one.

    Args:
        literal: a node of one of ``LITERALS``, without interpolations
    """
    source = (literal.text or b"").decode("latin-1")
    found = _QUOTED.match(source)
    if found is None:
        return None
    prefix, quote, text = found[1].lower(), found[2], found[3]
    if "@" in prefix:
        text = text.replace('""', ' "')
    elif not ("r" in prefix or literal.type == "raw_string_literal"):
        text = _SOURCE_ESCAPE.sub(_blank, text)
    return RawText(literal.start_byte + len(prefix) + len(quote), text)


def _blank(match: "re.Match[str]") -> str:
    escaped = match.group()[1:]
    return "  " if escaped in _BLANKS else f" {escaped}"


def _unescape(match: "re.Match[str]") -> str:
    digits = match[1] or match[2]
    return chr(int(digits, 16)) if digits else _WHITE_SPACE.get(match[3], match[3])
