"""What the variables of Python code can stand for."""

from collections import defaultdict
from typing import DefaultDict, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from dece_fairseq.attacks.guard import Steps
from dece_fairseq.attacks.languages.constants import LOOKUP, Unchanged
from dece_fairseq.attacks.languages.nodes import Node, text_of

_SCOPES = ("function_definition", "class_definition", "lambda")
#: where a name does no more than stand for its value, by parent and field
_READ = {
    *(("argument_list", None), ("assignment", "right"), ("attribute", "object")),
    *(("augmented_assignment", "right"), ("binary_operator", "left"), ("binary_operator", "right")),
    *(("boolean_operator", "left"), ("boolean_operator", "right"), ("call", "function")),
    *(("comparison_operator", None), ("conditional_expression", None), ("dictionary", None)),
    *(("elif_clause", "condition"), ("expression_list", None), ("expression_statement", None)),
    *(("for_statement", "right"), ("if_statement", "condition"), ("interpolation", "expression")),
    *(("keyword_argument", "value"), ("list", None), ("not_operator", "argument")),
    *(("pair", "key"), ("pair", "value"), ("parenthesized_expression", None)),
    *(("print_statement", "argument"), ("raise_statement", None), ("return_statement", None)),
    *(("set", None), ("slice", None), ("subscript", "subscript"), ("subscript", "value")),
    *(("tuple", None), ("unary_operator", "argument"), ("while_statement", "condition")),
}
#: named the same, but no variable
_ELSEWHERE = {("attribute", "attribute"), ("keyword_argument", "name")}


class _Use(NamedTuple):
    """A name in a parse."""

    node: Node
    parent: Node
    field: Optional[str]
    scopes: Tuple[Node, ...]
    """The functions and classes around it."""


class PythonValues:
    """Finds all that is assigned to a local variable, or to a constant of the module.

    A variable that is bound or changed in any other way than by ``name = value`` can stand for
    anything. So can a parameter, and a variable of the module in a function unless it is written
    in capitals.

    Args:
        root: of a parse
        steps: that may be taken
    """

    def __init__(self, root: Node, steps: Steps) -> None:
        self._root = root
        self._steps = steps
        self._unchanged = Unchanged(root)
        self._uses: DefaultDict[str, List[_Use]] = defaultdict(list)
        self._scopes: Dict[int, Tuple[Node, ...]] = {}
        self._known: Dict[Tuple[str, int], Optional[List[Node]]] = {}

    def __call__(self, name: Node) -> Optional[Sequence[Node]]:
        text = text_of(name)
        if text not in self._unchanged:
            return None
        if not self._uses:
            self._steps.take(LOOKUP * self._root.descendant_count)
            for use in _uses(self._root):
                self._uses[text_of(use.node)].append(use)
                self._scopes[use.node.start_byte] = use.scopes
        scopes = self._scopes.get(name.start_byte, ())
        key = (text, scopes[-1].id if scopes else 0)
        if key not in self._known:
            self._known[key] = self._find(text, scopes)
        return self._known[key]

    def _find(self, text: str, scopes: Tuple[Node, ...]) -> Optional[List[Node]]:
        if not scopes:
            return _all_given(self._uses[text], ())
        start, end = scopes[-1].start_byte, scopes[-1].end_byte
        inside = [use for use in self._uses[text] if start <= use.node.start_byte < end]
        if scopes[-1].type == "function_definition" and any(
            use.scopes == scopes and _is_assigned(use) for use in inside
        ):
            return _all_given(inside, scopes)
        is_read = all((use.parent.type, use.field) in _READ | _ELSEWHERE for use in inside)
        return _all_given(self._uses[text], ()) if is_read and text.isupper() else None


def _uses(root: Node) -> Iterator[_Use]:
    cursor = root.walk()
    around: List[Tuple[Node, Tuple[Node, ...]]] = []
    while True:
        node = cursor.node
        assert node is not None  # a cursor is always at a node
        kind = node.type
        if kind == "identifier" and around:
            parent, scopes = around[-1]
            yield _Use(node, parent, cursor.field_name, scopes)
        if cursor.goto_first_child():
            scopes = around[-1][1] if around else ()
            around.append((node, (*scopes, node) if kind in _SCOPES else scopes))
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            around.pop()


def _is_assigned(use: _Use) -> bool:
    return (use.parent.type, use.field) == ("assignment", "left")


def _all_given(uses: Sequence[_Use], scopes: Tuple[Node, ...]) -> Optional[List[Node]]:
    """Return the values that a name has in a scope; None where it may be bound otherwise."""
    values: List[Node] = []
    for use in uses:
        if _is_assigned(use):
            value = use.parent.child_by_field_name("right")
            while value is not None and value.type == "assignment":  # a = b = 0
                value = value.child_by_field_name("right")
            if value is not None and use.scopes == scopes:
                values.append(value)
        elif (use.parent.type, use.field) not in _READ | _ELSEWHERE:
            return None
    return values
