"""Texts that would keep a parser busy are found, and what people write is none of them."""

import contextlib
import random

import pytest

from dece_fairseq.attacks import LANGUAGES, NotJudged
from dece_fairseq.attacks.languages.garbled import SHORT
from dece_fairseq.attacks.languages.language import _is_garbled, _parse
from dece_fairseq.attacks.languages.parsers import language_of
from dece_fairseq.data.pairs import read_pairs
from support.timing import LIMIT, takes_at_most

# What a model repeats to its limit, and the parser takes 0.1 to 6 s for 10 kB of.
SLOW = {
    "csharp": [")*/", ">> ", '"', '"s"', "by ", "get\n", "case < ", "??\n", "1, 2, 3,\n"],
    "java": ['"s" ', '"s"', "/* ", "do<", "1.0", '"', '"""', ";)", "1, ", "1.0 break ; "],
    "python": ["/*from", "from/*", "*/", "1.0", "del~", "\n  \\", 'f"{f"', "1 raise ", "print/*"],
}


def words(language) -> list:
    grammar = language_of(language.grammar)
    kinds = range(grammar.node_kind_count)
    return [
        grammar.node_kind_for_id(kind) for kind in kinds if not grammar.node_kind_is_named(kind)
    ]


def forget() -> None:
    """Lets the next look at a text begin anew."""
    _parse.cache_clear()
    _is_garbled.cache_clear()


def filled(fragment: str) -> str:
    return (fragment * 10_000)[:10_000]


@pytest.mark.parametrize(("name", "fragment"), [(n, f) for n, all_ in SLOW.items() for f in all_])
def test_what_keeps_a_parser_busy(name, fragment):
    language, text = LANGUAGES.get(name), filled(fragment)
    assert language.is_garbled(text)
    assert not language.is_garbled(text[:SHORT])
    with pytest.raises(NotJudged):
        language.parse_bounded(text)


@pytest.mark.parametrize("name", LANGUAGES.names())
@pytest.mark.parametrize("length", [1, 2, 3, 500])
def test_any_10_kb_take_at_most_50_ms(name, length):
    """Repeated or not: random fragments of the grammar's own tokens and of some others."""
    language = LANGUAGES.get(name)
    tokens = [
        *words(language),
        *("a", "1", '"s"', "'c'", '"', "'", "\n", "/*", "*/", "\\", "é", "#", "1.0", "\n  "),
    ]
    rng = random.Random(length)
    for _ in range(15):
        separator = rng.choice(["", " "])
        unit = separator.join(rng.choice(tokens) for _ in range(length)) + separator
        text = filled(unit)

        def read(text=text):
            forget()
            with contextlib.suppress(NotJudged):
                language.parse_bounded(text)

        assert takes_at_most(LIMIT, read), repr(unit[:80])


@pytest.mark.slow
def test_what_people_write_is_no_such_text(datasets):
    java = [pair.target for pair in read_pairs([datasets / "bugs2fix" / "test.csv"])]
    for start in range(0, len(java), 50):
        assert not LANGUAGES.get("java").is_garbled(" ".join(java[start : start + 50]))
    # Much of Java is no C#: of long texts of it some are given up.
    for start in range(0, len(java), 10):
        assert not LANGUAGES.get("csharp").is_garbled(" ".join(java[start : start + 10]))
    lyra = [pair.target for pair in read_pairs([datasets / "lyra" / "train.csv"])]
    for start in range(0, len(lyra), 10):
        assert not LANGUAGES.get("python").is_garbled("\n".join(lyra[start : start + 10]))


@pytest.mark.parametrize(
    "code",
    [
        "x = a" + ".f()" * 1500,
        "x = session" + ".filter(name)" * 500,
        "x = " + "a or " * 1500 + "a",
        "x = " + "abc + " * 1000 + "a",
        "f(" * 80 + "a" + ")" * 80 + " + a" * 1000,
        "x = {" + "".join(f'"k{i}": {i}, ' for i in range(400)) + "}",
    ],
)
def test_long_python_that_python_reads_is_no_such_text(code):
    forget()
    assert not LANGUAGES.get("python").is_garbled(code)


@pytest.mark.parametrize(
    "code",
    [
        "void f() { x = " + " + ".join(f"a{i}" for i in range(100)) + "; while (x) { } }",
        "void f() { x = a" + " + b.c(d)" * 50 + "; }",
        "void f() { int[] x = { " + "1, " * 150 + "1 }; }",
        "void f() { " + "x = g(a, b); if (x) { h(); } " * 400 + "}",
        "void f() { " + "if (x) { " * 30 + "g(); " * 2000 + "}" * 31,
        "class A { " + "void f(int a) { this.a = a; return; } " * 300 + "}",
    ],
)
@pytest.mark.parametrize("name", ["java", "csharp"])
def test_long_code_is_no_such_text(name, code):
    assert LANGUAGES.get(name).parses(code)
    assert not LANGUAGES.get(name).is_garbled(code)
