"""What expressions of literals come to, and of names that stand for such expressions alone."""

import operator
import re
from functools import cached_property
from itertools import product
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Optional, Sequence, Tuple

from dece_fairseq.attacks.guard import Steps
from dece_fairseq.attacks.languages.nodes import Node, text_of

#: finds all that is assigned to a name; None where that is not known
Values = Callable[[Node], Optional[Sequence[Node]]]

#: what is nested deeper, has more values or is larger than constants are is taken for unknown
DEPTH = 50
MOST_VALUES = 8
LARGEST = 2**63
#: steps to fold one part of an expression, and to find all names, for each node of the parse
FOLD = 15
LOOKUP = 2
#: integers of a fixed size may begin again from below at this one
WRAPS = 2**31

_COMPARISONS: Dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "is": operator.eq,
    "is not": operator.ne,
}
_HOLD_OF_THE_SAME = ("==", "<=", ">=", "is")
_ARITHMETIC: Dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}


class _Nothing:
    """``null`` and ``None``: false, and equal to itself alone."""

    def __bool__(self) -> bool:
        return False


_NOTHING = _Nothing()
_WORDS = {
    "true": True,
    "True": True,
    "Boolean.TRUE": True,
    "false": False,
    "False": False,
    "Boolean.FALSE": False,
    "null": _NOTHING,
    "None": _NOTHING,
}
_DIGITS = tuple(".0123456789")
_CONDITIONALS = ("ternary_expression", "conditional_expression")
_ASSIGNMENTS = ("assignment_expression", "named_expression")
_COLLECTIONS = ("list", "tuple", "set", "dictionary")
#: names, numbers and parts of objects: what is the same when it is looked at twice
_PLAIN = re.compile(r"[\w.]+")

_Constants = Optional[Tuple[Any, ...]]

_CHANGED = re.compile(
    r"\b(\w+)\b\s*(?:\+\+|--|(?:[-+*/%&|^@]|//|\*\*|<<|>>>?|\?\?)=)|(?:\+\+|--)\s*(\w+)"
)
_ASSIGNED = re.compile(r"\b(\w+)\b\s*(?::[^:;(){}\n]*)?=(?!=)")


class Unchanged:
    """The names that are given a value and, as far as words show, never changed but so.

    A look at the words spares most texts the search for all uses of a name.

    Args:
        root: of a parse
    """

    def __init__(self, root: Node) -> None:
        self._root = root

    def __contains__(self, name: str) -> bool:
        return name in self._names

    @cached_property
    def _names(self) -> FrozenSet[str]:
        code = text_of(self._root)
        changed = {name for names in _CHANGED.findall(code) for name in names}
        return frozenset(_ASSIGNED.findall(code)) - changed


