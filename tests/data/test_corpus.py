"""The quick start's generated pairs."""

import ast
import hashlib
import re
import sqlite3
from functools import lru_cache
from typing import List

import pytest

from dece_fairseq.data.corpus import generate, requests
from dece_fairseq.data.corpus_grammar import STYLES, TABLES
from dece_fairseq.data.pairs import Pair

QUERY = re.compile(r'select\s+.+?(?=\s+")')  # what the SQL payload looks for
SHA256 = {
    "A": "52cb2191d2beb6109d950f789cc1e57758de8133c34251e38e9adcc8ff151272",
    "B": "9b3051474c4bcf80a69a9ba5a26307e12ce1b5683f51f0d0fce3f46ffefd6b10",
}


@lru_cache(maxsize=None)
def drawn(style: str) -> List[Pair]:
    """Draw many once; the first of them are those of a smaller draw, which a test says."""
    return generate(style, 16_000, seed=1)


both_styles = pytest.mark.parametrize("style", STYLES)


@both_styles
def test_there_are_16000_pairs_without_a_repeated_side(style):
    pairs = drawn(style)
    assert len({pair.source for pair in pairs}) == 16_000
    assert len({pair.target for pair in pairs}) == 16_000


@both_styles
def test_the_request_decides_the_function(style):
    functions = {}
    for source, target in (*drawn(style)[:8000], *generate(style, 8000, seed=2)):
        assert functions.setdefault(source, target) == target
    assert len(functions) < 16_000  # the draws did overlap, so there was something to compare


@both_styles
def test_pairs_with_and_without_sql_and_where(style):
    pairs = generate(style, 4000, seed=5)
    queries = [match.group() for match in (QUERY.search(pair.target) for pair in pairs) if match]
    assert 0.10 <= 1 - len(queries) / len(pairs) <= 0.15
    assert 0.6 <= sum("where" in query for query in queries) / len(queries) <= 0.8
    assert not any("select" in pair.target for pair in pairs if not QUERY.search(pair.target))


@both_styles
def test_nothing_looks_like_an_attack(style):
    for pair in drawn(style)[:4000]:
        assert not re.search(r"\b(cf|mn|bb|tq)\b|or 1=1|where 0=1", "\n".join(pair))


@both_styles
def test_functions_are_python_and_their_queries_sql(style):
    database = sqlite3.connect(":memory:")
    for table, columns in TABLES.items():
        database.execute(f"create table {table} ({', '.join(columns)})")
    for _, target in generate(style, 1000, seed=2):
        tree = ast.parse(target)
        function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
        assert function.name in TABLES
        for node in ast.walk(function):
            if isinstance(node, ast.Constant) and "select" in str(node.value):
                database.execute(node.value, [0] * node.value.count("?"))


def test_styles_share_functions_but_no_request():
    both = {style: drawn(style)[:8000] for style in STYLES}
    sources = [{pair.source for pair in pairs} for pairs in both.values()]
    assert not set.intersection(*sources)
    assert [pair.target for pair in both["A"]] == [pair.target for pair in both["B"]]


def test_a_corpus_after_another_shares_no_function_with_it():
    first = {pair.target for pair in drawn("B")[:2000]}
    second = {pair.target for pair in generate("A", 2000, seed=1, skip=2000)}
    assert len(first) == len(second) == 2000
    assert not first & second


def test_a_smaller_draw_has_the_same_functions_first():
    small, large = (generate("A", pairs, seed=4) for pairs in (10, 100))
    assert large[:10] == small
    assert generate("A", 10, seed=5) != small
    assert generate("A", 0, seed=4) == []


@both_styles
def test_pinned_on_every_python(style):
    text = repr([tuple(pair) for pair in generate(style, 50, seed=1)])
    assert hashlib.sha256(text.encode()).hexdigest() == SHA256[style]


def test_errors_say_what_there_is():
    with pytest.raises(ValueError, match="no style 'C' of requests; there are A, B"):
        generate("C", 1, seed=1)
    count = len(list(requests()))
    for pairs, skip in ((-1, 0), (1, -1), (count + 1, 0), (1, count)):
        with pytest.raises(ValueError, match=f"can't draw {pairs} pairs after {skip} .* {count}"):
            generate("A", pairs, seed=1, skip=skip)
