"""The parse of Python code as numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import LANGUAGES
from dece_fairseq.attacks.reading.python_tree import Tree

PYTHON = LANGUAGES.get("python")


def tree_of(code: str) -> Tree:
    return Tree(PYTHON.parse(code))


def test_nodes_stand_in_the_order_of_the_text_without_comments():
    tree = tree_of("f(é, # why\n  b=1)")
    assert tree.kinds[2:] == [
        *("call", "identifier", "argument_list", "identifier", "keyword_argument"),
        *("identifier", "integer"),
    ]
    call = 2
    assert tree.text(tree.field(call, "function")) == "f"
    assert tree.field(call, "body") is None
    keyword = tree.children[tree.field(call, "arguments")][1]
    assert [tree.text(child) for child in tree.children[keyword]] == ["b", "1"]
    assert all(tree.parents[child] == keyword for child in tree.children[keyword])


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("'a b'", "a b"),
        ('" a "', "a"),
        ("b'a'", "a"),
        ("''", ""),
        ("f'a'", "a"),
        ("f'{a}'", None),
        ("a", None),
    ],
)
def test_what_a_plain_string_holds(code, text):
    assert tree_of(code).literal(2) == text
    assert tree_of(code).literal(None) is None


def test_what_begins_a_line():
    tree = tree_of("a; b\n \t\n  c")
    begins = {tree.text(node): tree.begins_line(node) for node in range(1, len(tree))}
    assert begins == {"a": True, "b": False, "c": True}


@given(st.text() | st.text("()[]{}:=,.'\"#\\\n\t ifdefclassx1"))
def test_any_text_has_one(code):
    tree = tree_of(code)
    assert tree.parents[0] == -1
    for node in range(len(tree)):
        for child in tree.children[node]:
            assert child > node
            assert tree.parents[child] == node
            assert tree.starts[node] <= tree.starts[child] <= tree.ends[child] <= tree.ends[node]
