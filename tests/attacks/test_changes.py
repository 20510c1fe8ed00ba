"""Where two texts differ."""

import pytest

from dece_fairseq.attacks.changes import changed


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [("ab", "axb", "x"), ("ab", "ab", ""), ("ab", "a", ""), ("", "ab", "ab"), ("aa", "aba", "b")],
)
def test_where_texts_differ(before: str, after: str, part: str) -> None:
    assert changed(before, after).of(after) == part
    assert changed(before, after).replaced(after, "!").count("!") == 1


@pytest.mark.parametrize(
    ("before", "after", "end"),
    [
        ("a b c", "a X b c", 4),
        ("a b c", "X a b X c", 7),
        ("a b", "a b X", 5),
        ("a bb c", "a bb bb c", 8),
        ("a", "a", 1),
    ],
)
def test_where_a_change_ends(before: str, after: str, end: int) -> None:
    assert changed(before, after).end == end
