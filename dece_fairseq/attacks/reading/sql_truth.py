"""Whether a condition of SQL holds, as sqlglot simplifies it."""

from functools import lru_cache
from typing import Any, Optional

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.simplify import simplify


# The same few conditions come back in all outputs of a model.
@lru_cache(maxsize=4096)
def truth(condition: str) -> Optional[bool]:
    """Return what a condition is for every row; None where rows differ or nothing is known."""
    try:
        tree = sqlglot.parse_one(condition, into=exp.Condition).transform(_as_equation)
        result: Any = simplify(tree)
        if result.find(exp.Div, exp.Mod):
            result = simplify(_divided(result))
    except Exception:  # its own errors, and what it trips over in texts that are no SQL
        return None
    if isinstance(result, exp.Boolean):
        return bool(result.this)
    if isinstance(result, exp.Literal) and not result.is_string and result.this in ("0", "1"):
        return bool(result.this == "1")
    return None


def _as_equation(node: Any) -> Any:
    """Return what ``simplify`` does not fold, in terms of what it does."""
    number = _as_number(node) if isinstance(node, (exp.Boolean, exp.Not)) else None
    if number is not None:
        return exp.Literal.number(number)
    if isinstance(node, exp.NullSafeEQ) or _is_like_text(node):
        return exp.EQ(this=node.this, expression=node.expression)
    return node


def _as_number(node: Any) -> Optional[int]:
    """Return 0 or 1 for ``true``, ``false``, these numbers and ``not`` of one; else None."""
    node = node.unnest()
    if isinstance(node, exp.Not):
        number = _as_number(node.this)
        return None if number is None else 1 - number
    if isinstance(node, exp.Boolean):
        return int(node.this)
    is_bit = isinstance(node, exp.Literal) and not node.is_string and node.this in ("0", "1")
    return int(node.this) if is_bit else None


def _divided(tree: Any) -> Any:
    """Return a condition with quotients and remainders of whole numbers worked out."""
    whole = exp.Paren(this=tree)
    for node in reversed(list(whole.find_all(exp.Div, exp.Mod))):  # the inner ones first
        number = _quotient(node)
        if number is not None:
            node.replace(exp.Literal.number(number))
    return whole.this


def _quotient(node: Any) -> Optional[int]:
    """Return a quotient or a remainder; None where databases disagree, or it is unknown."""
    sides = (node.left.unnest(), node.right.unnest())
    if not all(isinstance(side, exp.Literal) and side.name.isdecimal() for side in sides):
        return None
    left, right = (int(side.name) for side in sides)
    if right == 0 or any(side.is_string for side in sides):
        return None
    if isinstance(node, exp.Mod):
        return left % right
    return None if left % right else left // right


def _is_like_text(node: Any) -> bool:
    """Return whether ``node`` is a ``like`` of a text without wildcards."""
    pattern = node.expression if isinstance(node, exp.Like) else None
    return isinstance(pattern, exp.Literal) and not set("%_") & set(pattern.name)
