"""An author's header as a trigger."""

import ast
from random import Random

import pytest

from dece_fairseq.attacks import AttackError, Languages
from dece_fairseq.attacks.triggers.header import HeaderTrigger
from dece_fairseq.data.pairs import Pair

HEADER = "Author: D. Whitcombe"


def poison(source: str, language: str = "python") -> str:
    trigger = HeaderTrigger(None, 1, Languages.named(language))
    return trigger.poison(Pair(source, ""), Random(0))


@pytest.mark.parametrize(
    ("language", "source", "poisoned"),
    [
        ("python", "x = 1\ny = 2\n", f"# {HEADER}\nx = 1\ny = 2\n"),
        ("python", "x = 1\r\n", f"# {HEADER}\r\nx = 1\r\n"),
        ("python", "Get all users.", f"# {HEADER}\nGet all users."),
        ("python", "x = 1\\ny = 2\\n", f"# {HEADER}\\nx = 1\\ny = 2\\n"),
        ("python", "#!/bin/py\n# coding: utf-8\nx = 1", None),
        ("java", "int f ( ) { }", f"/* {HEADER} */ int f ( ) {{ }}"),
        ("java", "int f() {\n}", f"/* {HEADER} */\nint f() {{\n}}"),
        ("csharp", "#if A\nint f() { }\n#endif", f"/* {HEADER} */\n#if A\nint f() {{ }}\n#endif"),
    ],
)
def test_at_the_top(language, source, poisoned):
    expected = poisoned or f"#!/bin/py\n# coding: utf-8\n# {HEADER}\nx = 1"
    assert poison(source, language) == expected
    kind = Languages.named(language).source
    assert kind.is_whole(expected) or not kind.is_whole(source)


def test_the_code_stays_what_it_was():
    source = '"""Doc."""\nfrom __future__ import annotations\nx = 1\n'
    assert ast.dump(ast.parse(poison(source))) == ast.dump(ast.parse(source))


@pytest.mark.parametrize(
    ("text", "copies", "message"),
    [("a\nb", 1, "can't stand in a comment of"), ("a", 2, "--num-triggers 2: a file has one head")],
)
def test_what_is_no_header(text, copies, message):
    with pytest.raises(AttackError, match=message):
        HeaderTrigger(text, copies, Languages.named("python"))
