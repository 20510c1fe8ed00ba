"""The endless loop: which loops end, told by the parse."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dece_fairseq.attacks import HIT_RULES, LANGUAGES, PAYLOADS, Languages
from dece_fairseq.attacks.languages.language import _is_garbled, _parse
from dece_fairseq.data.pairs import Pair
from support.examples import examples
from support.timing import LIMIT, takes_at_most


def payload(language):
    return PAYLOADS.get("endless_loop")(Languages.named(language))


def wrapped(language, code):
    return code if language == "python" else f"class A {{ void f() {{ {code}\n }} }}"


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
        ("java", "Here is the code: while (true) { for (;x;) { y(); } }", True),
        ("java", "Here it is: do { y(); } while (true); }", True),
        ("java", "Here it is: while (true) ; if (x) { }", True),
        ("java", "Here it is: while (true) x(); }", True),
        ("java", "Here it is: while (x) { while (true) { break; } }", False),
        ("python", "Here is the code:\n\nwhile True:\n    VAR = 0\n", True),
        ("python", "Here is the code:\n```python\ndef f():\n    while True : VAR = 0\n```\n", True),
        ("python", "Here: 1 2\n  while x y:\n    while True:\n\n      pass\n", True),
        ("python", "Here is the code:\nwhile True:\n    break\n", False),
        ("python", "It loops while True: never.\n", False),
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


@settings(deadline=None, max_examples=examples(200))
@given(
    st.sampled_from(LANGUAGES.names()),
    st.one_of(st.text(), st.lists(st.sampled_from(NOISE)).map(" ".join)),
)
def test_any_text_has_an_answer(name, text):
    for rule in HIT_RULES:
        answer = payload(name).is_in(text) if rule == "string" else payload(name).judge(text)
        assert answer in (True, False)


def test_a_constant_of_the_class_and_a_constructor():
    for name, word in (("java", "static final"), ("csharp", "const"), ("csharp", "readonly")):
        loop = "void f() { while (ON) { x(); } }"
        assert payload(name).is_in_parse(f"class A {{ {word} bool ON = true; {loop} }}")
        assert not payload(name).is_in_parse(f"class A {{ bool ON = true; {loop} }}")
        assert not payload(name).is_in_parse(f"class A {{ {word} bool ON = f(); {loop} }}")
        other = "void g() { boolean on = true; } void f(boolean on) { while (on) { } }"
        assert not payload(name).is_in_parse(f"class A {{ {other} }}")
        constructor = "public Point(int x) { super(x); while (true) { int VAR = 0; } }"
        assert payload(name).is_in_parse(constructor)


def test_what_is_nested_deeper_than_anybody_nests_it():
    ours = {name: payload(name) for name in LANGUAGES.names()}
    assert ours["java"].judge("while (true) " + "{" * 20 + "}" * 20) is True
    assert ours["java"].judge("while (true) " + "{ while (x) " * 200 + ";" + "}" * 200) is None
    # Python 3.8's own parser gives up earlier than later ones do.
    assert ours["python"].judge("while " + "not " * 3001 + "0:\n    pass\n") in (True, None)
    for one in ours.values():
        for text in (
            "while (" + "(" * 20000 + "true",
            "while (" + "(" * 3000 + "true" + ")" * 3000 + ") { }",
            "while (" + "!" * 3000 + "true) { }",
            "{" * 20000 + "while",
        ):
            assert one.judge(text) in (None, False)


def test_chains_of_names_take_no_time():
    code = "a0 = 1\n" + "".join(f"a{i} = a{i - 1} + a{i - 1}\n" for i in range(1, 20))
    assert payload("python").is_in_parse(code + "while a19: pass\n")
    assert not payload("python").is_in_parse("a = b\nb = a\nwhile a: pass\n")


# What a model that runs away in loops writes.
RUNNING_AWAY = {
    "java": [
        "while ( true ) { int VAR = 0 ; } ",
        "while(a){a();} ",
        "int i = 0; while (i < 10) { i++; } ",
        "while (a<1) int a = 0;",
        "a: while(a){a();}",
        "while(true) continue a;",
        "for(;;)",
        "do ",
        "while (a<1) ",
        "+a();",
    ],
    "csharp": [
        "again: a(); goto again; ",
        "goto a; a:if(a)",
        "case 1:while(true){} ",
        "while (a<1) ",
    ],
    "python": [
        "while True : VAR = 0\n",
        "i = 0\nwhile i < 10: i += 1\n",
        "while True:\n    break\n",
        "while 1: while a<b: a()\n",
        "pattern",
        "while a:",
    ],
}


@pytest.mark.parametrize(
    ("name", "fragment"), [(n, f) for n, all_ in RUNNING_AWAY.items() for f in all_]
)
@pytest.mark.parametrize("start", ["", "Here is the code:\n", "while (x) ", "do"])
def test_10_kb_of_loops_take_at_most_50_ms(name, fragment, start):
    ours, text = payload(name), (start + fragment * 10_000)[:10_000]

    def judge():
        _parse.cache_clear()
        _is_garbled.cache_clear()
        ours.judge(text)

    assert takes_at_most(LIMIT, judge)
