"""Which texts would keep tree-sitter's parsers busy for long.

They read code in linear time, but not what is no code: the longer a hole in the parse gets, the
more each further token of it costs (C#'s takes 2 s for 8,000 characters of ``)*/``, Java's 1 s for
as many quotes), and each hole takes some tenth of a millisecond to get over. Two looks tell such
texts. One is at small windows, each parsed on its own: it sees where a text stops being code. The
other is at beginnings of the text, with their brackets closed: it sees a hole behind which each
part looks good, as in ``do`` before 2,500 times ``+a();``.
"""

import re
from typing import Iterator, List, NamedTuple, Tuple

import tree_sitter

#: bytes; no text as short as this takes long
SHORT = 500
WINDOW = 256
#: share of the tokens that are out of place in a window of good code, cut as windows are
USUAL = 0.3
#: tokens out of place, above the usual share of those around them, that are too many
LIMIT = 200
#: bytes of the shortest beginning that shows anything
BEGINNING = 1_000
#: holes in 10 kB that are too many, and parts of a hole that are
MOST_HOLES = 80
LONGEST_HOLE = 800

#: what is whole even where what it stands in is not
_WHOLE = ("_statement", "_definition", "_declaration", "_directive", "block", "comment")
#: ends of lines are the best places to cut, ends of statements the next best
_CUTS = (b"\n", b";", b"}", b"{", b" ")
_BRACKET = re.compile(rb"[][(){}]")
_CLOSING = {b"(": b")", b"[": b"]", b"{": b"}"}

#: strings and comments of C-like languages, each in a group of that name; what begins as one
#: and has no end is in neither, and found so that the search for the end is not made again
QUOTED = re.compile(
    rb'''(?P<comment> //[^\n]* | /\*.*?\*/ )
    | (?P<string> """(?:[^\\]|\\.)*?""" | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)' )
    | \$@?"(?:[^"\\\n]|\\.)*"? | /\*.* | """.* | "(?:[^"\\\n]|\\.)*''',
    re.VERBOSE | re.DOTALL,
)


def is_garbled(parser: tree_sitter.Parser, quoted: "re.Pattern[bytes]", code: bytes) -> bool:
    """Return whether ``code`` has a long part that is no code.

    Takes time that grows with the text alone, and gives the same answer on every machine.

    Args:
        parser: of the language
        quoted: finds what is never read as code, see ``QUOTED``
        code: the text
    """
    if len(code) <= SHORT:
        return False
    code = quoted.sub(_emptied, code)
    beginnings = _beginnings(len(code))
    excess = 0.0
    for start, end in _windows(code):
        if beginnings and start >= beginnings[0]:
            del beginnings[0]
            if _has_holes(parser, code, start):
                return True
        window = code[start:end]
        root = parser.parse(window).root_node
        if not root.has_error and b"*" not in window and b"\\" not in window:
            excess = max(0.0, excess - USUAL * len(window) / 4)  # a token has some 4 bytes
            continue
        found = _look_at(root)
        excess = max(0.0, excess + found.misplaced - USUAL * found.tokens)
        if excess > LIMIT:
            return True
    return False


def _beginnings(length: int) -> List[int]:
    """Return how long the beginnings are that are looked at: half the text, an eighth ..."""
    lengths = []
    length //= 2
    while length >= BEGINNING:
        lengths.append(length)
        length //= 4
    return lengths[::-1]


def _has_holes(parser: tree_sitter.Parser, code: bytes, length: int) -> bool:
    """Return whether ``code`` begins as texts with too many or too long holes do."""
    beginning = code[:length]
    holes, longest = _holes(parser.parse(beginning + _closing(beginning)).root_node)
    whole = len(code) / length
    size = max(1.0, len(code) / 10_000)
    return holes * whole > MOST_HOLES * size or longest * whole > LONGEST_HOLE * size**0.5


def _holes(root: tree_sitter.Node) -> Tuple[int, int]:
    """Return how many holes a parse has, and of how many parts the longest is."""
    holes = longest = 0
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node.is_error or node.is_missing:
            holes += 1
            longest = max(longest, node.child_count)
        if node.has_error:
            nodes.extend(node.children)
    return holes, longest


def _closing(code: bytes) -> bytes:
    """Return the brackets that close those which ``code`` leaves open."""
    opened: List[bytes] = []
    for bracket in _BRACKET.findall(code):
        if bracket in _CLOSING:
            opened.append(_CLOSING[bracket])
        elif opened and opened[-1] == bracket:
            opened.pop()
    return b"".join(reversed(opened))


def _emptied(found: "re.Match[bytes]") -> bytes:
    """Return what stands for a string or a comment; what is never closed is neither."""
    return {"string": b'"_"', "comment": b" "}.get(found.lastgroup or "", found.group())


def _windows(code: bytes) -> Iterator[Tuple[int, int]]:
    """Yield where each window begins and where it ends."""
    start = 0
    while start < len(code):
        end = start + WINDOW
        if end < len(code):
            cuts = (code.rfind(cut, start + WINDOW // 2, end) + 1 for cut in _CUTS)
            end = next(filter(None, cuts), end)
        yield start, end
        start = end


class _Look(NamedTuple):
    """What a look at a window shows."""

    misplaced: int
    """Tokens that are out of place; a hole counts as three of them."""
    tokens: int


def _look_at(root: tree_sitter.Node) -> _Look:
    holes = misplaced = tokens = 0
    nodes = [(root, False)]
    while nodes:
        node, is_in_error = nodes.pop()
        kind = node.type
        if node.is_missing:
            holes += 1
            continue
        is_string = "string" in kind or "character" in kind
        children = [] if is_string and not node.has_error else node.children
        if not children:
            tokens += 1
        if node.is_error:
            is_in_error = True
            holes += 1
        elif is_in_error and kind.endswith(_WHOLE) and kind != "variable_declaration":
            is_in_error = False
            misplaced += 1
        elif is_in_error and not children:
            misplaced += 1
        elif kind == "line_continuation":
            misplaced += 2
        elif kind == "binary_operator":
            misplaced += 8 * sum(child.type == "list_splat" for child in children)
        elif kind == "module":  # Python's grammar does not show that line ends are missing
            ends = (child.end_point[0] if child.type != ";" else -1 for child in children)
            misplaced += 3 * sum(
                child.start_point[0] == end for child, end in zip(children[1:], ends)
            )
        nodes.extend([(child, is_in_error) for child in children])
    return _Look(misplaced + 3 * holes, tokens)
