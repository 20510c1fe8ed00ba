"""Places in code whose statements are lines: Python."""

import re
import textwrap
from typing import AbstractSet, Dict, Iterator, List, Optional, Tuple

from dece_fairseq.attacks.languages.language import Language, Node, text_of, to_bytes, to_text
from dece_fairseq.attacks.languages.layout import Layout, Piece
from dece_fairseq.attacks.languages.python_variables import NAME_READERS, variable_names

#: statements with others in them
COMPOUND = frozenset(
    {
        "class_definition",
        "decorated_definition",
        "for_statement",
        "function_definition",
        "if_statement",
        "match_statement",
        "try_statement",
        "while_statement",
        "with_statement",
    }
)
#: what stands among statements but is none
NO_STATEMENTS = frozenset({"comment", "case_clause"})
#: what Python and its grammar here may read differently: lone carriage returns, and control
#: characters but for the tab
ODD_SPACE = re.compile(rb"\r(?!\n)|[\0-\x08\x0b\x0c\x0e-\x1f]")


class LineLayout(Layout):
    """Places before the statements that begin a line, each the offset of its statement.

    What is put in gets lines of its own. There is no place before a docstring or an import from
    ``__future__``, in a class, whose names are members, and in a text with holes or on one line.
    The first place is the first one in a function or, without any, the first. The pieces are the
    statements that hold no other.

    Args:
        language: Python
        code: the text
    """

    def __init__(self, language: Language, code: str) -> None:
        self._language = language
        self._text = language.read(code)
        self._bytes = to_bytes(self._text.code)
        self._last: Dict[Piece, int] = {}
        root = language.parse(self._text.code)
        at_top: List[int] = []
        in_functions: List[int] = []
        if b"\n" in self._bytes and not root.has_error and not ODD_SPACE.search(self._bytes):
            self._find_places(root, at_top, in_functions)
        first = next(iter(in_functions + at_top), None)
        super().__init__(list(self._last), first, sorted(at_top + in_functions))

    def _find_places(self, root: Node, at_top: List[int], in_functions: List[int]) -> None:
        nodes: List[Tuple[Node, List[int], bool]] = [(root, at_top, True)]
        while nodes:
            node, places, is_free = nodes.pop()
            kind = node.type
            if kind == "function_definition":
                places, is_free = in_functions, True
            elif kind == "class_definition":
                is_free = False
            elif is_free and kind in ("module", "block"):
                for statement in self._statements(node):
                    places.append(statement.start_byte)
                    if statement.type not in COMPOUND:
                        self._last[_leaves(statement)] = statement.start_byte
            nodes.extend((child, places, is_free) for child in reversed(node.children))

    def _statements(self, block: Node) -> Iterator[Node]:
        """Yield the statements of a block before which there is a place."""
        children = block.named_children
        futures = [at for at, c in enumerate(children) if c.type == "future_import_statement"]
        statements = [
            child
            for child in children[futures[-1] + 1 if futures else 0 :]
            if child.type not in NO_STATEMENTS
        ]
        if statements and not futures and _is_docstring(statements[0]):
            del statements[0]
        for statement in statements:
            if self._begins_line(statement):
                yield statement

    def _begins_line(self, statement: Node) -> bool:
        start = self._line_start(statement.start_byte)
        is_continued = self._bytes[max(start - 3, 0) : start].rstrip(b"\r\n").endswith(b"\\")
        return not is_continued and not self._bytes[start : statement.start_byte].strip(b" \t")

    def _line_start(self, place: int) -> int:
        return self._bytes.rfind(b"\n", 0, place) + 1

    def last(self, piece: Piece) -> Optional[int]:
        place = self._last.get(piece)
        return place if place is not None and place > (self.first or 0) else None

    def put(self, place: int, statement: str) -> str:
        start = self._line_start(place)
        indent = to_text(self._bytes[start:place])
        end = "\r\n" if b"\r\n" in self._bytes else "\n"
        put_in = textwrap.indent(statement, indent).replace("\n", end) + end
        changed = self._bytes[:start] + to_bytes(put_in) + self._bytes[start:]
        return self._text.as_given(to_text(changed))

    def takes(self, place: int, statement: str) -> bool:
        return place in self.safe and self._language.is_whole(self.put(place, statement))

    def is_free(self, names: AbstractSet[str]) -> bool:
        if not names:
            return True
        there = {name.text for name in variable_names(self._language.parse(self._text.code))}
        return there.isdisjoint(NAME_READERS | names)


def _is_docstring(statement: Node) -> bool:
    return (
        statement.type == "expression_statement"
        and statement.named_child_count == 1
        and statement.named_children[0].type in ("string", "concatenated_string")
    )


def _leaves(statement: Node) -> Piece:
    """Return the tokens of a statement, strings being one."""
    leaves: List[str] = []
    nodes = [statement]
    while nodes:
        node = nodes.pop()
        if node.type == "string" or not node.child_count:
            leaves.append(text_of(node))
        else:
            nodes.extend(reversed(node.children))
    return tuple(leaves)