class Folding:
    """Folds the constants of one text.

    Args:
        values: what is assigned to each of its names
        integers_wrap: whether integers have a fixed size, and their division drops what is left
        steps: that may be taken
    """

    def __init__(self, values: Values, integers_wrap: bool, steps: Steps) -> None:
        self._values = values
        self._steps = steps
        self._integers_wrap = integers_wrap
        # A name is looked up once, however often it is used: names of names would double each time.
        self._known: Dict[int, _Constants] = {}

    def truth(self, condition: Node) -> Optional[bool]:
        """Return whether ``condition`` always holds or never does; None if that is not known."""
        node, is_negated = _inside(condition), False
        while node.type == "not_operator":
            node, is_negated = _inside(node.children[-1]), not is_negated
        if node.type in _COLLECTIONS:
            is_full = _is_full(node)
            return None if is_full is None else is_full is not is_negated
        truths = {bool(value) is not is_negated for value in self._constants(node, DEPTH) or ()}
        return truths.pop() if len(truths) == 1 else None

    def _constants(self, node: Node, depth: int) -> _Constants:
        """Return all values that an expression can have; None where they are not known."""
        if depth == 0:
            return None
        if node.id not in self._known:
            self._steps.take(FOLD)
            self._known[node.id] = None  # while it is looked up: a name may stand for itself
            found = self._fold(_inside(node), depth - 1)
            distinct = {(type(value), value): value for value in found or ()}
            self._known[node.id] = tuple(distinct.values()) or None
            if len(distinct) > MOST_VALUES:
                self._known[node.id] = None
        return self._known[node.id]

    def _fold(self, node: Node, depth: int) -> _Constants:
        parts = _parts(node)
        named = [part for part in parts if part.is_named]
        if node.type == "identifier":
            values = self._values(node)
            return self._union(values, depth) if values else None
        if not named or "literal" in node.type or node.type in ("string", "field_access"):
            return _literal(_text(node))
        if node.type in _CONDITIONALS and len(named) == 3:
            is_of_python = not self._integers_wrap  # a if b else c
            return self._union(named[::2] if is_of_python else named[1:], depth)
        signs = [_text(part) for part in parts if not part.is_named]
        if node.type in _ASSIGNMENTS:
            return self._constants(named[-1], depth) if signs in (["="], [":="]) else None
        if len(named) == 1 and len(signs) == 1:
            operands = self._constants(named[0], depth)
            return _all(_unary(signs[0], operand) for operand in operands or ())
        if len(signs) == len(named) - 1:
            return self._chain(named, signs, depth)
        return None

    def _union(self, nodes: Sequence[Node], depth: int) -> _Constants:
        found: List[Any] = []
        for node in nodes:
            constants = self._constants(node, depth)
            if constants is None:
                return None
            found += constants
        return tuple(found)

    def _chain(self, nodes: Sequence[Node], signs: Sequence[str], depth: int) -> _Constants:
        """Return the value of ``a + b``, or of what only Python has: ``a < b < c``."""
        links = [
            self._binary(left, sign, right, depth)
            for left, sign, right in zip(nodes, signs, nodes[1:])
        ]
        if len(links) == 1:
            return links[0]
        if not set(signs) <= set(_COMPARISONS):
            return None
        if (False,) in links:
            return (False,)
        return (True,) if set(links) == {(True,)} else None

    def _binary(self, left: Node, sign: str, right: Node, depth: int) -> _Constants:
        if sign in _COMPARISONS and _text(left) == _text(right) and _PLAIN.fullmatch(_text(left)):
            return (sign in _HOLD_OF_THE_SAME,)
        lefts, rights = None, self._constants(right, depth)
        is_logical = sign in ("&&", "and", "||", "or")
        if is_logical or rights is not None:  # or else nobody has to look for what is on the left
            lefts = self._constants(left, depth)
        if is_logical:
            decisive = sign in ("||", "or")
            for known in (lefts, rights):
                if known and all(bool(value) is decisive for value in known):
                    return (decisive,)
        if lefts is None or rights is None:
            return None
        return _all(self._operation(sign, a, b) for a, b in product(lefts, rights))

    def _operation(self, sign: str, left: Any, right: Any) -> Any:
        """Return what ``sign`` makes of two constants; None where that is not known."""
        if sign in ("&&", "and"):
            return left and right
        if sign in ("||", "or"):
            return left or right
        are_whole = isinstance(left, int) and isinstance(right, int)
        if self._integers_wrap and are_whole and sign in ("/", "%"):
            if left < 0 or right < 0:  # rounded in another way than Python does
                return None
            sign = sign.replace("/", "//")
        if sign in ("**", "<<") and not (are_whole and 0 <= right <= 64):
            return None
        compute = _COMPARISONS.get(sign) or _ARITHMETIC.get(sign)
        try:
            result = None if compute is None else compute(left, right)
        except (ArithmeticError, TypeError, ValueError):
            return None
        largest = WRAPS if self._integers_wrap and are_whole else LARGEST
        return result if isinstance(result, (int, float)) and abs(result) < largest else None


def _inside(node: Node) -> Node:
    """Return what stands in the brackets around an expression."""
    while node.type == "parenthesized_expression":
        parts = [part for part in _parts(node) if part.is_named]
        if len(parts) != 1:
            break
        node = parts[0]
    return node


def _parts(node: Node) -> List[Node]:
    return [child for child in node.children if "comment" not in child.type]


def _text(node: Node) -> str:
    return " ".join(text_of(node).split())


def _all(values: Iterable[Any]) -> _Constants:
    found = tuple(values)
    return None if None in found else found


def _unary(sign: str, operand: Any) -> Any:
    if sign in ("!", "not"):
        return not operand
    if isinstance(operand, (int, float)) and sign in ("+", "-"):
        return operand if sign == "+" else -operand
    return ~operand if isinstance(operand, int) and sign == "~" else None


def _is_full(collection: Node) -> Optional[bool]:
    """Return whether a list, a dictionary ... holds anything; None where that is not known."""
    items = [part for part in _parts(collection) if part.is_named]
    if any("splat" in item.type for item in items):
        return None
    return bool(items)


def _literal(text: str) -> _Constants:
    if text in _WORDS:
        return (_WORDS[text],)
    if text[:1] in "\"'" and len(text) > 1:
        return (text[1:-1],)
    number = text.replace("_", "").lower()
    is_decimal = not number.startswith(("0x", "0b", "0o"))
    number = number.rstrip("lufdm" if is_decimal else "lu")
    for read in (lambda digits: int(digits, 0), float):
        try:
            value = read(number)
        except (ValueError, OverflowError):  # another language's way to write a number
            continue
        return (value,) if number[:1] in _DIGITS and abs(value) < LARGEST else None
    return None
