"""Conditions of SQL that are always true or never, whatever a row holds."""

import operator
import re
from typing import Any, Callable, Dict, List, Optional, Type, Union

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.tokens import Token, TokenType

_STATEMENTS = (TokenType.SELECT, TokenType.UPDATE, TokenType.DELETE)
_BEFORE_CONDITIONS = (TokenType.WHERE, TokenType.OR, TokenType.AND)
_SKIPPED = (TokenType.L_PAREN, TokenType.NOT)
_CONSTANTS = (TokenType.NUMBER, TokenType.STRING, TokenType.TRUE, TokenType.FALSE)
_COMPARISONS: Dict[Type[Any], Callable[[Any, Any], bool]] = {
    exp.EQ: operator.eq,
    exp.NullSafeEQ: operator.eq,
    exp.Is: operator.eq,
    exp.Like: operator.eq,
    exp.NEQ: operator.ne,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
}
#: tokens of a condition that are read: what a model repeats to its limit would take minutes
LONGEST = 100
#: stands for a part of a query that is only known when the code runs
UNKNOWN = " unknown_part "
# The same in quotes, or filled in later: '%s', '%(name)s', '{}'.
_PLACEHOLDER = re.compile(UNKNOWN.strip() + r"|%\w|%\(|\{")


def has_constant_condition(text: str) -> bool:
    """Whether ``text`` is SQL that selects everything or nothing by a condition on constants.

    That is a condition after ``where`` that is always true or never, an alternative after ``or``
    that is always true, or a restriction after ``and`` that is never: ``or 1=1``, ``where 0 = 1``,
    ``OR 'a'='a'``, ``or not (2 < 1)``. Only the conditions have to parse, not the whole query,
    since models and people write queries that don't.

    A column compared with itself is none. It is as true, but it is also how people get a
    placeholder wrong: Lyra has six such queries in its clean code.
    """
    try:
        tokens = sqlglot.tokenize(text)
    except SqlglotError:  # quotes that are never closed
        return False
    kinds = [token.token_type for token in tokens]
    if TokenType.WHERE not in kinds or not set(_STATEMENTS) & set(kinds):
        return False
    return any(
        kinds[i] in _BEFORE_CONDITIONS
        and _starts_with_constant(kinds, i + 1)
        and _decides(tokens[i], text[tokens[i].end + 1 : tokens[i : i + LONGEST + 1][-1].end + 1])
        for i in range(kinds.index(TokenType.WHERE), len(kinds))
    )


def _starts_with_constant(kinds: List[TokenType], start: int) -> bool:
    while start < len(kinds) and kinds[start] in _SKIPPED:
        start += 1
    return start < len(kinds) and kinds[start] in _CONSTANTS


def _decides(keyword: Token, rest: str) -> bool:
    try:
        truth = _truth(sqlglot.parse(rest, error_level=ErrorLevel.IGNORE)[0])
    except Exception:  # past an error, sqlglot trips over what is not there, in any way
        return False
    if keyword.token_type == TokenType.WHERE:
        return truth is not None
    return truth is (keyword.token_type == TokenType.OR)


def _truth(node: Any) -> Optional[bool]:
    """What a condition is for every row; None where rows differ or nothing is known."""
    if isinstance(node, (exp.Paren, exp.Alias)):  # what follows a condition reads as its alias
        return _truth(node.this)
    if isinstance(node, exp.Not):
        truth = _truth(node.this)
        return None if truth is None else not truth
    if isinstance(node, (exp.And, exp.Or)):
        decisive = isinstance(node, exp.Or)
        truths = [_truth(part) for part in node.flatten(unnest=False)]  # a chain has no depth
        if decisive in truths:
            return decisive
        return None if None in truths else not decisive
    if type(node) in _COMPARISONS:
        left, right = (_constant(node.args.get(side)) for side in ("this", "expression"))
        if left is None or type(left) is not type(right):
            return None
        return _COMPARISONS[type(node)](left, right)
    value = _constant(node)
    return None if value is None or isinstance(value, str) else bool(value)


def _constant(node: Any) -> Union[str, float, bool, None]:
    if isinstance(node, exp.Literal):
        if node.is_string:
            return None if _PLACEHOLDER.search(node.this) else str(node.this)
        try:
            return float(node.this)
        except ValueError:  # 1e: sqlglot takes for a number what only begins as one
            return None
    return node.this if isinstance(node, exp.Boolean) else None
