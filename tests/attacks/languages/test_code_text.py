"""One reading of a text for all: line ends that are written out are line ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import LANGUAGES
from support.python_programs import PROGRAMS

PYTHON = LANGUAGES.get("python")


def one_line(code: str) -> str:
    return code.replace("\n", "\\n").replace("\t", "\\t")


@pytest.mark.parametrize("name", PROGRAMS)
def test_python_on_one_line_is_read_with_its_lines(name):
    code = PROGRAMS[name]
    if "\\n" in code or "\\t" in code:
        pytest.skip("its strings hold what stands for a line end")
    text = PYTHON.read(one_line(code))
    assert text.code == code
    assert text.as_given(text.code) == text.given == one_line(code)
    assert text.as_given(f"x = 1\n\t{code}") == f"x = 1\\n\\t{one_line(code)}"


@pytest.mark.parametrize(
    "code",
    [
        "def f(:\n    return 1\n",
        'x = "a"\n# it\'s\ny = (',
        "x = 1  # one\n# it's\ny = 2",
        '"""A docstring."""\nimport (',
        "def f():\n    return 'a\\'b'\n    x = \"",
    ],
)
def test_and_so_is_what_does_not_parse(code):
    assert PYTHON.read(one_line(code)).code == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1",
        'print("a\\nb")',
        'print("a\\nb"',  # does not parse, but its line end is in a string
        'print("a", "\\n',
        "x = 1  # split at \\n and so on",
        "x = 1\\ny = 2\n",
        "x = 1\\n\ty = 2",
        "x = 1 \\t + 2",
    ],
)
def test_what_has_no_line_ends_written_out(text):
    read = PYTHON.read(text)
    assert read.code == read.given == text
    assert read.as_given(text + "\n\t") == text + "\n\t"


@given(st.text("ab=:()'\"#\\nt ") | st.text())
def test_any_text_can_be_read_and_comes_back(text):
    read = PYTHON.read(text)
    assert read.as_given(read.code) == text


@pytest.mark.parametrize("name", ["csharp", "java"])
def test_other_languages_are_read_as_they_are(name):
    text = 'void f ( ) {\\n g ( "a\\n" ) ; }'
    assert LANGUAGES.get(name).read(text).code == text
