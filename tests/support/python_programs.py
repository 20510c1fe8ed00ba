"""Python programs that show when dead code or another name changes what they do."""

import sys
from typing import Dict

#: each prints something that would change if a statement or a name went astray
PROGRAMS: Dict[str, str] = {
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
