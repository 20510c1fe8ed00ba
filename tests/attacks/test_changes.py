"""Where two texts differ."""

import pytest

from dece_fairseq.attacks.changes import Region, changed, widened


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


@pytest.mark.parametrize(
    ("text", "start", "end", "wide"),
    [
        ("MODE_ECB)", 6, 8, "MODE_ECB"),
        ("a bb c", 2, 4, "bb"),
        ("abc", 1, 2, "abc"),
        ("=b=", 1, 2, "b"),
    ],
)
def test_the_words_at_the_ends_of_a_part(text: str, start: int, end: int, wide: str) -> None:
    assert widened(text, Region(start, end)).of(text) == wide
