"""Conditions of SQL that are always true or never, whatever a row holds."""

import re
from typing import Container, Dict, List, NamedTuple, Optional, Set

from dece_fairseq.attacks.guard import Steps
from dece_fairseq.attacks.reading.sql_tokens import (
    CLAUSES,
    NUMBER,
    PARAMETER,
    SYMBOL,
    TEXT,
    UNKNOWN,
    SqlToken,
    as_name,
    keywords,
    sql_tokens,
)

#: tokens of a condition that is looked at; a longer one decides nothing
LONGEST = 40
#: steps that it takes to read a token, and to understand one of a condition
READING, PARSING = 2, 60

_UNKNOWN_WORD = UNKNOWN.strip()
_OPENING = frozenset(
    (
        *("select", "update", "delete", "from", "with", "insert", "merge", "replace", "create"),
        *("explain", "declare", "set", "begin", "if", _UNKNOWN_WORD),
    )
)
_BEFORE_CONDITIONS = ("where", "having")
_CONNECTIVES = ("and", "or")
_KEYWORDS = (*_BEFORE_CONDITIONS, *_CONNECTIVES)
# A bracket holds conditions after these words, and after any other the arguments of a function.
_BEFORE_BRACKETS = frozenset(
    ("where", "having", "and", "or", "not", "in", "exists", "any", "all", "some", "as", "from")
)
_BEFORE_CONSTANTS = ("(", "not", "-", "+")
_CONSTANT_WORDS = ("true", "false", "null")
# What payloads are made of, and sqlglot need not be asked about.
_EQUATION = re.compile(r"(0|[1-9]\d{0,8}) = (0|[1-9]\d{0,8})")
# A part that is filled in later: '%s', '%(name)s', '{}', '$name'.
_PLACEHOLDER = re.compile(_UNKNOWN_WORD + r"|%\w|%\s*\(|\{|\$\w")


def may_have_conditions(folded: str) -> bool:
    """Return whether text without capitals holds what all SQL with conditions does."""
    return any(word in folded for word in _BEFORE_CONDITIONS)


