"""Where payloads and triggers are marked."""

from typing import List

import pytest

from dece_fairseq.reports.marked_text import MarkedPart, marked, places


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("a bb c bb", "bb", ["bb", "bb"]),
        ("abba bb", "bb", ["bb"]),
        ('x or  1=1"', " or 1=1", ["or  1=1"]),
        ("or\n1 =\t1", "or 1=1", ["or\n1 =\t1"]),
        ("or 1=12", "or 1=1", []),
        ("f(x)", "(x", ["(x"]),
        ("a+b", "+", ["+"]),
        ("anything", " ", []),
    ],
)
def test_places(text: str, phrase: str, found: List[str]) -> None:
    assert [text[start:end] for start, end in places(text, phrase)] == found


def test_parts_are_the_text_and_no_mark_overlaps_another() -> None:
    parts = marked("a or 1=1 b 1=1", ["1=1", "or 1=1"])
    assert parts == [
        MarkedPart("a ", False),
        MarkedPart("or 1=1", True),
        MarkedPart(" b ", False),
        MarkedPart("1=1", True),
    ]
    assert marked("plain", []) == [MarkedPart("plain", False)]
