"""The strings that code makes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import LANGUAGES
from dece_fairseq.attacks.strings_in_code import strings_in


@pytest.mark.parametrize(
    ("language", "code", "strings"),
    [
        ("python", "x = 'a' \"b\"", ["ab"]),
        ("python", "x = ('a' + y + 'b'\n     'c')", ["a<?>bc"]),
        ("python", "f('a' + g('b'), 'c' * 2)", ["a<?>", "b", "c"]),
        ("python", "x = f'a{y + \"b\"}c'", ["a<?>c", "<?>b"]),
        ("python", r"x = 'it\'s\n'", ["it's\n"]),
        ("python", "x = '''a\nb''' # 'c'", ["a\nb"]),
        ("python", "x = a + b + (c)", []),
        ("python", "def f ( :\n x = 'a'", ["a"]),
        ("java", 'String s = "a" + b + "c";', ["a<?>c"]),
        ("java", r'f("a\"", \'c\', (1 + 2));', ['a"']),
        ("java", 'String s = """\n a""";', ["\n a"]),
        ("csharp", r'var s = "a\n" + b + ("c"u8);', ["a\n<?>c"]),
        ("csharp", r'var s = @"a\b ""c""";', [r'a\b "c"']),
        ("csharp", 'var s = $"a{b + "d"}c";', ["a<?>c", "<?>d"]),
        ("csharp", r'''var s = """ 'a\n' "b" """;''', [" 'a\\n' \"b\" "]),
        ("csharp", "f(1 - 2, 'c', \"a\");", ["a"]),
    ],
)
def test_what_is_added_is_one_string(language, code, strings):
    assert list(strings_in(LANGUAGES.get(language), code, "<?>")) == strings


def test_a_sum_of_thousands_of_parts():
    code = "x = " + " + ".join(["'a'", "b"] * 5000)
    assert list(strings_in(LANGUAGES.get("python"), code, "?")) == ["a?" * 5000]


@pytest.mark.parametrize("language", LANGUAGES.names())
@given(text=st.text(alphabet="ab'\"\\{}()+f@$\n ", max_size=60) | st.text())
def test_any_text_may_be_asked(language, text):
    list(strings_in(LANGUAGES.get(language), text, "?"))
