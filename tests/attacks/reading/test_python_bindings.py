"""What the variables of Python code are given."""

import pytest

from dece_fairseq.attacks import LANGUAGES
from dece_fairseq.attacks.reading.python_bindings import Bindings
from dece_fairseq.attacks.reading.python_tree import Tree


def given_to(code: str, name: str):
    """What the variable that the last ``name`` in ``code`` reads is given, and of what kind."""
    tree = Tree(LANGUAGES.get("python").parse(code))
    bindings = Bindings(tree)
    last = max(node for node in bindings.read if tree.text(node) == name)
    variable = bindings.read[last]
    found = {
        kind: [tree.text(node) for node in getattr(variable, kind)]
        for kind in ("values", "parts", "changes")
    }
    found["imports"] = variable.imports
    if variable.is_opaque:
        found["opaque"] = True
    return {kind: what for kind, what in found.items() if what}


@pytest.mark.parametrize(
    ("code", "name", "given"),
    [
        ("a", "a", {}),
        ("a = 1\na", "a", {"values": ["1"]}),
        ("a = b = 1\na", "a", {"values": ["b = 1"]}),
        ("a = 1\nif c: a = 2\na", "a", {"values": ["1", "2"]}),
        ("a: int = 1\na", "a", {"values": ["1"]}),
        ("(a := 1)\na", "a", {"values": ["1"]}),
        ("a, (b, c) = 1, (2, 3)\nc", "c", {"values": ["3"]}),
        ("[a, b] = [1, 2]\na", "a", {"values": ["1"]}),
        ("a, *b = 1, 2\na", "a", {"parts": ["1, 2"]}),
        ("a, b = c\na", "a", {"parts": ["c"]}),
        ("a = 1\na += 2\na", "a", {"values": ["1"], "parts": ["2"]}),
        ("a = {}\na['b'] = 1\na", "a", {"values": ["{}"], "changes": ["1"]}),
        ("a = {}\na['b']['c'] = 1\na", "a", {"values": ["{}"], "changes": ["1"]}),
        ("for a in b: a", "a", {"parts": ["b"]}),
        ("[a for a in b]", "a", {"parts": ["b"]}),
        ("with b as a: a", "a", {"values": ["b"]}),
        ("with b as (a, c): a", "a", {"parts": ["b"]}),
        ("try: pass\nexcept E as a: a", "a", {"values": ["E"]}),
        ("import a\na", "a", {"imports": ["a"]}),
        ("import a.b\na", "a", {"imports": ["a"]}),
        ("import b.c as a\na", "a", {"imports": ["b.c"]}),
        ("from b . c import d as a, e\na", "a", {"imports": ["b.c.d"]}),
        ("from b import a\na", "a", {"imports": ["b.a"]}),
        ("from . import a\na", "a", {"imports": ["..a"]}),
        # scopes
        ("def f(a): a", "a", {"opaque": True}),
        ("def f(*a): a", "a", {"opaque": True}),
        ("def f(**a): a", "a", {"opaque": True}),
        ("def f(a=1): a", "a", {"values": ["1"]}),
        ("def f(a: int): a", "a", {"opaque": True}),
        ("def f(a: int = 1): a", "a", {"values": ["1"]}),
        ("lambda a=1: a", "a", {"values": ["1"]}),
        ("a = 2\ndef f(b=a): pass", "a", {"values": ["2"]}),
        ("a = 2\ndef f(a=a): pass", "a", {"values": ["2"]}),
        ("a = 2\ndef f(a=1): pass\na", "a", {"values": ["2"]}),
        ("def f():\n a = 1\ndef g(): a", "a", {}),
        ("a = 2\ndef f():\n a = 1\n def g(): a", "a", {"values": ["1"]}),
        ("a = 2\ndef f():\n global a\n a = 1\na", "a", {"values": ["2", "1"]}),
        ("def f():\n a = 2\n def g():\n  nonlocal a\n  a = 1\n a", "a", {"values": ["2", "1"]}),
        ("class A:\n a = 1\n def f(self): a", "a", {}),
        ("class A:\n a = 1\n a", "a", {"values": ["1"]}),
        ("def a(): pass\na", "a", {"opaque": True}),
        ("class a: pass\na", "a", {"opaque": True}),
        # attributes
        ("a.b = 1\na.b", "a.b", {"values": ["1"]}),
        ("a.b = 1\nc.b", "c.b", {}),
        ("class A:\n a = 1\n def f(self): self.a", "self.a", {"values": ["1"]}),
        ("class A:\n def f(self): self.a = 1\n def g(me): me.a", "me.a", {"values": ["1"]}),
        ("class A:\n def f(self): self.a = 1\nclass B:\n def f(self): self.a", "self.a", {}),
        ("a.b['c'] = 1\na.b", "a.b", {"changes": ["1"]}),
        ("a.b['c'] = 1\na", "a", {}),
    ],
)
def test_what_a_variable_is_given(code, name, given):
    assert given_to(code, name) == given