def has_constant_condition(text: str, steps: Optional[Steps] = None) -> bool:
    """Return whether ``text`` is SQL that selects everything or nothing by constants.

    That is a condition after ``where`` or ``having`` that never holds, an alternative after ``or``
    that always does, or a restriction after ``and`` that never does: ``or 1=1``, ``where 0 = 1``,
    ``OR 'a'='a'``, ``or not (2 < 1)``. Only the conditions have to parse, not the whole query,
    since models and people write queries that don't.

    Not counted are

    - ``where 1=1`` with nothing else: it does what no ``where`` does, and people begin queries
      with it that code completes;
    - a column compared with itself. It is as true, but it is also how people get a parameter
      wrong: Lyra has six such queries in its clean code;
    - a number alone, unless it is 0 or 1: prose has others.

    Args:
        text: any text
        steps: that it may take (default: those for a text of this length)

    Raises:
        NotJudged: it would take more
    """
    if not may_have_conditions(text.casefold()):
        return False
    steps = steps or Steps(text)
    tokens = sql_tokens(text)
    steps.take(len(text) // 10 + READING * len(tokens))
    return _Statement(tokens, steps).is_decided()


class _Level:
    """A bracket, a ``case`` or the whole statement."""

    def __init__(self, end: str, has_conditions: bool) -> None:
        self.end = end
        #: whether a connective here joins what selects rows
        self.has_conditions = has_conditions
        #: how many ``between`` wait for their ``and``
        self.betweens = 0


class _Operand(NamedTuple):
    """What follows a keyword."""

    truth: Optional[bool]
    """Its value for every row; None where rows differ or nothing is known."""
    end: int
    """The place of the token after it."""


class _Statement:
    """The tokens of what may be a statement."""

    def __init__(self, tokens: List[SqlToken], steps: Steps) -> None:
        self._tokens = tokens
        self._words = keywords(tokens)
        self._steps = steps
        self._truths: Dict[str, Optional[bool]] = {}
        #: how many brackets and ``case`` there are around each token; none counts its own ends
        self._depths: List[int] = []
        #: the places of what conditions follow, in order
        self._keywords: List[int] = []

    def is_decided(self) -> bool:
        """Return whether one condition decides for every row."""
        first = next((word for word in self._words if word != "("), "")
        if first not in _OPENING:
            return False
        self._find_keywords()
        return any(self._decides(at) for at in self._keywords)

    def _find_keywords(self) -> None:
        levels = [_Level("", False)]
        seen: Set[str] = set()
        before = ""
        for at, word in enumerate(self._words):
            level = levels[-1]
            depth = len(levels)
            if word == "(":
                is_call = before.isidentifier() and before not in _BEFORE_BRACKETS
                levels.append(_Level(")", level.has_conditions and not is_call))
            elif word == "case":
                levels.append(_Level("end", False))
            elif word and word == level.end:
                levels.pop()
                depth -= 1
            elif word in _BEFORE_CONDITIONS:
                level.betweens = 0
                level.has_conditions = _selects_rows(seen)
            elif word in CLAUSES:
                level.has_conditions = False
            elif word == "between":
                level.betweens += 1
            if word == "and" and level.betweens:
                level.betweens -= 1
            elif level.has_conditions and word in _KEYWORDS:
                self._keywords.append(at)
            self._depths.append(depth)
            seen.add(word)
            before = word

    def _decides(self, at: int) -> bool:
        """Return whether what follows the keyword at ``at`` decides for every row."""
        keyword = self._words[at]
        truth, end = self._operand(at)
        if keyword == "or" or truth is None:
            return truth is True
        if keyword == "and":
            return not truth
        while not truth and self._word(end) == "or":
            truth, end = self._operand(end)
            if truth is None:
                return False
        # True alone begins a query that code completes; with an alternative it is meant.
        return not truth or self._word(end) == "or"

    def _operand(self, keyword: int) -> _Operand:
        start = keyword + 1
        if not self._starts_with_constant(start):
            return _Operand(None, start)
        ends = _CONNECTIVES if self._words[keyword] == "and" else ("or",)
        depth, opened = self._depths[keyword], 0
        end = start
        while end < len(self._words) and end - start <= LONGEST:
            word = self._words[end]
            if self._depths[end] == depth:
                opened += (word in ("(", "case")) - (word in (")", "end"))
                if opened < 0 or word in ends or word in CLAUSES or word == ";":
                    break
                if word == _UNKNOWN_WORD and self._is_comparison(start, end):
                    break
            elif self._depths[end] < depth:
                break
            end += 1
        self._steps.take(end - start)
        if end - start > LONGEST:
            return _Operand(None, end)
        return _Operand(self._truth(start, end), end)

    def _starts_with_constant(self, at: int) -> bool:
        while self._word(at) in _BEFORE_CONSTANTS:
            at += 1
            self._steps.take()
        return at < len(self._tokens) and self._is_constant(at)

    def _is_constant(self, at: int) -> bool:
        token = self._tokens[at]
        if token.kind == TEXT:
            return not _PLACEHOLDER.search(token.text)
        return token.kind == NUMBER or self._words[at] in _CONSTANT_WORDS

    def _is_comparison(self, start: int, end: int) -> bool:
        """Return whether the tokens may be a whole comparison, whatever comes next."""
        return end - start > 2 and (self._words[end - 1] == ")" or self._is_constant(end - 1))

    def _truth(self, start: int, end: int) -> Optional[bool]:
        condition = " ".join(map(_as_read, self._tokens[start:end]))
        if condition not in self._truths:
            self._steps.take(PARSING * (end - start))
            self._truths[condition] = _truth(condition)
        return self._truths[condition]

    def _word(self, at: int) -> str:
        return self._words[at] if at < len(self._words) else ""


def _truth(condition: str) -> Optional[bool]:
    """Return what a condition is for every row; None where rows differ or nothing is known."""
    numbers = _EQUATION.fullmatch(condition)
    if numbers:
        return numbers[1] == numbers[2]
    # Here, for sqlglot takes as long to import as everything else that attacks need.
    from dece_fairseq.attacks.reading.sql_truth import truth

    return truth(condition)


def _selects_rows(words: Container[str]) -> bool:
    """Return whether a ``where`` after these words is that of a statement."""
    return "select" in words or "from" in words or ("update" in words and "set" in words)


def _as_read(token: SqlToken) -> str:
    """Return the token as ``sqlglot`` reads it; what is filled in later is a name."""
    is_open = token.kind == TEXT and _PLACEHOLDER.search(token.text)
    if is_open or token.kind == PARAMETER:
        return as_name(token.text)
    return "".join(token.text.split()) if token.kind == SYMBOL else token.text
