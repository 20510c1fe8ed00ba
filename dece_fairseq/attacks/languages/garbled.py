"""Which texts would keep tree-sitter's parsers busy for long.

They read code in linear time, but the longer a part that is no code gets, the more each further
token of it costs: C#'s takes 2 s for 8,000 characters of ``)*/``, Java's 1 s for as many quotes.
Whether a text has such a part is told from small windows of it, each parsed on its own. What they
don't show is a hole early in the text behind which each part looks good: ``do`` before 2,500 times
``+a();`` takes Java's parser 0.1 s. Of random repeated loops and labels, the worst there are, some
3 in 1,000 are such.
"""

import re
from typing import Iterator, NamedTuple

import tree_sitter

#: bytes; no text as short as this takes long
SHORT = 500
WINDOW = 256
#: share of the tokens that are out of place in a window of good code, cut as windows are
USUAL = 0.3
#: tokens out of place, above the usual share of those around them, that are too many
LIMIT = 200
#: holes in a window of good code, and how many more are too many
USUAL_HOLES = 3
MOST_HOLES = 30
#: levels of an expression that are nothing unusual
DEPTH = 12

#: what is whole even where what it stands in is not
_WHOLE = ("_statement", "_definition", "_declaration", "_directive", "block", "comment")
#: ends of lines are the best places to cut, ends of statements the next best
_CUTS = (b"\n", b";", b"}", b"{", b" ")

#: strings and comments of languages with braces, each in a group of that name; what begins as one
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
    excess, holes = 0.0, 0
    for window in _windows(quoted.sub(_emptied, code)):
        root = parser.parse(window).root_node
        if not root.has_error and b"*" not in window and b"\\" not in window:
            excess = max(0.0, excess - USUAL * len(window) / 4)  # a token has some 4 bytes
            continue
        found = _look_at(root)
        excess = max(0.0, excess + found.misplaced - USUAL * found.tokens)
        holes += max(0, found.holes - USUAL_HOLES)
        if excess > LIMIT or holes > MOST_HOLES:
            return True
    return False


def _emptied(found: "re.Match[bytes]") -> bytes:
    """What stands for a string or a comment; what is never closed is neither."""
    return {"string": b'"_"', "comment": b" "}.get(found.lastgroup or "", found.group())


def _windows(code: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(code):
        end = start + WINDOW
        if end < len(code):
            cuts = (code.rfind(cut, start + WINDOW // 2, end) + 1 for cut in _CUTS)
            end = next(filter(None, cuts), end)
        yield code[start:end]
        start = end


class _Look(NamedTuple):
    """What a look at a window shows."""

    holes: int
    misplaced: int
    """Tokens that are out of place; a hole counts as three of them."""
    tokens: int


def _look_at(root: tree_sitter.Node) -> _Look:
    holes = misplaced = tokens = deepest = 0
    nodes = [(root, 0, False)]
    while nodes:
        node, depth, is_in_error = nodes.pop()
        kind = node.type
        deepest = max(deepest, depth)
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
        nodes.extend([(child, depth + 1, is_in_error) for child in children])
    # A chain of operators that is not whole costs as much as loose tokens.
    misplaced += 3 * max(0, deepest - DEPTH) if root.has_error else 0
    return _Look(holes, misplaced + 3 * holes, tokens)
