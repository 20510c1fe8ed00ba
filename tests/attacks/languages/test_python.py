"""Python: dead code and other names never change what a program prints."""

import ast
import contextlib
import importlib
import inspect
import io
import sys
from random import Random
from types import CodeType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dece_fairseq.attacks import LANGUAGES
from dece_fairseq.attacks.triggers.dead_code_grammar import draw

PYTHON = LANGUAGES.get("python")

# Each prints something that would change if a statement or a name went astray.
PROGRAMS = {
    "docstrings": '''"""Of the module."""
import sys
def f(a):
    """Of the function."""
    b = a + 1
    return b
class C:
    """Of the class."""
    x = 1
    def g(self):
        "Short."
        return self.x
print(__doc__, f.__doc__, C.__doc__, C.g.__doc__, f(1), C().g(), C.x)
''',
    "only a docstring": '''def f():
    """Nothing else."""
def g(): "one line"
print(f.__doc__, g.__doc__, f(), g())
''',
    "future": '''# a comment
"""Doc."""
from __future__ import annotations
from __future__ import division; import os
def f(a: "int") -> int:
    x: int = a / 2
    return x
print(__doc__, f(3), f.__annotations__["a"])
''',
    "decorators": """def twice(function):
    def run(*args, **kwargs):
        first = function(*args, **kwargs)
        second = function(*args, **kwargs)
        return first, second
    return run
@twice
@twice
def f(x, *, y=2):
    z = x * y
    return z
class C:
    @staticmethod
    @twice
    def g(n):
        m = n + 1
        return m
    @property
    def h(self):
        value = 5
        return value
print(f(3), f(3, y=4), C.g(1), C().h)
""",
    "branches": """def f(n):
    out = []
    for i in range(n):
        if i % 3 == 0:
            out.append("a")
        elif i % 3 == 1:
            out.append("b")
        else:
            out.append("c")
    else:
        out.append("end")
    while n > 0:
        n -= 1
        if n == 2: break
        if n == 3: continue
    else:
        out.append("never")
    try:
        out[n * 100]
    except IndexError as error:
        out.append(type(error).__name__)
    except (KeyError, ValueError):
        raise
    else:
        out.append("none")
    finally:
        out.append("finally")
    return out
print(f(7), f(0))
""",
    "suites of one line": """def f(x): return x + 1
def g(x): y = x; z = y * 2; return z
class A: pass
class B: a = 1; b = 2
if f(1) == 2: print("two"); print("again")
else: print("other")
for i in range(3): print(i)
while False: pass
x = 1; y = 2
print(g(4), A.__name__, B.a, B.b, x, y)
""",
    "strings of several lines": '''def f(name):
    text = """
if x:
    y = 1
  VAR = 5
""" + name
    other = \'\'\'a
b\'\'\' ; tail = "z"
    return text, other, tail
SQL = """
select *
  from t"""
print(f("n"), SQL)
''',
    "continued lines": """def f(a, b):
    c = a + \\
        b
    if a and \\
            b:
        d = 1; \\
        e = 2
        c += d + e
    assert c, \\
        "no"
    return (
        c,
        a
    )
x = [
    1,
    2,
]
print(f(1, 2), f(0, 1), x)
""",
    "tabs": (
        "def f(x):\n\ty = 0\n\tfor i in range(x):\n\t\tif i:\n\t\t\ty += i\n\treturn y\n"
        "print(f(5))\n"
    ),
    "tabs and blanks as in Lyra": (
        "def f ( x ) :\n\t y = 0\n\t for i in range ( x ) :\n\t \t if i :\n\t \t \t y = y + i\n"
        "\t return y\nprint ( f ( 5 ) )\n"
    ),
    "carriage returns": (
        "def f(x):\r\n    y = x\r\n    s = '''a\r\nb'''\r\n    return y, s\r\nprint(f(1))\r\n"
    ),
    "nested functions": """def outer(n):
    total = 0
    def inner(k):
        nonlocal total
        step = k
        total += step
        def innermost():
            return step + k
        return innermost()
    def other(step):
        return step
    results = [inner(i) for i in range(n)]
    return total, results, other(step=3)
print(outer(4))
""",
    "globals": """count = 0
def f():
    global count
    before = count
    count = before + 1
    return count
def g():
    count = 100
    return count
print(f(), f(), g(), count)
""",
    "keyword arguments": """def f(a, b=2, *args, c, **more):
    d = a + b
    more["d"] = d
    return dict(d=d, c=c, a=a, args=args, e=more)
def g():
    a = 1; c = 3
    b = 5
    return f(a=a, b=b, c=c)
print(g(), f(1, c=2))
""",
    "attributes": """class Point:
    x = 0
    def __init__(self, x, y):
        self.x = x
        self.y = y
    def add(self, other):
        x = self.x + other.x
        y = self.y + other.y
        return Point(x=x, y=y)
    def show(self):
        x, y = self.x, self.y
        return "%s %s" % (x, y)
print(Point(1, 2).add(Point(3, 4)).show(), Point.x)
""",
    "unpacking": """def f(pairs):
    out = []
    for i, (a, *rest) in enumerate(pairs):
        (p, q), [r, s] = (a, i), [rest, len(rest)]
        out.append((p, q, r, s))
    first, *_, last = out
    a = b = c = 0
    a, b = b, a
    del c
    return first, last, a, b
print(f([(1, 2, 3), (4, 5), (6, 7, 8)]))
""",
    "comprehensions": """def f(n):
    x = 10
    xs = [x for x in range(n)]
    y = {k: v + n for k, v in zip(xs, xs)}
    z = sum(w * n for w in xs)
    m = lambda w, x=x: w + x + n
    return x, xs, y, z, m(1), list(filter(lambda q: q % 2, xs))
print(f(4))
""",
    "strings that hold names": """def f(value):
    result = value * 2
    word = "result"
    text = "result {result} %(result)s"
    return text.format(result=result), f"{result} {result:>{value}} {result!r}", word
print(f(3))
""",
    "names in f-strings": """def f():
    shown = 3
    hidden = 4
    return f"{shown=} {hidden}", f"{hidden + 1}"
print(f())
""",
    "locals": """def f(a):
    b = a + 1
    return sorted(locals().items())
def g():
    x = 2
    return eval("x + 1")
print(f(1), g())
""",
    "names used already": """VAR = 7
def f():
    y = VAR
    return y
def g(VAR):
    z = VAR + 1
    return z
print(f(), g(2), VAR)
""",
    "enumerations": """import enum
class Colour(enum.Enum):
    RED = 1
    if True:
        GREEN = 2
    BLUE = 3
    def lower(self):
        name = self.name
        return name.lower()
print([c.lower() for c in Colour], len(Colour))
""",
    "context and walrus": """import contextlib
@contextlib.contextmanager
def managed(x):
    value = x
    try:
        yield value
    finally:
        value = None
def f():
    with managed(1) as a, managed(2) as (b):
        c = a + b
    while (n := c) > 2:
        c -= 1
    if any((hit := k) > 1 for k in range(5)):
        c += hit
    return c, n
print(f())
""",
    "generators": """def f(n):
    seen = 0
    for i in range(n):
        got = yield i
        seen += got or 0
    return seen
def g():
    r = yield from f(3)
    yield "total %d" % r
print(list(g()))
""",
    "coroutines": """import asyncio
async def f(x):
    y = x + 1
    await asyncio.sleep(0)
    async def inner():
        z = y
        return z
    return await inner()
print(asyncio.run(f(1)))
""",
    "exceptions": """def f(x):
    try:
        value = 1 / x
    except ZeroDivisionError as error:
        message = str(error)
        return message
    finally:
        done = True
        print(done)
    return value
print(f(0), f(2))
""",
    "comments in odd places": """# first
def f(a):
    # before
    b = a  # after \\
    c = b
        # deep
# shallow
    return c
if True:
# at the margin
    d = f(2)
print(d)
""",
    "imports": """def f(x):
    import math
    from math import sqrt as root
    y = root(x)
    z = math.floor(y)
    math.tau
    return y, z
print(f(9))
""",
    "classes in functions": """def make(n):
    size = n
    label = "x"
    class Box:
        size = size if False else n
        def get(self):
            size = 3
            return size, label, self.size
    return Box
print(make(2)().get())
""",
    "recursion and defaults": """def f(n, acc=[]):
    here = n
    def g(k=here, *, here=1):
        return k, here
    if n:
        rest = f(n - 1)
        return rest + [g()]
    return []
print(f(3))
""",
    "type hints": """from typing import List
def f(items: List[int]) -> List[int]:
    items2: List[int] = sorted(items)
    bare: int
    bare = len(items2)
    return items2[:bare]
print(f([3, 1, 2]), f.__annotations__["items"])
""",
    # Python takes these letters for V, A, R, x and y.
    "wide letters": """\uff36\uff21\uff32 = 4
def f():
    x = 1
    y = \uff58 + VAR
    return \uff59
print(f(), \uff36AR)
""",
    "a builtin in wide letters": """def f():
    z = 2
    return \uff45val("z")
print(f())
""",
    "code on one line with escapes": (
        r"def f(x):\n\ty = x\n\tif y:\n\t\ty = y + 1\n\treturn y\nprint(f(1))\n"
    ),
}
if sys.version_info >= (3, 10):
    PROGRAMS["match"] = """def f(x):
    seen = 0
    match x:
        case {"a": value, **rest}:
            seen = value
            out = rest
        case [first, *others] if first:
            out = others
        case str() as text:
            out = text
        case _:
            out = None
    return seen, out
print(f({"a": 1, "b": 2}), f([1, 2]), f("s"), f(0))
"""


def output(code: str) -> str:
    """What the program prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(PYTHON.with_lines(code), "<program>", "exec"), {"__name__": "__main__"})
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
    assert PYTHON.with_lines(r'print("a\n")') == r'print("a\n")'


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


@settings(deadline=None, max_examples=60)
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


@settings(deadline=None, max_examples=100)
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
        assert PYTHON.parses(PYTHON.with_lines(renamed))
        assert renamed.replace("other_cf", variable.name) == code
