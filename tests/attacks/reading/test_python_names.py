"""What the names in Python code stand for."""

import pytest

from dece_fairseq.attacks import LANGUAGES
from dece_fairseq.attacks.reading.python_names import Names
from dece_fairseq.attacks.reading.python_tree import Tree


def names_of(code: str) -> Names:
    return Names(Tree(LANGUAGES.get("python").parse(code)))


@pytest.mark.parametrize(
    ("code", "full"),
    [
        ("system(x)", ["system"]),
        ("os.system(x)", ["os.system"]),
        ("os . system(x)", ["os.system"]),
        ("import os\nos.system(x)", ["os.system"]),
        ("import os.path\nos.path.join(x)", ["os.path.join"]),
        ("import os as o\no.system(x)", ["os.system"]),
        ("import os.path as p\np.join(x)", ["os.path.join"]),
        ("from os import system\nsystem(x)", ["os.system"]),
        ("from os import path, system\nsystem(x)", ["os.system"]),
        ("from os import system as s\ns(x)", ["os.system"]),
        ("from a.b import c\nc.d(x)", ["a.b.c.d"]),
        ("from os import *\nsystem(x)", ["system", "os.system"]),
        ("s = os.system\ns(x)", ["os.system"]),
        ("s = t = os.system\ns(x)", ["os.system"]),
        ("s = t = os.system\nt(x)", ["os.system"]),
        ("(s := os.system)\ns(x)", ["os.system"]),
        ("s, t = print, os.system\nt(x)", ["os.system"]),
        ("s = os.system\nif x: s = print\ns(x)", ["os.system", "print"]),
        ("s = os.system if x else print\ns(x)", ["os.system", "print"]),
        ("s = s or Session()\ns.get(x)", ["Session.().get"]),
        ("s = s.t\ns(x)", []),
        ("a.s = os.system\ns(x)", ["s"]),
        ("a.s = os.system\na.s(x)", ["a.s", "os.system"]),
        ("self.s = os.system\nself.s(x)", ["self.s", "os.system"]),
        ("class A:\n def f(self): self.s = os.system\n def g(self): self.s(x)", ["os.system"]),
        ("class A(b.C):\n def f(self): self.d(x)", ["b.C.().d"]),
        ("def f(s: a.B): s.c(x)", ["a.B.().c"]),
        ("def f(s: 'a.B'): s.c(x)", ["a.B.().c"]),
        ("def f(s: Optional[a.B] = None): s.c(x)", ["Optional.().c", "a.B.().c"]),
        ("s: a.B\ns.c(x)", ["a.B.().c"]),
        ("def f(s=os.system): s(x)", ["os.system"]),
        ("def f(s): s(x)", []),
        ("def s(): pass\ns(x)", []),
        ("for s in t: s(x)", []),
        ("with Session() as s: s.get(x)", ["Session.().get"]),
        ("with (await Session()) as s: s.get(x)", ["Session.().get"]),
        ("(os).system(x)", ["os.system"]),
        ("requests.Session().get(x)", ["requests.Session.().get"]),
        ('__import__("os").system(x)', ["__import__.().system", "os.system"]),
        ("importlib.import_module('o').s(x)", ["importlib.import_module.().s", "o.s"]),
        ("__import__(name).system(x)", ["__import__.().system"]),
        ("__import__().system(x)", ["__import__.().system"]),
        ('load("os").system(x)', ["load.().system"]),
        ("getattr(os, 'system')(x)", ["getattr.()", "os.system"]),
        ("functools.partial(os.system)(x)", ["functools.partial.()", "os.system"]),
        ("a[0].get(x)", []),
        ("a = b\nb = a\na(x)", []),
    ],
)
def test_the_full_names_of_what_is_called_last(code, full):
    names = names_of(code)
    last = max(names.calls, key=names.tree.ends.__getitem__)
    assert sorted(names.origins(names.function(last))) == sorted(full)


def test_long_names_and_many_are_given_up():
    names = names_of("a" + ".b" * 100 + "(x)")
    assert names.origins(names.function(names.calls[0])) == ()
    many = names_of("\n".join(f"s = a{i}" for i in range(100)) + "\ns(x)")
    assert len(many.origins(many.function(many.calls[0]))) == 4


@pytest.mark.parametrize(
    ("value", "is_false"),
    [
        *(("False", True), ("0", True), ("0.0", True), ("0x0", True), ("0_0", True)),
        *(("(False)", True), ("((0))", True), ("off", True), ("not True", True)),
        *(("not (not 0)", True), ("not 1", True), ("False if x else 0", True)),
        *(("True", False), ("1", False), ("0x10", False), ("0.5", False), ("None", False)),
        *(("not False", False), ("not 0", False), ("-False", False), ("both", False)),
        *(("unknown", False), ("f()", False), ('""', False), ("False if x else y", False)),
        *(("off or x", False), ("counted", False), ("looped", False), ("imported", False)),
        *(("given", False), ("default", True), ("self.off", True), ("self.other", False)),
    ],
)
def test_what_is_false(value, is_false):
    names = names_of(
        "from a import imported\noff = False\nboth = 0\nboth = 1\ncounted = 0\ncounted += 1\n"
        "for looped in b: pass\n"
        "class A:\n  off = False\n"
        f"  def g(self, given, default=False):\n    f(a, w := 1, *b, x={value}, **c)"
    )
    call = names.calls[-1] if value != "f()" else names.calls[-2]
    (node,) = names.keyword(call, "x")
    assert names.is_false(node) is is_false
    assert names.keyword(call, "w") == names.keyword(call, "y") == []


def test_a_name_of_very_many_values_is_no_constant():
    code = "\n".join("a = False" for _ in range(100)) + "\nf(x=a)"
    names = names_of(code)
    assert not names.is_false(names.keyword(names.calls[0], "x")[0])


@pytest.mark.parametrize(
    "code",
    [
        "f(x=1)",
        "f(**{'x': 1})",
        "f(**dict(x=1))",
        "k = {'x': 1, 'y': 2}\nf(**k)",
        "k = dict(x=1)\nf(**k)",
        "k = {}\nk['x'] = 1\nf(**k)",
        "def g(**k):\n  k['x'] = 1\n  f(**k)",
        "def g(**k):\n  k.setdefault('x', 1)\n  f(**k)",
        "k = {}\nk.update(x=1)\nf(**k)",
        "k = {}\nk.update({'x': 1})\nf(**k)",
        "self.k = {'x': 1}\nf(**self.k)",
    ],
)
def test_the_ways_to_give_a_keyword_argument(code):
    names = names_of(code)
    call = next(c for c in names.calls if names.tree.text(names.function(c)) == "f")
    assert [names.tree.text(node) for node in names.keyword(call, "x")] == ["1"]


def test_positional_arguments_and_methods():
    names = names_of("a.b(c, *d, e=1, **f)\ng(h for h in i)")
    tree = names.tree
    first, second = names.calls
    assert [tree.text(node) for node in names.positional(first)] == ["c", "*d"]
    assert [tree.text(node) for node in names.positional(second)] == ["(h for h in i)"]
    owner, method = names.method(first)
    assert (tree.text(owner), method) == ("a", "b")
    assert names.method(second) == (None, "")
