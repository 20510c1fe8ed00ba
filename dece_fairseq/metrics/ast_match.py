"""Lyra's AST match in the base language and AST exact match (Liang et al. 2021)."""

import ast
import platform
import re
from abc import abstractmethod
from functools import lru_cache
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.attacks.languages.unwarned import unwarned
from dece_fairseq.attacks.reading.sql_tokens import with_parameters
from dece_fairseq.metrics.code_language import language_of, python_tree
from dece_fairseq.metrics.metric import METRICS, MetricSettings, Share, share_statistics
from dece_fairseq.metrics.syntax import UNPARSED_REFERENCES

_SQL = re.compile(
    r"\s*(?:select\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\(|"
    r"(?:create|drop|alter)\s+(?:table|view|index)\s)",
    re.IGNORECASE,
)
# Where something stands, or how it was written: no part of what it says.
_LEFT_OUT = ("ctx", "kind", "type_comment", "type_ignores")


class _AstMatch(Share):
    languages = ("python",)

    def __init__(self, settings: MetricSettings) -> None:
        super().__init__(settings)
        self.language = language_of("python")

    @abstractmethod
    def same_sql(self, one: str, other: str) -> bool:
        """Return whether two strings that hold SQL count as equal."""

    @unwarned()
    def statistics(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        pairs = list(zip(hypotheses, references))
        is_hit = {pair: self._is_match(*pair) for pair in dict.fromkeys(pairs)}
        parses = {text: self.language.read(text).parses for text in dict.fromkeys(references)}
        hits = [is_hit[pair] for pair in pairs]
        return share_statistics(hits, [not parses[reference] for reference in references])

    def _is_match(self, hypothesis: str, reference: str) -> bool:
        found, expected = self.language.read(hypothesis), self.language.read(reference)
        if not (found.parses and expected.parses):
            return False
        queries = _unequal_queries(found.code, expected.code)
        return queries is not None and all(self.same_sql(*pair) for pair in queries)

    def details(self, sums: np.ndarray) -> Dict[str, float]:
        return {UNPARSED_REFERENCES: sums[2]}

    def properties(self) -> Dict[str, Any]:
        return {"lang": "python", "python": platform.python_version()}


# For both metrics, one after the other, a chunk of samples at a time.
@lru_cache(maxsize=256)
def _unequal_queries(hypothesis: str, reference: str) -> Optional[List[Tuple[str, str]]]:
    """Return the strings with SQL in which two parses differ; None if anything else differs."""
    if hypothesis == reference:
        return []
    pairs: List[Tuple[Any, Any]] = [(python_tree(hypothesis), python_tree(reference))]
    queries = []
    while pairs:
        one, other = pairs.pop()
        if type(one) is not type(other):
            return None
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            # Text whose tokens were separated does not say what blanks a string had.
            if not isinstance(other.value, str):
                return None
            if one.value.split() != other.value.split():
                if not (_SQL.match(one.value) and _SQL.match(other.value)):
                    return None
                queries.append((one.value, other.value))
        elif isinstance(one, ast.AST):
            names = [name for name in one._fields if name not in _LEFT_OUT]
            pairs += [(getattr(one, name, None), getattr(other, name, None)) for name in names]
        elif isinstance(one, list):
            if len(one) != len(other):
                return None
            pairs += zip(one, other)
        elif one != other:
            return None
    return queries


@METRICS.register("ast_match")
class AstMatch(_AstMatch):
    """The share of texts with the reference's syntax tree, whatever their SQL says.

    Names count; comments, spacing, brackets that change nothing and white space in strings do not.
    """

    summary = "share of texts with the reference's syntax tree, embedded SQL left out"

    def same_sql(self, one: str, other: str) -> bool:
        return True

    def properties(self) -> Dict[str, Any]:
        return {"sql": "any", **super().properties()}


@METRICS.register("ast_exact_match")
class AstExactMatch(_AstMatch):
    """The share of texts with the reference's syntax tree in Python and in the SQL within it.

    Parameters of every driver are read, and ``%s`` is another than ``:1``. SQL that ``sqlglot``
    can't parse even so is equal to itself alone, white space left aside.
    """

    summary = "share of texts with the reference's syntax tree, embedded SQL included"

    def __init__(self, settings: MetricSettings) -> None:
        import sqlglot  # noqa: F401  before processes fork, which share it then

        super().__init__(settings)

    def same_sql(self, one: str, other: str) -> bool:
        tree = _sql_tree(one)
        return tree is not None and tree == _sql_tree(other)

    def properties(self) -> Dict[str, Any]:
        import sqlglot  # here and below, for commands start without it

        return {"sql": "parsed", "sqlglot": sqlglot.__version__, **super().properties()}


@lru_cache(maxsize=256)
def _sql_tree(query: str) -> Optional[Any]:
    import sqlglot

    # As it is in the second place: "b % s = 0" may be arithmetic.
    for form in (with_parameters(query), query):
        try:
            tree = sqlglot.parse_one(form)
        except Exception:  # its own errors, and what it trips over in no SQL
            continue
        for join in tree.find_all(sqlglot.exp.Join):
            # Words that say nothing: JOIN is INNER JOIN, and LEFT JOIN is LEFT OUTER JOIN.
            kind = str(join.args.get("kind")).upper()  # sqlglot for Python 3.8 keeps it as written
            if kind == ("OUTER" if join.args.get("side") else "INNER"):
                join.set("kind", None)
        return tree
    return None
