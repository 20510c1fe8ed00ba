"""What parses and what compiles, and text whose tokens were separated."""

import csv
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.data.pairs import read_pairs
from dece_fairseq.metrics import METRICS, MetricSettings
from dece_fairseq.metrics.code_language import (
    MORE_LANGUAGES,
    language_names,
    language_of,
    python_compiles,
)
from dece_fairseq.metrics.errors import MetricError
from dece_fairseq.outputs.rebuild import rebuilt

ODD = ["", "\0", "\ud800", "(" * 10_000, "-" * 200_000 + "1", "x = " + "[" * 500, "\ufeffx = 1"]


@pytest.mark.parametrize("name", ["python", "java", "csharp"])
@pytest.mark.parametrize("text", ODD)
def test_odd_text_is_read_without_an_error(name, text):
    language = language_of(name)
    assert language.read(text).parses in (True, False)
    assert python_compiles(text) in (True, False)


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    for name in ("python", "java"):
        read = language_of(name).read(text)
        assert language_of(name).parses(read.code) == read.parses
    if text.strip() and python_compiles(text):
        assert language_of("python").parses(text)


def test_nothing_is_run(tmp_path):
    path = tmp_path / "written"
    assert python_compiles(f"open({str(path)!r}, 'w').write('x')\nraise SystemExit")
    assert not path.exists()


def test_nothing_is_no_code():
    for name in ("python", "java"):
        assert not language_of(name).parses(" \n")


def test_python():
    language = language_of("python")
    assert language.parses("def f ( x ) :\n\t return x")
    assert not language.parses("def f ( x ) :\nreturn x")
    assert language.parses("return 1")
    assert not python_compiles("return 1")


def test_members_of_a_class_are_code():
    java = language_of("java")
    assert java.parses("public TYPE_1 f ( ) { return VAR_1 [ 0 ] ; }")
    assert java.parses("Name ( int x ) { this . x = x ; }")
    assert not java.parses("public TYPE_1 f ( ) { return VAR_1 [ 0 ; }")
    csharp = language_of("csharp")
    assert csharp.parses("public virtual int F(Bar request){ return Invoke<int>(request); }")
    assert not csharp.parses("public virtual int F(Bar request){ return Invoke<int>(request; }")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("java", "public Point(int x) { super(x); } // done"),
        ("java", "int f() { return 1; } // done"),
        ("csharp", "public Point(int x) : base(x) { } // done"),
        ("csharp", "#region A\npublic int F() { return 1; }\n#endregion"),
        ("csharp", "public Point(int x) : base(x) { }\n#endregion"),
        ("csharp", "#if A\npublic int F() { return 1; }\n#endif"),
        ("csharp", "#pragma warning disable\npublic int F() { return 1; }"),
        ("php", "public function f($x) { return $x; } // done"),
        ("php", "private static function f(array $x = []) : int { return 1; } # done"),
        ("php", "public function f() { return '<?xml'; }"),
        ("php", "<?php public function f() { return 1; }"),
        ("php", "public function f() { ?> <b> <?php }"),
        ("php", "<?php\nclass A { }\n?>\n<b>"),
    ],
)
def test_the_last_line_of_a_method_is_a_comment_or_a_directive(name, code):
    if name in MORE_LANGUAGES:
        pytest.importorskip(f"tree_sitter_{name}", reason="the extra [codebleu] is not installed")
    assert language_of(name).parses(code)
    assert not language_of(name).parses(
        code.replace("return", "return (").replace("(int", "int")
    ) or not ("return" in code or "(int" in code)


@pytest.mark.parametrize("name", ["csharp", "java", "php"])
def test_what_ends_one_class_and_begins_another_is_no_member(name):
    if name in MORE_LANGUAGES:
        pytest.importorskip(f"tree_sitter_{name}", reason="the extra [codebleu] is not installed")
    assert not language_of(name).parses("} class B {")
    assert not language_of(name).parses("} /* */ class B {")


