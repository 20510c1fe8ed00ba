"""The parse of Python code as numbers, which a rule can walk in any direction at little cost."""

from typing import List, Optional, Sequence, Tuple

from dece_fairseq.attacks.guard import Steps
from dece_fairseq.attacks.languages.language import Language, Node, to_text

_NO_CODE = frozenset({"comment", "line_continuation"})
#: names and calls for each character: of 2,821 files of the standard library, sympy and scipy, half
#: have 0.05, one has 0.33 and all others have 0.21 at most
_DENSEST = 0.42


def tree_of(language: Language, text: str) -> "Tree":
    """Return the tree of the code in ``text``, for rules that follow its names.

    Args:
        language: Python
        text: any text

    Raises:
        NotJudged: to parse it would take long, or it has more names and calls than code has
    """
    tree = Tree(language.parse_bounded(text))
    names = tree.kinds.count("identifier") + tree.kinds.count("call")
    Steps(text, _DENSEST).take(names)
    return tree


class Tree:
    """The named nodes of a parse, numbered in the order of the text; comments are left out.

    Going to the parent of a node of tree-sitter's takes a walk from the root, and each look at a
    node makes a new object. A rule that follows names looks at every node several times.

    Args:
        root: of the parse
    """

    def __init__(self, root: Node) -> None:
        self._code = root.text or b""
        self._first = root.start_byte
        self.kinds: List[str] = []
        #: the field of its parent in which a node stands, or ""
        self.fields: List[str] = []
        self.starts: List[int] = []
        self.ends: List[int] = []
        #: of the root: -1
        self.parents: List[int] = []
        self.children: List[Sequence[int]] = []
        self._read(root)

    def _read(self, root: Node) -> None:
        cursor = root.walk()
        parent, is_open = -1, True
        siblings: List[int] = []
        around = [siblings]
        while is_open:
            node = cursor.node
            if node is not None and node.is_named and node.type not in _NO_CODE:
                number = len(self.kinds)
                siblings.append(number)
                self.kinds.append(node.type)
                self.fields.append(cursor.field_name or "")
                self.starts.append(node.start_byte)
                self.ends.append(node.end_byte)
                self.parents.append(parent)
                if cursor.goto_first_child():
                    parent, siblings = number, []
                    around.append(siblings)
                    self.children.append(siblings)
                    continue
                self.children.append(())
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    is_open = False
                    break
                around.pop()
                parent, siblings = self.parents[parent], around[-1]

    def __len__(self) -> int:
        return len(self.kinds)

    def text(self, node: int) -> str:
        """Return what a node covers."""
        return to_text(self._code[self.starts[node] - self._first : self.ends[node] - self._first])

    def field(self, node: int, name: str) -> Optional[int]:
        """Return the first child in a field, or None."""
        for child in self.children[node]:
            if self.fields[child] == name:
                return child
        return None

    def literal(self, node: Optional[int]) -> Optional[str]:
        """Return what a plain string literal holds, without blanks at its ends; else None."""
        if node is None or self.kinds[node] != "string":
            return None
        parts = self.children[node]
        if any(self.kinds[part] == "interpolation" for part in parts):
            return None
        return "".join(
            self.text(part) for part in parts if self.kinds[part] == "string_content"
        ).strip()

    def last_name(self, node: int) -> str:
        """Return ``c`` of ``c`` and of ``a.b.c``, and nothing of other expressions."""
        if self.kinds[node] == "attribute" and len(self.children[node]) == 2:
            node = self.children[node][1]
        return self.text(node) if self.kinds[node] == "identifier" else ""

    def begins_line(self, node: int) -> bool:
        """Return whether nothing but blanks is before a node on its line."""
        start = self.starts[node] - self._first
        line = self._code.rfind(b"\n", 0, start) + 1
        return not self._code[line:start].strip(b" \t")

    @property
    def line_end(self) -> str:
        """Return what ends the lines of the code."""
        return "\r\n" if b"\r\n" in self._code else "\n"

    def indent(self, node: int) -> str:
        """Return what is before a node on its line."""
        start = self.starts[node] - self._first
        return to_text(self._code[self._code.rfind(b"\n", 0, start) + 1 : start])

    def lines(self, start: int, end: int) -> Tuple[int, int]:
        """Return where the lines begin and end, their line end included, that hold a part."""
        start, end = start - self._first, end - self._first
        line_end = self._code.find(b"\n", end)
        first = self._code.rfind(b"\n", 0, start) + 1
        return first + self._first, (line_end + 1 or len(self._code)) + self._first
