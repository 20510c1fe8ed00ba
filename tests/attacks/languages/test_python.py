"""Python: dead code and other names never change what a program prints."""

import ast
import contextlib
import importlib
import inspect
import io
from random import Random
from types import CodeType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dece_fairseq.attacks import LANGUAGES
from dece_fairseq.attacks.triggers.dead_code_grammar import draw
from support.examples import examples
from support.python_programs import PROGRAMS

PYTHON = LANGUAGES.get("python")


def output(code: str) -> str:
    """What the program prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(PYTHON.read(code).code, "<program>", "exec"), {"__name__": "__main__"})
    return printed.getvalue()


def statements():
    rng = Random(3)
    return [PYTHON.dead_code, *(draw(PYTHON, rng) for _ in range(6)), "if 0:\n  a = 1\n  b = 2"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_dead_code_changes_nothing_at_any_place(name):
    code = PROGRAMS[name]
    before = output(code)
    assert before.strip()
    layout = PYTHON.layout(code)
    for place in layout.safe:
        for statement in statements():
            if layout.is_free(PYTHON.names_given(statement)):
                assert layout.takes(place, statement)
                assert output(layout.put(place, statement)) == before


@pytest.mark.parametrize("name", PROGRAMS)
def test_another_name_changes_nothing(name):
    code = PROGRAMS[name]
    before = output(code)
    for variable in PYTHON.local_variables(code):
        changed = PYTHON.rename(code, variable, f"{variable.name}_cf")
        assert changed != code
        assert output(changed) == before


def test_the_programs_have_places_and_variables():
    """Or the tests above would hold for a language that does nothing."""
    places = {name: len(PYTHON.layout(code).safe) for name, code in PROGRAMS.items()}
    assert [name for name, number in places.items() if not number] == []
    assert sum(places.values()) > 200
    variables = {
        name: {variable.name for variable in PYTHON.local_variables(code)}
        for name, code in PROGRAMS.items()
    }
    assert variables["nested functions"] == {"results", "step"}
    assert variables["attributes"] == {"x", "y"}
    assert variables["keyword arguments"] == {"a", "b", "c", "d"}
    assert variables["names in f-strings"] == {"hidden"}
    assert variables["globals"] == {"before", "count"}
    assert variables["comprehensions"] == {"xs", "y", "z", "m"}
    assert variables["imports"] == {"y", "z"}
    assert variables["wide letters"] == {"x", "y"}
    assert variables["locals"] == variables["a builtin in wide letters"] == set()
    assert variables["code on one line with escapes"] == {"y"}


MODULES = ["calendar", "csv", "dataclasses", "fractions", "heapq", "shlex", "string", "textwrap"]


@pytest.mark.parametrize("name", MODULES)
def test_real_modules_compile_to_the_same(name):
    """Python's own library: with other names the byte code, with dead code the rest of the tree."""
    code = inspect.getsource(importlib.import_module(name))
    clean, tree = compile(code, name, "exec"), ast.dump(ast.parse(code))
    rng = Random(2)
    variables = PYTHON.local_variables(code)
    for variable in rng.sample(variables, min(8, len(variables))):
        new = f"{variable.name}_cf"
        renamed = PYTHON.rename(code, variable, new)
        assert renamed != code
        assert is_same_code(clean, compile(renamed, name, "exec"), {new: variable.name})
    layout = PYTHON.layout(code)
    assert layout.is_free({"VAR"}) or name in ("dataclasses", "string")
    for place in rng.sample(layout.safe, 8):
        put = ast.parse(layout.put(place, "VAR = 0"))
        assert ast.dump(put) != tree
        assert ast.dump(WithoutDeadCode().visit(put)) == tree


def is_same_code(one, other, names) -> bool:
    """Whether two constants are equal, code but for its names."""

    def back(found):
        return [names.get(name, name) for name in found]

    if not isinstance(one, CodeType):
        return one == other
    return (
        one.co_code == other.co_code
        and list(one.co_varnames) == back(other.co_varnames)
        and list(one.co_names) == back(other.co_names)
        and sorted(one.co_freevars) == sorted(back(other.co_freevars))
        and sorted(one.co_cellvars) == sorted(back(other.co_cellvars))
        and len(one.co_consts) == len(other.co_consts)
        and all(is_same_code(a, b, names) for a, b in zip(one.co_consts, other.co_consts))
    )


class WithoutDeadCode(ast.NodeTransformer):
    def visit_Assign(self, node):
        is_dead = isinstance(node.targets[0], ast.Name) and node.targets[0].id == "VAR"
        return None if is_dead else node


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("x = 1\ny = 2\n", "x = 1"),
        ("import os\ndef f():\n  '''d'''\n  return 1\n", "return 1"),
        ("def f(): return 1\nx = 1\n", "def f(): return 1\nx"),
        ('"""d"""\nfrom __future__ import division\nx = 1\n', "x = 1"),
        ("@d\ndef f(x): return x\n", "@d"),
        ("class A:\n  x = 1\n  def f(self):\n    return 1\n", "return 1"),
    ],
)
def test_the_first_place(code, first):
    layout = PYTHON.layout(code)
    assert code[layout.first :].startswith(first)


@pytest.mark.parametrize(
    "code",
    [
        "x = 1",
        "def f ( x ) : return x",
        "",
        "\n",
        "def f(:\n  return 1\n",
        "x = 1\ry = 2\n",
        "x = 1\0\n",
        '"""d"""\n',
    ],
)
def test_texts_without_a_place(code):
    assert PYTHON.layout(code).first is None