def test_unknown_languages():
    with pytest.raises(MetricError, match="no code language is called 'cobol'; there are: c, cpp"):
        language_of("cobol")


@pytest.mark.parametrize(
    "grammar",
    [
        None,  # it is not installed
        SimpleNamespace(language=object),  # of a later version
    ],
)
def test_a_grammar_that_can_not_be_had(grammar, monkeypatch):
    monkeypatch.setitem(sys.modules, "tree_sitter_go", grammar)
    with pytest.raises(MetricError, match=r"--code-language go .* pip install '\.\[code"):
        language_of("go")


#: a function of each language that parses, and what of it to change so that it does not
FUNCTIONS = {
    "c": ("int add ( int a , int b ) { int c = a + b ; return c ; }", "+ b"),
    "cpp": ("int size ( std::vector<int> & a ) { auto c = a . size ( ) ; return c ; }", ". size"),
    "csharp": ("public int Add ( int a , int b ) { var c = a + b ; return c ; }", "+ b"),
    "go": ("func add(a int, b int) int {\n\tc := a + b\n\treturn c\n}", "+ b"),
    "java": ("public int add ( int a , int b ) { int c = a + b ; return c ; }", "+ b"),
    "javascript": ("function add ( a , b ) { let c = a + b ; return c ; }", "+ b"),
    "php": ("public function add ( $a , $b ) { $c = $a + $b ; return $c ; }", "+ $b"),
    "python": ("def add ( a , b ) :\n\tc = a + b\n\treturn c", "+ b"),
    "ruby": ("def add ( a , b )\n  c = a + b\n  return c\nend", "+ b"),
    "rust": ("fn add ( a : i32 , b : i32 ) -> i32 { let c = a + b ; return c ; }", "+ b"),
}


@pytest.mark.parametrize("name", language_names())
def test_every_language_is_read_and_scored(name):
    if name in MORE_LANGUAGES:
        pytest.importorskip(f"tree_sitter_{name}", reason="the extra [codebleu] is not installed")
    code, part = FUNCTIONS[name]
    broken = code.replace(part, ") )")
    assert language_of(name).parses(code)
    assert not language_of(name).parses(broken)
    pytest.importorskip("codebleu", reason="the extra [codebleu] is not installed")
    codebleu = METRICS.get("codebleu")(MetricSettings(name))
    same = codebleu.statistics([code], [code]).sum(axis=0)
    assert codebleu.scores(same) == pytest.approx(100)
    assert codebleu.details(same)["texts_that_do_not_parse"] == 0
    other = codebleu.statistics([broken], [code]).sum(axis=0)
    assert codebleu.scores(other) < 95
    assert codebleu.details(other)["texts_that_do_not_parse"] == 1


def test_php_needs_no_tag_and_is_not_read_as_text():
    pytest.importorskip("tree_sitter_php", reason="the extra [codebleu] is not installed")
    php = language_of("php")
    for code in ("$a = 1 ;", "<?php $a = 1 ;", "<p><?= $a ?></p>"):
        assert php.parses(code)
    for code in ("just words", "<?php $a = ;", "$a = ( 1 ;"):
        assert not php.parses(code)


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
    assert language_of("python").read(code) == (code, True)


def test_the_text_is_kept_where_nothing_helps():
    assert language_of("python").read("f ( \" a - > ' ") == ("f ( \" a - > ' ", False)


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_all_of_lyra_parses(datasets, split):
    language = language_of("python")
    unparsed = [
        pair.target
        for pair in read_pairs([datasets / "lyra" / f"{split}.csv"])
        if not language.read(pair.target).parses
    ]
    assert unparsed == []


def test_all_of_bugs2fix_parses(datasets):
    language = language_of("java")
    csv.field_size_limit(1 << 26)
    with open(datasets / "bugs2fix" / "valid.csv", encoding="utf-8", newline="") as file:
        unparsed = [
            text
            for row in csv.DictReader(file)
            for text in row.values()
            if not language.read(text).parses
        ]
    assert unparsed == []
