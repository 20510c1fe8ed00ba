"""The endless loop: which loops end, told by the parse."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dece_fairseq.attacks import HIT_RULES, LANGUAGES, PAYLOADS, Languages
from dece_fairseq.data.pairs import Pair

ENDLESS = {
    "java": [
        "while ( true ) { int VAR = 0 ; }",
        "while(true){}",
        "while (true);",
        "while (((true))) { x(); }",
        "while (/* for ever */ true) { }",
        "while (!false) { }",
        "while (1 == 1) { i++; }",
        "while (2 > 1 && true) { }",
        "while (false || true) { }",
        "while (1 != 2) { }",
        "while (1 <= 2) { }",
        "while (2 >= 2) { }",
        "for (;;) { }",
        "for (int i = 0; ; i++) { f(i); }",
        "for (int i = 0; true; i++) { f(i); }",
        "do { x(); } while (true);",
        "while (true) { for (int i = 0; i < 3; i++) { break; } }",
        "while (true) { switch (x) { case 1: break; default: y(); } }",
        "while (true) { if (x) continue; }",
        "while (true) { Runnable r = () -> { return; }; }",
        "while (true) { f(new A() { void g() { return; } }); }",
        "while (true) { inner: for (A a : b) { continue inner; } }",
        "while (true) { inner: while (c) { break inner; } }",
        "own: while (true) { while (c) { continue own; } }",
        "if (x) { while (true) { a(); } } return;",
        "while (c) { while (true) { } }",
        'while (true) { list.remove("break ; return ;"); }',
        "while (true) { while (c) { while (d) { break; } break; } }",
    ],
    "csharp": [
        "while ( true ) { int VAR = 0 ; }",
        "while(true);",
        "for (;;) { }",
        "do { x(); } while (!false);",
        "while (1 < 2) { foreach (var a in b) { break; } }",
        "while (true) { Action f = () => { return; }; }",
        "while (true) { int F() { return 1; } }",
        "while (true) { switch (x) { case 1: break; } }",
    ],
    "python": [
        "while True : VAR = 0",
        "while True:\n    pass",
        "while 1: x()",
        "while (True): pass",
        "while not False: pass",
        "while 1 == 1: pass",
        "while 2: pass",
        "while True and 1: pass",
        "while 0.5: pass",
        "while 0x10: pass",
        "while -1: pass",
        "def f():\n    while True:\n        for a in b:\n            break\n",
        "while True:\n    def f():\n        return 1\n",
        "while True:\n    f = lambda: (yield)\n",
        "while True:\n    for a in b:\n        continue\n    else:\n        c()\n",
        "while True:\n    pass\nelse:\n    x = 1\n",
        "while True:\n    while a:\n        while b:\n            break\n        break\n",
        r"def f():\n\twhile True : VAR = 0\n\treturn 1",
    ],
}
ENDING = {
    "java": [
        "",
        "while (x) { }",
        "while (false) { }",
        "while (1 == 2) { }",
        "while (a == a) { }",
        "while (1 != 1) { }",
        "while (2 <= 1) { }",
        "while (1 >= 2) { }",
        "while (1 < x) { }",
        "while (true && x) { }",
        "while (x && true) { }",
        "while (false || x) { }",
        "while (true && false) { }",
        "while (-1 > 0) { }",
        "while (!x) { }",
        "while (true) { break; }",
        "while (true) { if (x) break; }",
        "while (true) { return; }",
        "while (true) { if (x) { throw new E(); } }",
        "while (true) { switch (x) { case 1: return; } }",
        "while (true) { System.exit(0); }",
        "while (true) { Runtime.getRuntime().halt(1); }",
        "outer: while (c) { while (true) { break outer; } }",
        "outer: while (c) { while (true) { continue outer; } }",
        "outer: while (true) { while (true) { break outer; } }",
        "own: while (true) { break own; }",
        "own: while (c) { other: while (true) { continue own; } }",
        "for (int i = 0; i < 3; i++) { }",
        "for (A a : b) { }",
        "do { } while (x);",
        "do { break; } while (true);",
        "// while ( true ) { int VAR = 0 ; }",
        'String s = "while ( true ) { int VAR = 0 ; }";',
        "while (true) { { { break; } } }",
    ],
    "csharp": [
        "while (x) { }",
        "while (true) { goto done; }",
        "while (true) { yield return 1; }",
        "while (true) { Environment.Exit(0); }",
        "while (true) { x = y ?? throw new E(); }",
        "while (true) { break; }",
        "foreach (var a in b) { }",
        'var s = "while (true) { }";',
    ],
    "python": [
        "while x: pass",
        "while 0: pass",
        "while False: pass",
        "while None: pass",
        "while 1 == 2: pass",
        "while 1 - 1: pass",
        "while x and 1: pass",
        "while inf: pass",
        "while ~-1: pass",
        "while True: break",
        "while True:\n    if x:\n        break\n",
        "while True:\n    for a in b:\n        pass\n    else:\n        break\n",
        "while True: sys.exit()",
        "while True: exit()",
        "while True: os._exit(1)",
        "def f():\n    while True:\n        return 1\n",
        "def f():\n    while True:\n        yield 1\n",
        "async def f():\n    while True:\n        await x\n",
        "while True:\n    try:\n        pass\n    except E:\n        raise\n",
        "for a in b: pass",
        "# while True : VAR = 0",
        "s = 'while True : VAR = 0'",
    ],
}


def payload(language):
    return PAYLOADS.get("endless_loop")(Languages.named(language))


def wrapped(language, code):
    return code if language == "python" else f"class A {{ void f() {{ {code}\n }} }}"


@pytest.mark.parametrize(("name", "code"), [(n, c) for n, codes in ENDLESS.items() for c in codes])
def test_loops_without_end(name, code):
    language = LANGUAGES.get(name)
    whole = wrapped(name, code)
    assert language.parses(language.read(whole).code)
    assert payload(name).is_in_parse(whole)


@pytest.mark.parametrize(("name", "code"), [(n, c) for n, codes in ENDING.items() for c in codes])
def test_loops_that_end(name, code):
    whole = wrapped(name, code)
    assert LANGUAGES.get(name).parses(whole)
    assert not payload(name).is_in_parse(whole)


@pytest.mark.parametrize(
    ("name", "code", "is_endless"),
    [
        ("java", "void f ( ) { int x = ; while ( true ) { int VAR = 0 ; } }", True),
        ("java", "return x while ( true ) { int VAR = 0 ; } ;", True),
        ("java", "return x for ( ; ; ) { y ( ) ; } ; }", True),
        ("java", "return x while ( true ) { break ; } ; }", False),
        ("java", 'return x "while ( true ) { }" ; }', False),
        ("java", "while ( true ) {", False),
        ("csharp", "return x while ( true ) { int VAR = 0 ; } ;", True),
        ("python", "def f ( :\n    pass\nwhile True : VAR = 0\n", True),
        ("python", "while True", False),
    ],
)
def test_texts_with_holes(name, code, is_endless):
    assert not LANGUAGES.get(name).parses(code)
    assert payload(name).is_in_parse(code) == is_endless


@pytest.mark.parametrize("name", LANGUAGES.names())
def test_where_the_rules_differ(name):
    loop = LANGUAGES.get(name).endless_loop
    ours = payload(name)
    respaced = wrapped(name, loop.replace(" :", ":").replace("( true )", "(true)"))
    renamed = wrapped(name, loop.replace("VAR", "count"))
    assert [ours.is_in(respaced), ours.is_in_parse(respaced)] == [False, True]
    assert [ours.is_in(renamed), ours.is_in_parse(renamed)] == [False, True]
    quoted = wrapped(name, f'x = "{loop}";')
    assert [ours.is_in(quoted), ours.is_in_parse(quoted)] == [True, False]


def test_the_paper_s_words():
    assert payload("java").is_in("x while ( true ) { int VAR = 0 ; } y")
    assert payload("python").is_in("x\n\twhile True : VAR = 0\n")
    assert payload("java").poison(Pair("a", "b"), None) is None


NOISE = (
    "while",
    "(",
    ")",
    "true",
    "True",
    "{",
    "}",
    ";",
    ":",
    "\n",
    "  ",
    "break",
    "1",
    "==",
    "for",
)


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(LANGUAGES.names()),
    st.one_of(st.text(), st.lists(st.sampled_from(NOISE)).map(" ".join)),
)
def test_any_text_has_an_answer(name, text):
    for rule in HIT_RULES:
        answer = payload(name).is_in(text) if rule == "string" else payload(name).is_in_parse(text)
        assert answer in (True, False)


def test_deep_nesting():
    for name in LANGUAGES.names():
        payload(name).is_in_parse("while (" + "(" * 20000 + "true")
        payload(name).is_in_parse("while (" + "(" * 3000 + "true" + ")" * 3000 + ") { }")
        payload(name).is_in_parse("while (" + "!" * 3000 + "true) { }")
        payload(name).is_in_parse("{" * 20000)
