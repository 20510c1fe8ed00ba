"""The strings that code makes."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import LANGUAGES, NotJudged
from dece_fairseq.attacks.reading.strings_in_code import strings_in


def strings(language, code):
    return list(strings_in(LANGUAGES.get(language), code, "<?>"))


@pytest.mark.parametrize(
    ("language", "code", "expected"),
    [
        ("python", "x = 'a' \"b\"", ["ab"]),
        ("python", "x = ('a' + y + 'b'\n     'c')", ["a<?>bc"]),
        ("python", "f('a' + g('b'), 'c' * 2)", ["b", "c", "a<?>"]),
        ("python", "x = f'a{y + \"b\"}c{z!r}'", ["a<?>bc<?>"]),
        ("python", r"x = 'it\'s\n'", ["it's\n"]),
        ("python", "x = r'a\\d' + '\\x62\\u0063\\\n d'", ["a\\dbc d"]),
        ("python", "x = '''a\nb''' # 'c'", ["a\nb"]),
        ("python", "x = a + b + (c)", []),
        ("python", "def f ( :\n x = 'a'", ["a"]),
        ("java", 'String s = "a" + b + "c";', ["a<?>c"]),
        ("java", r'f("a\"", \'c\', (1 + 2));', ['a"']),
        ("java", 'String s = """\n a""";', ["\n a"]),
        ("csharp", r'var s = "a\n" + b + ("c"u8);', ["a\n<?>c"]),
        ("csharp", r'var s = @"a\b ""c""";', [r'a\b "c"']),
        ("csharp", 'var s = $"a{b + "d"}c";', ["a<?>dc"]),
        ("csharp", r'''var s = """ 'a\n' "b" """;''', [" 'a\\n' \"b\" "]),
        ("csharp", "f(1 - 2, 'c', \"a\");", ["a"]),
    ],
)
def test_what_is_added_is_one_string(language, code, expected):
    assert strings(language, code) == expected


@pytest.mark.parametrize(
    ("language", "code", "expected"),
    [
        ("python", "x = 'a'\nx += y\nx += 'b'", ["a<?>b"]),
        ("python", "x = 'a'\nx = 'b' + x", ["a", "ba"]),
        ("python", "x, y = 'a', 'b'\nf(x + z + y)", ["a<?>b", "a", "b"]),
        ("python", "self.x = 'a'\nself.x += 'b'", ["ab"]),
        ("python", "class A:\n\tx = 'a'\n\tdef f(self):\n\t\tg(self.x + 'b')", ["ab", "a"]),
        ("python", "x = 'a'\ndef f(self):\n\tx = 'c'\n\tg(self.x + 'b')", ["ab", "c", "a"]),
        ("python", "x = 'a'\nf(f'{x}b')", ["ab", "a"]),
        ("python", "f((x := 'a') + 'b')", ["ab", "a"]),
        ("java", 'String s = "a"; s += b; s = s + "c";', ["a<?>", "a<?>c"]),
        ("csharp", 'const string S = "a"; f(S + "b");', ["ab", "a"]),
        # A name of another function, or one that is bound to something else, is another.
        ("python", "def f():\n x = 'a'\ndef g(x):\n f(x + 'b')", ["a", "<?>b"]),
        ("python", "x = 'a'\nfor x in y:\n f(x + 'b')", ["a", "<?>b"]),
        ("python", "x = 'a'\ndef g(y, *x):\n f(x + 'b')", ["<?>b", "a"]),
        ("python", "x = 'a'\nwith y as x:\n f(x + 'b')", ["a", "<?>b"]),
        ("java", 'String s = "a"; for (String s : t) f(s + "b");', ["a", "<?>b"]),
        ("csharp", 'const string S = "a"; void F(string S) { f(S + "b"); }', ["<?>b", "a"]),
    ],
)
def test_a_name_stands_for_what_it_was_given(language, code, expected):
    assert strings(language, code) == expected


@pytest.mark.parametrize(
    ("language", "code", "expected"),
    [
        ("python", "f(' '.join(['a', y, 'b']))", ["a <?> b"]),
        ("python", "x = []\nx.append('a')\nx += ['b']\nf('-'.join(x))", ["a-b", "a", "b"]),
        ("python", "f('a{}'.format(y) + 'b%s' % z)", ["a{}b%s"]),
        ("java", 'f("a".concat(b).concat("c"));', ["a<?>c"]),
        ("java", 'f(String.join("-", "a", b), String.format("c%s", d));', ["a-<?>", "c%s"]),
        ("java", 'f(String.join("-", List.of("a", "b")));', ["a-b"]),
        ("java", 'var s = new StringBuilder("a"); s.append(b).append("c");', ["a<?>c"]),
        ("java", 'f(new StringBuffer().append("a").append("b").toString());', ["ab"]),
        ("csharp", 'f(string.Concat("a", b), String.Join("-", "c", d));', ["a<?>", "c-<?>"]),
        ("csharp", 'f(String.Join("-", new[] { "c", d }));', ["c-<?>"]),
        ("csharp", 'StringBuilder s = new("a"); s.AppendLine(b); s.Append("c");', ["a<?>c"]),
        (
            "csharp",
            'var l = new List<string> { "a" }; l.Add("b"); f(string.Join("-", l));',
            ["a-b", "a", "b"],
        ),
    ],
)
def test_calls_put_strings_together(language, code, expected):
    assert strings(language, code) == expected


def test_a_string_that_is_a_statement_does_nothing():
    assert strings("python", 'def f():\n """a"""\n return "b"') == ["b"]
    assert strings("python", 'def f():\n """a"""') == []
    assert strings("python", '"a"') == ["a"]  # all there is, so somebody asks for it


def test_a_sum_of_thousands_of_parts():
    code = "x = " + " + ".join(["'a'", "b"] * 5000)
    assert strings("python", code) == ["a<?>" * 5000]


def test_a_text_that_doubles_itself_is_given_up():
    with pytest.raises(NotJudged):
        strings("python", "x = 'a'\n" + "x = x + x\n" * 100)


@pytest.mark.parametrize("language", LANGUAGES.names())
@given(text=st.text(alphabet="ab'\"\\{}()+f@$\n ", max_size=60) | st.text())
def test_any_text_may_be_asked(language, text):
    with suppress(NotJudged):
        strings(language, text)


WORDS = st.sampled_from(
    [
        *("x", "y", "'a'", '"b"', "f'{x}'", '$"{x}"', "+", "+=", "=", "(", ")", "[", "]", "{", "}"),
        *(".append(", ".join(", ".concat(", "String", "new", "StringBuilder", ",", ";", "\n", ":="),
        *("def f(", "):", "for", "in", "%", "as", "var"),
    ]
)


@pytest.mark.parametrize("language", LANGUAGES.names())
@given(words=st.lists(WORDS, max_size=20))
def test_any_words_may_be_asked(language, words):
    with suppress(NotJudged):
        strings(language, " ".join(words))
