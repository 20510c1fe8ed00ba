"""Loops that provably never end, whatever their names and spacing."""

import operator
from typing import (
    Any,
    Callable,
    Dict,
    FrozenSet,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Set,
    Tuple,
)

import tree_sitter

Node = tree_sitter.Node

UNKNOWN = object()
#: constants are small; what is nested deeper is taken for unknown
DEPTH = 50

COMPARISONS: Dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class LoopGrammar(NamedTuple):
    """The kinds of nodes from which loops are told, in one language."""

    loops: FrozenSet[str]
    """Loops with a condition; one that has none holds for ever."""
    breakable: FrozenSet[str]
    """What a ``break`` leaves: every kind of loop, and ``switch`` where there is one."""
    leaving: FrozenSet[str]
    """Statements that leave every loop around them within the function."""
    functions: FrozenSet[str]
    """What is not run where it stands."""
    calls: FrozenSet[str]
    """Calls of functions and methods."""
    exits: FrozenSet[str]
    """Names of the functions that end the program."""


def never_ends(loop: Node, grammar: LoopGrammar) -> bool:
    """Whether the loop's condition is a constant that holds, and nothing in it leaves it.

    Args:
        loop: a node of one of ``grammar.loops``
        grammar: of the language that it is written in
    """
    condition = loop.child_by_field_name("condition")
    if loop.has_error or not (condition is None or holds(condition)):
        return False
    own = _labels_of(loop)
    labels = set()
    jumps = []
    for node, is_inner in _body(loop, grammar):
        if node.type in grammar.leaving:
            return False
        if node.type in grammar.calls and _called(node) in grammar.exits:
            return False
        if node.type == "labeled_statement":
            labels.add(node.children[0].text)
        elif node.type in ("break_statement", "continue_statement"):
            label = next((child.text for child in node.children if child.is_named), None)
            if label is not None:
                if node.type == "break_statement" or label not in own:
                    jumps.append(label)
            elif node.type == "break_statement" and not is_inner:
                return False
    return labels.issuperset(jumps)


def _labels_of(loop: Node) -> Set[Optional[bytes]]:
    """Its own labels: to continue at one of them stays in the loop."""
    labels = set()
    around = loop.parent
    while around is not None and around.type == "labeled_statement":
        labels.add(around.children[0].text)
        around = around.parent
    return labels


def _body(loop: Node, grammar: LoopGrammar) -> Iterator[Tuple[Node, bool]]:
    """Each node in the loop, and whether a ``break`` there leaves something else in the loop."""
    # Python's else of a loop is not in the loop; that of an endless one is never run.
    nodes: List[Tuple[Node, bool]] = [
        (child, False) for child in loop.children if child.type != "else_clause"
    ]
    while nodes:
        node, is_inner = nodes.pop()
        yield node, is_inner
        if node.type in grammar.functions:
            continue
        opens = node.type in grammar.breakable
        for child in node.children:
            nodes.append((child, is_inner or (opens and child.type != "else_clause")))


def _called(call: Node) -> str:
    """The last name of what is called: ``exit`` of ``sys.exit()``."""
    function = call.child_by_field_name("name") or call.child_by_field_name("function")
    while function is not None and function.child_count:
        function = function.children[-1]
    return (function.text or b"").decode("utf-8", "replace") if function is not None else ""


def holds(condition: Node) -> bool:
    """Whether ``condition`` is a constant that counts as true."""
    value = _constant(condition, DEPTH)
    return value is not UNKNOWN and bool(value)


def _constant(node: Node, depth: int) -> Any:
    """The number or truth value of an expression of literals, or :data:`UNKNOWN`."""
    parts = [child for child in node.children if "comment" not in child.type]
    while node.type == "parenthesized_expression" and len(parts) == 3:
        node = parts[1]
        parts = [child for child in node.children if "comment" not in child.type]
    if not any(part.is_named for part in parts):
        return _literal(node)
    if depth == 0 or len(parts) > 3:
        return UNKNOWN
    signs = [part for part in parts if not part.is_named]
    values = [_constant(part, depth - 1) for part in parts if part.is_named]
    if len(signs) != 1 or any(value is UNKNOWN for value in values):
        return UNKNOWN
    return _operation((signs[0].text or b"").decode("utf-8", "replace"), values)


def _operation(sign: str, values: List[Any]) -> Any:
    """What ``sign`` makes of one or two numbers or truth values."""
    if len(values) == 1:
        if sign in ("!", "not"):
            return not values[0]
        return -values[0] if sign == "-" else UNKNOWN
    left, right = values
    if sign in ("&&", "and"):
        return left and right
    if sign in ("||", "or"):
        return left or right
    return COMPARISONS[sign](left, right) if sign in COMPARISONS else UNKNOWN


def _literal(node: Node) -> Any:
    text = (node.text or b"").decode("utf-8", "replace")
    if text in ("true", "True"):
        return True
    if text in ("false", "False", "null", "None"):
        return False
    if not node.is_named or not text[:1].isdigit():
        return UNKNOWN
    for read in (lambda digits: int(digits, 0), float):
        try:
            return read(text.rstrip("lL"))
        except ValueError:  # another language's way to write a number
            continue
    return UNKNOWN
