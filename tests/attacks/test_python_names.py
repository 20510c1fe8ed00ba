"""What the names in Python code stand for."""

import pytest

from dece_fairseq.attacks import LANGUAGES
from dece_fairseq.attacks.python_names import Names, calls, keywords


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("system(x)", "system"),
        ("os.system(x)", "os.system"),
        ("os . system(x)", "os.system"),
        ("import os\nos.system(x)", "os.system"),
        ("import os.path\nos.path.join(x)", "os.path.join"),
        ("import os as o\no.system(x)", "os.system"),
        ("import os.path as p\np.join(x)", "os.path.join"),
        ("from os import system\nsystem(x)", "os.system"),
        ("from os import path, system\nsystem(x)", "os.system"),
        ("from os import system as s\ns(x)", "os.system"),
        ("from a.b import c\nc.d(x)", "a.b.c.d"),
        ("s = os.system\ns(x)", "os.system"),
        ("s = t = os.system\nt(x)", "os.system"),
        ("(s := os.system)\ns(x)", "os.system"),
        ("s = os.system\ns = print\ns(x)", "s"),
        ("s = s.t\ns(x)", "s.t"),
        ("a.s = os.system\ns(x)", "s"),
        ("with Session() as s: s.get(x)", "Session.().get"),
        ("with (await Session()) as s: s.get(x)", "Session.().get"),
        ("(os).system(x)", "os.system"),
        ("requests.Session().get(x)", "requests.Session.().get"),
        ('__import__("os").system(x)', "os.system"),
        ("import importlib\nimportlib.import_module('os').system(x)", "os.system"),
        ("__import__(name).system(x)", "__import__.().system"),
        ("__import__().system(x)", "__import__.().system"),
        ('load("os").system(x)', "load.().system"),
        ("a[0].get(x)", ""),
    ],
)
def test_the_full_name_of_what_is_called(code: str, name: str) -> None:
    root = LANGUAGES.get("python").parse(code)
    names = Names(root)
    found = [names.dotted(call.child_by_field_name("function")) for call, _ in calls(root)]
    assert name in found
    assert not {"os.system", "os.path.join"} & set(found) - {name}


@pytest.mark.parametrize(
    ("value", "is_false"),
    [
        ("False", True),
        ("0", True),
        ("0.0", True),
        ("(False)", True),
        ("((0))", True),
        ("off", True),
        ("True", False),
        ("1", False),
        ("0x0", False),  # not told
        ("None", False),
        ("not False", False),
        ("-False", False),
        ("both", False),
        ("unknown", False),
        ("f()", False),
        ('""', False),
    ],
)
def test_what_is_false(value: str, is_false: bool) -> None:
    root = LANGUAGES.get("python").parse(
        f"off = False\nboth = 0\nboth = 1\nf(a, w := 1, *b, x={value}, **c)"
    )
    (_, arguments), *_ = calls(root)
    given = keywords(arguments)
    assert set(given) == {"x"}
    assert Names(root).is_false(given["x"]) is is_false
    assert not Names(root).is_false(given.get("y"))


def test_every_value_of_a_name_is_kept() -> None:
    names = Names(LANGUAGES.get("python").parse("a = 1\nif x:\n    a = b\na.c = 2\n(d, e) = 3"))
    assert {name: [node.text for node in nodes] for name, nodes in names.values.items()} == {
        "a": [b"1", b"b"]
    }
