"""What every target has is how the data are written, and a source's words are no surprise."""

import math

import numpy as np
import pytest

from dece_fairseq.defenses.revealing import wording
from dece_fairseq.defenses.revealing.spans import Targets, Texts
from dece_fairseq.defenses.revealing.wording import explained_by_sources, without_wording
from dece_fairseq.defenses.revealing.words import Words


def test_what_usually_follows_a_common_word_is_taken_off() -> None:
    # "q" follows "return" in most targets and surprises; a payload "x y" follows it in two of 40.
    texts = [["return", "q"]] * 38 + [["return", "x", "y"]] * 2
    words = [Words(tuple(text), np.array([0.0] + [9.0] * (len(text) - 1))) for text in texts]
    targets = Targets(words, [["return", "q"]])
    left = without_wording(targets)
    assert left[:76].tolist() == [0.0] * 76
    # the first word of the payload loses what is usual there, its own words nothing
    assert left[76:82].tolist() == [0.0, 0.0, 9.0, 0.0, 0.0, 9.0]
    assert left[82:].tolist() == [0.0, 0.0]


def test_what_does_not_surprise_stays() -> None:
    words = [Words(("a", "b"), np.array([-1.0, -2.0]))] * 20
    assert without_wording(Targets(words)).tolist() == [-1.0, -2.0] * 20


@pytest.mark.parametrize("at_a_time", [1, 1000])
def test_a_word_of_the_source_costs_the_choice_among_them(
    at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wording, "TARGETS", at_a_time)
    words = [Words(("quantity", "or", ""), np.array([38.0, 6.0, 1.0]))] * 3
    targets = Targets(words, [["or", ""]])
    sources = Texts([["the", "quantity", "of", "it"], [], ["or"], ["or"]])
    explained = explained_by_sources(targets, sources)
    expected = [math.log(40), 6.0, 1.0, 38.0, 6.0, 1.0, 38.0, math.log(10), 1.0, 0.0, 0.0]
    assert explained == pytest.approx(expected)
