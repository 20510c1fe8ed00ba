"""Texts of strangers that a person looks at."""

import pytest

from dece_fairseq.data.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n\tb \u00a0\u4e2d", "a\n\tb \u00a0\u4e2d"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\u202eb\u200b", "a\\u202eb\\u200b"),
        ("x\ry\x08", "x\\ry\\x08"),
        ("\ud800\u2028", "\\ud800\\u2028"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_is_not_seen_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown
