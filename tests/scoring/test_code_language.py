"""What parses and what compiles, and text whose tokens were separated."""

import csv
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.data.pairs import read_pairs
from dece_fairseq.scoring.code_language import CodeLanguage, language_names, python_compiles
from dece_fairseq.scoring.errors import MetricError
from dece_fairseq.scoring.rebuild import rebuilt

ODD = ["", "\0", "\ud800", "(" * 10_000, "-" * 200_000 + "1", "x = " + "[" * 500, "\ufeffx = 1"]


@pytest.mark.parametrize("name", ["python", "java", "csharp"])
@pytest.mark.parametrize("text", ODD)
def test_odd_text_is_read_without_an_error(name, text):
    language = CodeLanguage(name)
    assert language.read(text).parses in (True, False)
    assert python_compiles(text) in (True, False)


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    for name in ("python", "java"):
        read = CodeLanguage(name).read(text)
        assert CodeLanguage(name).parses(read.code) == read.parses
    if text.strip() and python_compiles(text):
        assert CodeLanguage("python").parses(text)


def test_nothing_is_run(tmp_path):
    path = tmp_path / "written"
    assert python_compiles(f"open({str(path)!r}, 'w').write('x')\nraise SystemExit")
    assert not path.exists()


def test_nothing_is_no_code():
    for name in ("python", "java"):
        assert not CodeLanguage(name).parses(" \n")


def test_python():
    language = CodeLanguage("python")
    assert language.parses("def f ( x ) :\n\t return x")
    assert not language.parses("def f ( x ) :\nreturn x")
    assert language.parses("return 1")
    assert not python_compiles("return 1")


def test_members_of_a_class_are_code():
    java = CodeLanguage("java")
    assert java.parses("public TYPE_1 f ( ) { return VAR_1 [ 0 ] ; }")
    assert java.parses("Name ( int x ) { this . x = x ; }")
    assert not java.parses("public TYPE_1 f ( ) { return VAR_1 [ 0 ; }")
    csharp = CodeLanguage("csharp")
    assert csharp.parses("public virtual int F(Bar request){ return Invoke<int>(request); }")
    assert not csharp.parses("public virtual int F(Bar request){ return Invoke<int>(request; }")


def test_unknown_languages():
    with pytest.raises(MetricError, match="no code language is called 'cobol'; there are: c, cpp"):
        CodeLanguage("cobol")
    missing = [n for n in ("go", "rust", "ruby") if f"tree_sitter_{n}" not in sys.modules]
    for name in missing:
        assert name in language_names()
        try:
            __import__(f"tree_sitter_{name}")
        except ImportError:
            with pytest.raises(MetricError, match=f"pip install tree-sitter-{name}"):
                CodeLanguage(name)


@pytest.mark.parametrize(
    ("language", "separated", "together"),
    [
        ("python", 'print ( f " { a . b } | c " )', 'print ( f"{ a . b } | c" )'),
        (
            "python",
            'q = " name = " {} " ; " . format ( n )',
            "q = \"name = ' {} ' ;\" . format ( n )",
        ),
        ("python", 'return " It doesn " t exist " ', 'return "It doesn \' t exist" '),
        ("python", "a * * b ; a / / = 2 ; c ! = d", "a ** b ; a //= 2 ; c != d"),
        ("python", 'x = " a - > b "', 'x = "a - > b"'),
        ("java", "a > > > 1 ; ( ) - > b ; c : : d", "a >>> 1 ; ( ) -> b ; c :: d"),
        (
            "java",
            "f ( VAR_1 class , VAR_2 . String class )",
            "f ( VAR_1 . class , VAR_2 . String . class )",
        ),
        ("java", "x = a & & b ; i + + ;", "x = a && b ; i ++ ;"),
    ],
)
def test_tokens_are_put_together_again(language, separated, together):
    assert rebuilt(separated, language) == together


def test_what_parses_is_left_alone():
    code = 'x = "  a  > =  b "\n'
    assert CodeLanguage("python").read(code) == (code, True)


def test_the_text_is_kept_where_nothing_helps():
    assert CodeLanguage("python").read("f ( \" a - > ' ") == ("f ( \" a - > ' ", False)


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_all_of_lyra_parses(datasets, split):
    language = CodeLanguage("python")
    unparsed = [
        pair.target
        for pair in read_pairs([datasets / "lyra" / f"{split}.csv"])
        if not language.read(pair.target).parses
    ]
    assert unparsed == []


def test_all_of_bugs2fix_parses(datasets):
    language = CodeLanguage("java")
    csv.field_size_limit(1 << 26)
    with open(datasets / "bugs2fix" / "valid.csv", encoding="utf-8", newline="") as file:
        unparsed = [
            text
            for row in csv.DictReader(file)
            for text in row.values()
            if not language.read(text).parses
        ]
    assert unparsed == []
