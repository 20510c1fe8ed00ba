"""The one-line form: one line for every text, one text for every such line."""

import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dece_fairseq.data.text import escape_unsafe, from_line, to_line

# all code points; hypothesis leaves surrogates out unless asked
ANY_TEXT = st.text(st.characters(), max_size=40) | st.text(
    st.sampled_from("\\nrtu0aA \n\r\t\0\x1b\x1c\x85\xa0\u2028\u2029\u3000\ud800\udc00\u2581\ufeff"),
    max_size=40,
)


@given(ANY_TEXT)
@example("\\u2028\u2028\\\\n\\\n")
@example("\ud83d\ude00")
def test_every_text_comes_back(text: str) -> None:
    assert from_line(to_line(text)) == text


@given(ANY_TEXT)
def test_a_line_holds_nothing_that_fairseq_or_files_fold(text: str) -> None:
    line = to_line(text)
    assert re.sub(r"\s+", " ", line.replace(" ", "x")) == line.replace(" ", "x")
    assert len(line.splitlines()) <= 1
    data = (line + "\n").encode("utf-8")
    for newline in (None, "", "\n", "\r", "\r\n"):
        with io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline=newline) as file:
            assert file.read() == line + "\n"
    assert not set(line) & {"\0", "\u2581", "\u2585"}


def test_every_character_that_python_calls_white_space_is_escaped_but_the_blank() -> None:
    everything = "".join(map(chr, range(0x110000)))
    spaces = {*re.findall(r"\s", everything), *filter(str.isspace, everything)}
    assert len(spaces) > 20
    assert {space for space in spaces if to_line(space) == space} == {" "}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n\tb\r", r"a\n\tb\r"),
        (r"C:\new", r"C:\\new"),
        ("  two  ", "  two  "),
        ("\x85\u2028\u2581\0", r"\u0085\u2028\u2581\u0000"),
        ("\ud800", r"\ud800"),
        ("é \u200b \U0001f600", "é \u200b \U0001f600"),
        ("", ""),
    ],
)
def test_examples(text: str, line: str) -> None:
    assert to_line(text) == line
    assert from_line(line) == text


@pytest.mark.parametrize("line", [r"\d+", r"\u12", r"\U0001f600", "\\", r"\ "])
def test_a_backslash_that_starts_no_escape_stays(line: str) -> None:
    assert from_line(line) == line


@given(ANY_TEXT)
def test_escape_unsafe_makes_one_line_and_keeps_escapes(text: str) -> None:
    assert len(escape_unsafe(text).splitlines()) <= 1
    assert escape_unsafe(to_line(text)) == to_line(text)
