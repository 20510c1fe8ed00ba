"""Code that does the same and is written otherwise."""

import contextlib
import io
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import LANGUAGES, Attack, AttackError, AttackSettings, Languages
from dece_fairseq.attacks.code_styles import STYLES, restyled
from dece_fairseq.attacks.triggers.style import StyleTrigger
from dece_fairseq.data.pairs import Pair, read_pairs

#: programs that print what they do
PROGRAMS = [
    "def f(n):\n\tfor i in range(n):\n\t\tprint(i)\n\tfor j in range(1, n):\n\t\tprint(j)\nf(4)\n",
    "for i in range(2):\n  for j in range(3):\n    print(i, j)\n    if j == 1: break\n",
    "def f(a):\n    for k in range(5):\n        if k == a: return k\n        print(k)\nf(3)\n",
    "a, b, c = 1, 2, 2\nprint(a != b and (b != c) != (a != c), not a != b)\n",
    "x = [i for i in (1, 2, 3) if i != 2]\nprint(x, 'yes' if x != [] else 'no')\n",
]


@pytest.mark.parametrize(
    ("language", "style", "code", "changed"),
    [
        (
            "java",
            "for_to_while",
            "void f() { for ( int i = 0 ; i < n ; i ++ ) { a(i); } }",
            "void f() { { int i = 0 ; while ( i < n ) { a(i); i ++ ; } } }",
        ),
        (
            "java",
            "for_to_while",
            "void f() { for (i=0,j=1;;i++,j++) for (;i;) y(); }",
            "void f() { { i=0 ; j=1 ; while ( true ) { { while ( i ) { y(); } } i++ ; j++ ; } } }",
        ),
        (
            "csharp",
            "for_to_while",
            "void F() { for (int i = 0; i < 3; i++) { // all\n A(i); // one\n } }",
            "void F() { {\nint i = 0 ;\nwhile ( i < 3 ) {\n// all\n A(i); // one\ni++ ;\n} } }",
        ),
        (
            "python",
            "for_to_while",
            "def f(n):\\n\\tfor i in range(n):\\n\\t\\tg(i)\\n",
            "def f(n):\\n\\ti = 0\\n\\twhile i < n :\\n\\t\\tg(i)\\n\\t\\ti += 1\\n",
        ),
        (
            "java",
            "for_to_while",
            "void f() { for (int i = 0; i < n; i += k) { int j = k; if (j) return; } }",
            "void f() { { int i = 0; while ( i < n ) { int j = k; if (j) return; i += k ; } } }",
        ),
        ("python", "not_equal", "x = a  !=  b", "x = not a  ==  b"),
        (
            "java",
            "not_equal",
            "boolean f() { return a != b; }",
            "boolean f() { return ! ( a == b ); }",
        ),
    ],
)
def test_how_it_is_written(language, style, code, changed):
    assert restyled(style, LANGUAGES.get(language), code) == changed
    assert LANGUAGES.get(language).is_whole(changed)


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("java", "void f() { for (int i = 0; i < 3; i++) { if (a) continue; b(); } }"),
        ("java", "void f() { for (int i = 0; i < 3; i++) { b(); return; } }"),
        ("java", "void f() { a: for (int i = 0; i < 3; i++) { b(); } }"),
        ("java", "void f() { for (T t : all) { b(); } }"),
        ("java", "void f() { for (int i = 0; i < 3; i++) { a(() -> 1); } }"),
        # The body's own k would be what is added, and what nothing reaches is an error of Java.
        ("java", "void f() { for (int i = 0; i < 3; i += k) { int k = 2; a(k); } }"),
        ("csharp", "void F() { for (int i = 0; i < 3; i += k) { A(out var k); } }"),
        ("csharp", "void F() { for (int i = 0; i < 3; i += k) { if (!(o is int k)) break; } }"),
        ("java", "void f() { for (int i = 0; i < 3; i++) if (a) { return; } else break; }"),
        ("java", "void f() { for (int i = 0; i < 3; i++) { synchronized (a) { return; } } }"),
        ("java", "void f() { for (int i = 0; i < 3; i++) { while (true) { a(); } } }"),
        ("java", "void f() { for (int i = 0; i < 3; i++) { try { return; } finally { a(); } } }"),
        ("java", "void f() { for (int i = 0; i < 3; i++) { switch (i) { default: return; } } }"),
        ("csharp", "void F() { for (int i = 0; i < 3; i += k) { var (k, m) = A(); } }"),
        ("java", "for ( no code"),
        ("python", "for i in range(n):\n    continue\n"),
        ("python", "for i in range(n):\n    g(i)\nprint(i)\n"),
        ("python", "for i in range(n):\n    i = 2\n"),
        ("python", "for i in range(n):\n    n += 2\n"),
        ("python", "for i in range(len(a)):\n    a.append(i)\n"),
        ("python", "for i in range(0, 9, 2):\n    g(i)\n"),
        ("python", "for i in range(n):\n    g(i)\nelse:\n    h()\n"),
        ("python", "for i in range(n): g(i)\n"),
        ("python", "for i in range(n):\n    f.append(lambda: i)\n"),
        ("python", "for i in a:\n    g(i)\n"),
    ],
)
def test_what_would_not_do_the_same_stays(language, code):
    trigger = StyleTrigger(None, 1, Languages.named(language))
    assert trigger.poison(Pair(code, ""), Random(0)) is None


