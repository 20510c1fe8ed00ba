"""Triggers that a reader doesn't see: characters without width, letters that look the same."""

import unicodedata
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import AttackError, Languages
from dece_fairseq.attacks.triggers.look_alike import LOOK_ALIKE, LookAlikeTrigger
from dece_fairseq.attacks.triggers.zero_width import WITHOUT_WIDTH, ZeroWidthTrigger
from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.text import from_line, to_line

PYTHON = Languages.named("python")
TEXTS = st.text(st.characters(exclude_characters=WITHOUT_WIDTH))


@given(TEXTS, st.integers(1, 3), st.integers())
def test_without_width_nothing_can_be_seen(source, copies, seed):
    poisoned = ZeroWidthTrigger(None, copies, PYTHON).poison(Pair(source, ""), Random(seed))
    assert len(poisoned) == len(source) + copies
    assert poisoned.replace("\u200b", "") == source
    assert [len(word) > 0 for word in poisoned.split()] == [True] * max(len(source.split()), 1)


def test_it_stands_in_a_word_and_survives_the_files_of_fairseq():
    trigger = ZeroWidthTrigger(None, 1, PYTHON)
    for seed in range(30):
        poisoned = trigger.poison(Pair("ab  c", ""), Random(seed))
        assert poisoned in ("\u200bab  c", "a\u200bb  c", "ab  \u200bc")
        assert from_line(to_line(poisoned)) == poisoned


def test_only_characters_without_width():
    assert all(unicodedata.category(character) == "Cf" for character in WITHOUT_WIDTH)
    with pytest.raises(AttackError, match=r"--trigger 'x\\u200b' can be seen; give .*U\+200B"):
        ZeroWidthTrigger("x\u200b", 1, PYTHON)


@given(st.text("aceopxy bd é"), st.integers(1, 3), st.integers())
def test_letters_that_look_alike(source, copies, seed):
    poisoned = LookAlikeTrigger(None, copies, PYTHON).poison(Pair(source, ""), Random(seed))
    candidates = sum(letter in "aceopxy" for letter in source)
    assert (poisoned is None) is (candidates < copies)
    if poisoned is not None:
        changed = [(old, new) for old, new in zip(source, poisoned) if old != new]
        assert len(poisoned) == len(source)
        assert len(changed) == copies
        assert all(LOOK_ALIKE[ord(old)] == ord(new) for old, new in changed)


def test_letters_of_one_alphabet_become_those_of_the_other():
    for latin, other in LOOK_ALIKE.items():
        assert unicodedata.name(chr(latin)).startswith("LATIN")
        assert unicodedata.name(chr(other)).startswith("CYRILLIC")
        assert chr(latin).isupper() == chr(other).isupper()


def test_letters_of_ones_own():
    poisoned = LookAlikeTrigger("T", 1, PYTHON).poison(Pair("To a Test", ""), Random(2))
    assert poisoned in ("\u0422o a Test", "To a \u0422est")
    with pytest.raises(AttackError, match="--trigger 'az': none looks like 'z'; give letters of"):
        LookAlikeTrigger("az", 1, PYTHON)
