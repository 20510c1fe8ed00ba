"""What the variables of Python code can stand for."""

from bisect import bisect
from collections import defaultdict
from typing import DefaultDict, Dict, List, Optional, Sequence, Tuple

from dece_fairseq.attacks.languages.constants import Unchanged
from dece_fairseq.attacks.languages.nodes import Node, text_of, walk
from dece_fairseq.attacks.languages.python_variables import Name, names_in
from dece_fairseq.attacks.languages.variables import DECLARED, UNKNOWN


class PythonValues:
    """Finds all that is assigned to a local variable, or to a constant of the module.

    A variable that is bound or changed in any other way than by ``name = value`` can stand for
    anything. So can a parameter, and a variable of the module that is not written in capitals.

    Args:
        root: of a parse
    """

    def __init__(self, root: Node) -> None:
        self._root = root
        self._unchanged = Unchanged(text_of(root))
        self._by_name: DefaultDict[str, List[Name]] = defaultdict(list)
        self._scopes: List[Node] = []
        self._starts: List[int] = []
        self._given: Dict[int, Node] = {}
        self._known: Dict[Tuple[str, int], Optional[List[Node]]] = {}

    def __call__(self, name: Node) -> Optional[Sequence[Node]]:
        text = text_of(name)
        if text not in self._unchanged:
            return None
        if not self._by_name:
            self._read()
        scope = self._scope_around(name)
        key = (text, scope.id if scope else 0)
        if key not in self._known:
            self._known[key] = self._find(text, scope)
        return self._known[key]

    def _find(self, text: str, scope: Optional[Node]) -> Optional[List[Node]]:
        if scope is not None and not self._is_bound(text, scope):
            return self._all_given(text, None) if text.isupper() else None
        if scope is not None and scope.type != "function_definition":
            return None
        return self._all_given(text, scope)

    def _read(self) -> None:
        for name in names_in(self._root):
            self._by_name[name.text].append(name)
        for node in walk(self._root):
            if node.type in ("function_definition", "class_definition", "lambda"):
                self._scopes.append(node)
            elif node.type == "assignment":
                left, right = (node.child_by_field_name(side) for side in ("left", "right"))
                while right is not None and right.type == "assignment":  # a = b = 0
                    right = right.child_by_field_name("right")
                if left is not None and right is not None and left.type == "identifier":
                    self._given[left.start_byte] = right
        self._starts = [scope.start_byte for scope in self._scopes]

    def _scope_around(self, name: Node) -> Optional[Node]:
        last = bisect(self._starts, name.start_byte)
        for scope in reversed(self._scopes[:last]):
            if name.start_byte < scope.end_byte:
                return scope
        return None

    def _is_bound(self, text: str, scope: Node) -> bool:
        return any(
            name.role in (DECLARED, UNKNOWN)
            for name in self._by_name[text]
            if scope.start_byte <= name.span[0] < scope.end_byte
        )

    def _all_given(self, text: str, scope: Optional[Node]) -> Optional[List[Node]]:
        """The values that a name is given in a scope; None where it may be bound otherwise."""
        start, end = (scope.start_byte, scope.end_byte) if scope else (0, self._root.end_byte)
        inside = [name for name in self._by_name[text] if start <= name.span[0] < end]
        if any(name.role == UNKNOWN for name in inside):
            return None
        bound = [
            name
            for name in inside
            if name.role == DECLARED and name.scope == (scope.id if scope else 0)
        ]
        if any(name.span[0] not in self._given for name in bound):
            return None
        return [self._given[name.span[0]] for name in bound]