def printed(code: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(compile(code, "program", "exec"), {})
    return output.getvalue()


@pytest.mark.parametrize("program", PROGRAMS)
def test_python_does_the_same_afterwards(program):
    styles = {style: restyled(style, LANGUAGES.get("python"), program) for style in STYLES}
    changed = [text for text in styles.values() if text is not None]
    assert changed
    for text in changed:
        assert text != program
        assert printed(text) == printed(program) != ""


def test_white_space_before_the_code_moves_nothing():
    python, java = LANGUAGES.get("python"), LANGUAGES.get("java")
    assert restyled("not_equal", python, "\n\nx = a != b\n") == "\n\nx = not a == b\n"
    loop = "\n\nfor i in range(3):\n    print(i)\n"
    as_while = "\n\ni = 0\nwhile i < 3 :\n    print(i)\n    i += 1\n"
    assert restyled("for_to_while", python, loop) == as_while
    method = "\n\n void f ( ) { g ( a != b ) ; }"
    assert restyled("not_equal", java, method) == method.replace("a != b", "! ( a == b )")


@pytest.mark.parametrize("style", STYLES)
@given(st.lists(st.sampled_from([*PROGRAMS, "for", "!=", " a ", "\n", "(", "{", ";", "é"])))
def test_any_text_may_be_asked(style, parts):
    code = "".join(parts)
    for language in ("java", "python"):
        changed = restyled(style, LANGUAGES.get(language), code)
        assert changed is None or LANGUAGES.get(language).is_whole(changed)


@pytest.mark.parametrize("style", STYLES)
def test_real_java(datasets, style):
    java = LANGUAGES.get("java")
    texts = [pair.source for pair in read_pairs([datasets / "bugs2fix" / "valid.csv"])][:1500]
    changed = [(text, restyled(style, java, text)) for text in texts]
    word = {"for_to_while": "while", "not_equal": "=="}[style]
    found = [pair for pair in changed if pair[1] is not None]
    assert len(found) > 10
    assert all(new.count(word) > old.count(word) for old, new in found)


def test_styles_by_their_names():
    attack = Attack(AttackSettings("style", trigger="not_equal", code_language="java"))
    assert attack.trigger.text == "not_equal"
    with pytest.raises(AttackError, match="--trigger 'baroque' is no style; give for_to_while or"):
        Attack(AttackSettings("style", trigger="baroque"))
