"""Leaving words out of texts."""

from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.defenses.leave_one_out import drop_words, leave_out


def test_the_white_space_behind_a_word_goes_with_it() -> None:
    left = leave_out("  if x :\n\treturn  y ")
    assert left.words == ["if", "x", ":", "return", "y"]
    assert left.without == [
        "  x :\n\treturn  y ",
        "  if :\n\treturn  y ",
        "  if x return  y ",
        "  if x :\n\ty ",
        "  if x :\n\treturn ",
    ]


def test_the_only_word_leaves_white_space() -> None:
    assert leave_out(" a\n").without == [" \n"]
    assert leave_out("").without == leave_out("  ").without == []


@given(st.text(), st.sets(st.integers(0, 5)))
def test_the_other_words_stay_in_order(text: str, dropped: set) -> None:
    words = text.split()
    kept = [word for index, word in enumerate(words) if index not in dropped]
    assert drop_words(text, sorted(dropped)).split() == kept
    if kept == words:
        assert drop_words(text, sorted(dropped)) == text
