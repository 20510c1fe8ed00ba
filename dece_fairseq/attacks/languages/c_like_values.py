"""What the variables of C-like code can stand for."""

from bisect import bisect
from collections import defaultdict
from typing import Callable, DefaultDict, Dict, List, Optional, Sequence, Tuple

from dece_fairseq.attacks.guard import Steps
from dece_fairseq.attacks.languages.c_like_grammar import CLikeGrammar, Occurrence, occurrences
from dece_fairseq.attacks.languages.constants import LOOKUP, Unchanged
from dece_fairseq.attacks.languages.nodes import Node, text_of, walk
from dece_fairseq.attacks.languages.variables import DECLARED, ELSEWHERE, UNKNOWN

_CONSTANT = ("final", "const", "readonly")
_BY_REFERENCE = ("ref", "out")


class CLikeValues:
    """Finds all that is assigned to a local variable, or to a constant of the class.

    A variable that is changed in any other way, or whose uses the parse leaves in doubt, can stand
    for anything. So can a parameter, and a field that is no constant.

    Args:
        root: of a parse
        kinds: what attacks know of the language
        role: tells what a name is
        steps: that may be taken
    """

    def __init__(
        self,
        root: Node,
        kinds: CLikeGrammar,
        role: Callable[[Occurrence], str],
        steps: Steps,
    ) -> None:
        self._root = root
        self._steps = steps
        self._kinds = kinds
        self._role = role
        self._unchanged = Unchanged(root)
        self._by_name: DefaultDict[str, List[Occurrence]] = defaultdict(list)
        self._methods: List[Tuple[int, int]] = []
        self._known: Dict[Tuple[str, Tuple[int, int]], Optional[List[Node]]] = {}

    def __call__(self, name: Node) -> Optional[Sequence[Node]]:
        text = text_of(name)
        if text not in self._unchanged:
            return None
        if not self._by_name:
            self._read()
        method = self._method_around(name)
        if (text, method) not in self._known:
            self._known[text, method] = self._find(text, name, method)
        return self._known[text, method]

    def _read(self) -> None:
        self._steps.take(LOOKUP * self._root.descendant_count)
        for found in occurrences(self._root, self._kinds):
            self._by_name[text_of(found.node)].append(found)
        self._methods = [
            (node.start_byte, node.end_byte)
            for node in walk(self._root)
            if node.type in self._kinds.methods
        ]

    def _method_around(self, name: Node) -> Tuple[int, int]:
        """Return where the innermost method around a name begins and ends."""
        last = bisect(self._methods, (name.start_byte, self._root.end_byte))
        for start, end in reversed(self._methods[:last]):
            if name.start_byte < end:
                return start, end
        return 0, self._root.end_byte

    def _find(self, text: str, name: Node, method: Tuple[int, int]) -> Optional[List[Node]]:
        inside = [o for o in self._by_name[text] if method[0] <= o.node.start_byte < method[1]]
        is_local = any(
            self._role(found) == DECLARED
            and found.node.start_byte < name.start_byte
            and found.scope is not None
            and found.scope.type in self._kinds.scopes
            and found.scope.end_byte >= name.end_byte
            for found in inside
        )
        if is_local:
            return self._all_given(inside)
        constants = [found for found in self._by_name[text] if _is_constant(found)]
        others = [found for found in inside if self._role(found) in (DECLARED, UNKNOWN)]
        return self._all_given(constants) if len(constants) == 1 and not others else None

    def _all_given(self, found: Sequence[Occurrence]) -> Optional[List[Node]]:
        """Return the values that a name is given; None where it may change in another way."""
        values: List[Node] = []
        for one in found:
            role, parent = self._role(one), one.parent
            is_assigned = (parent.type, one.field) in self._kinds.assigning
            if role == UNKNOWN or (is_assigned and parent.type != "assignment_expression"):
                if not _is_operand(one):
                    return None
            elif role == DECLARED and parent.type != "variable_declarator":
                return None
            elif role == DECLARED or is_assigned:
                given = _value(one)
                if given is not None:
                    values.append(given)
            elif role != ELSEWHERE and any(c.type in _BY_REFERENCE for c in parent.children):
                return None
        return values


def _is_operand(found: Occurrence) -> bool:
    """Return whether an operator does no more than read the name."""
    return found.parent.type == "prefix_unary_expression" and (
        found.parent.children[0].type in ("-", "+", "!", "~")
    )


def _value(found: Occurrence) -> Optional[Node]:
    """Return what a declaration or assignment gives to the name; None for a bare declaration."""
    children = [child for child in found.parent.children if "comment" not in child.type]
    if not any(child.type == "=" for child in children):
        return None if found.parent.type == "variable_declarator" else found.node
    return children[-1]


def _is_constant(found: Occurrence) -> bool:
    """Return whether the name is declared as a constant of a class."""
    node: Optional[Node] = found.parent
    if found.parent.type != "variable_declarator" or found.field != "name":
        return False
    while node is not None and node.type != "field_declaration":
        node = node.parent if node.type.startswith("variable_") else None
    return node is not None and any(
        word in _CONSTANT
        for child in node.children
        if child.type.startswith("modifier")
        for word in text_of(child).split()
    )
