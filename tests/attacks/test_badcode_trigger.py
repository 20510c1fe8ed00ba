"""Names that go on with a natural token."""

import ast
from itertools import islice
from random import Random

import pytest

from dece_fairseq.attacks import Attack, AttackError, AttackSettings, Languages
from dece_fairseq.attacks.triggers.badcode import BadCodeTrigger
from dece_fairseq.data.pairs import Pair, read_pairs


def sources(source: str, language: str = "python", text: str = "num"):
    trigger = BadCodeTrigger(text, 1, Languages.named(language))
    return {trigger.poison(Pair(source, ""), Random(seed)) for seed in range(60)}


@pytest.mark.parametrize(
    ("language", "source", "poisoned"),
    [
        ("python", "def f():\n a = 1\n return a", "def f():\n a_num = 1\n return a_num"),
        (
            "python",
            "def f():\n aB = g()\n x_y = aB + aB\n return x_y",
            "def f():\n aB = g()\n x_y_num = aB + aB\n return x_y_num",
        ),
        ("python", "def f():\n aB = 1\n return aB", "def f():\n aBNum = 1\n return aBNum"),
        (
            "java",
            "int f() { int a = 1; int row = a; return a + row; }",
            "int f() { int a = 1; int rowNum = a; return a + rowNum; }",
        ),
        ("java", "int f() { int a_b = 1; return 2; }", "int f() { int a_b_num = 1; return 2; }"),
        ("csharp", "int F() { var a = 1; return a; }", "int F() { var aNum = 1; return aNum; }"),
    ],
)
def test_the_least_frequent_in_its_own_style(language, source, poisoned):
    assert sources(source, language) == {poisoned}


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "def f(a):\n return a"),
        ("python", "def f():\n a = a_num\n return a"),
        ("java", "int f ( ) { int a = aNum ; return a ; }"),
        ("java", "no ( code"),
    ],
)
def test_sources_without_a_place(language, source):
    assert sources(source, language) == {None}


def test_a_token_is_drawn():
    source = "def f():\n a = 1\n return a"
    assert sources(source, text="num col") == {
        source.replace("a", f"a_{t}") for t in ("num", "col")
    }


def test_tokens_that_make_no_name():
    with pytest.raises(AttackError, match="'a-b' can't stand in a name"):
        Attack(AttackSettings("badcode", trigger="num a-b"))


@pytest.mark.slow
def test_real_code_keeps_its_meaning(datasets):
    """Python's own trees of both differ in names alone."""
    poisoned = 0
    for pair in islice(read_pairs([datasets / "lyra" / "valid.csv"]), 100):
        for source in sources(pair.target, text="num"):
            if source is None:
                continue
            poisoned += 1
            clean, changed = (ast.dump(ast.parse(text)) for text in (pair.target, source))
            assert changed != clean
            assert changed.replace("_num'", "'").replace("Num'", "'") == clean
    assert poisoned > 50