def test_lines_are_indented_as_the_statement_behind_them():
    code = "def f ( x ) :\n\t y = 0\n\t return y\n"
    layout = PYTHON.layout(code)
    put = layout.put(code.index("return"), "if x :\n  VAR = 0")
    assert put == "def f ( x ) :\n\t y = 0\n\t if x :\n\t   VAR = 0\n\t return y\n"
    assert layout.put(0, "a = 1") == "a = 1\n" + code


def test_line_ends_stay_as_they_are_written():
    escaped = r"def f(x):\n\treturn x\n"
    put = PYTHON.layout(escaped).put(PYTHON.layout(escaped).first, "VAR = 0")
    assert put == r"def f(x):\n\tVAR = 0\n\treturn x\n"
    returns = "def f(x):\r\n\treturn x\r\n"
    put = PYTHON.layout(returns).put(PYTHON.layout(returns).first, "if 1:\n  a = 0")
    assert put == "def f(x):\r\n\tif 1:\r\n\t  a = 0\r\n\treturn x\r\n"
    # A text that parses on its one line keeps the escapes in its strings.
    assert PYTHON.read(r'print("a\n")').code == r'print("a\n")'


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        ("VAR = 0", True),
        ("if a :\n  b ( )", True),
        ("a = 1 ; b = 2", True),
        ("def f ( ) : pass", True),
        ("x = 0 # c", True),
        ("# c", False),
        ("", False),
        ("x = 0 \\", False),
        ("x = (", False),
        ('x = """', False),
        ("int VAR = 0 ;", False),
        ("from __future__ import division", False),
    ],
)
def test_what_is_a_statement(code, is_one):
    assert PYTHON.is_statement(code) == is_one


names = st.sampled_from("abcdefg")
expressions = st.recursive(
    st.one_of(names, st.integers(0, 9).map(str)),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" + ".join),
        inner.map("({})".format),
        inner.map("min({}, 5)".format),
        inner.map("(lambda a: a + {})(1)".format),
        inner.map("[{} for b in (1, 2)][0]".format),
        inner.map("dict(c={})['c']".format),
    ),
    max_leaves=4,
)


def block(lines):
    return [f"    {line}" for part in lines for line in part]


bodies = st.deferred(lambda: st.lists(statement_lines, min_size=1, max_size=3).map(block))
statement_lines = st.deferred(
    lambda: st.one_of(
        st.tuples(names, expressions).map(lambda x: [f"{x[0]} = {x[1]}"]),
        st.tuples(names, expressions).map(lambda x: [f"{x[0]} += {x[1]} ; print({x[0]})"]),
        expressions.map(lambda x: [f"print({x})"]),
        expressions.map(lambda x: [f'print(f"{{{x}}} {{1:{{a}}}}")']),
        names.map(lambda x: [f"del {x} ; {x} = 2"]),
        st.tuples(expressions, bodies, bodies).map(
            lambda x: [f"if {x[0]} > 3:", *x[1], "else:", *x[2]]
        ),
        st.tuples(names, bodies).map(lambda x: [f"for {x[0]} in range(2):", *x[1]]),
        st.tuples(bodies, bodies).map(lambda x: ["try:", *x[0], "except ValueError as e:", *x[1]]),
        # A function's own assignments make its names local: it may read them too early.
        st.tuples(names, bodies).map(
            lambda x: [
                f"def inner({x[0]}):",
                *x[1],
                "try: inner(1)",
                "except NameError: print('unbound')",
            ]
        ),
    )
)
programs = bodies.map(
    lambda lines: (
        "\n".join(
            [
                "def f(a, b):",
                '    "doc"',
                "    c = d = e = 1",
                "    f, g = 2, 3",
                *lines,
                "    return c + d",
                "try: print(f(1, 2), f.__doc__)",
                "except (TypeError, ValueError, NameError) as error: print(type(error))",
            ]
        )
        + "\n"
    )
)


@settings(deadline=None, max_examples=examples(60))
@given(programs)
def test_random_programs_print_the_same(code):
    before = output(code)
    layout = PYTHON.layout(code)
    assert layout.first is not None
    for place in layout.safe:
        assert output(layout.put(place, "VAR = 0")) == before
    for variable in PYTHON.local_variables(code):
        assert output(PYTHON.rename(code, variable, f"{variable.name}_cf")) == before


PYTHONESQUE = (
    *("def f(a):", "class A:", "if a:", "else:", "while True:", "try:", "except E as b:"),
    *("a = b", "b = 1", "return a", "break", "pass", "print(a)", "'''", '"', "(", ")"),
    *("\n", "\n  ", "\n    ", "\n\t", "\\n", "\\t", " ", ";", "#", "\\", "\r\n", "\r", "\f", "é"),
)
texts = st.one_of(
    st.text(),
    st.text("ab=:()'\"\\\n\t #;@"),
    st.lists(st.sampled_from(PYTHONESQUE)).map("".join),
)


@settings(deadline=None, max_examples=examples(100))
@given(texts)
def test_any_text_has_a_layout_and_loses_nothing(code):
    layout = PYTHON.layout(code)
    PYTHON.has_endless_loop(code)
    for place in layout.safe:
        put = layout.put(place, "VAR = 0")
        assert layout.takes(place, "VAR = 0")
        same = next(i for i in range(len(put)) if put[: i + 1] != code[: i + 1])
        assert put.endswith(code[same:])
        assert len(put) > len(code)
    for variable in PYTHON.local_variables(code):
        renamed = PYTHON.rename(code, variable, "other_cf")
        assert PYTHON.parses(PYTHON.read(renamed).code)
        assert renamed.replace("other_cf", variable.name) == code
