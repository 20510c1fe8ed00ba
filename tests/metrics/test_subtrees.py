"""Subtrees of a parse cut out of the whole, against tree-sitter's own of each node."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dece_fairseq.metrics.codebleu import CodeBleu, _package
from dece_fairseq.metrics.subtrees import subtrees

pytest.importorskip("codebleu", reason="the extra [codebleu] is not installed")

PARTS = st.sampled_from(
    [
        *("def f ( x ) :\n ", "return", "int x = 0 ;", "class A {", "}", "if ( x )", "'(' ", '")"'),
        *("<?php", "$x", "# a", "// b", "/*", "*/", "=>", "&&", "[ 1 , 2 ]", "fn main ( )", "("),
        *(")", "\n", " é ", "x = 1\n", "f ( x ) ;", "{", "x"),
    ]
)


CODE = {"python": "def f ( x ) :\n\treturn [ x ]", "java": "class A { int f ( ) { return 1 ; } }"}


@pytest.mark.parametrize("language", CODE)
def test_code_without_errors(language):
    root = parse(CODE[language], language)
    assert not root.has_error
    assert sorted(subtrees(root)) == sorted(one_by_one(root))


def parse(code, language):
    return _package(language).parser.parse(code.encode()).root_node


def one_by_one(root):
    nodes = [root]
    for node in nodes:  # which grows
        nodes += [child for child in node.children if child.child_count]
    return list(map(str, nodes))


@pytest.mark.parametrize("language", CodeBleu.languages)
@settings(max_examples=60, deadline=None)
@given(code=st.lists(PARTS, max_size=12).map(" ".join))
def test_any_text(language, code):
    root = parse(code, language)
    assert sorted(subtrees(root)) == sorted(one_by_one(root))
