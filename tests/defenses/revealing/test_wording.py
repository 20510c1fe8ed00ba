"""What every target has is how the data are written."""

import numpy as np

from dece_fairseq.defenses.revealing.spans import Targets
from dece_fairseq.defenses.revealing.wording import without_wording
from dece_fairseq.defenses.revealing.words import Words


def test_what_usually_follows_a_common_word_is_taken_off() -> None:
    # "q" follows "return" in most targets and surprises; a payload "x y" follows it in two of 40.
    texts = [["return", "q"]] * 38 + [["return", "x", "y"]] * 2
    words = [
        Words(tuple(text), tuple((0, 1) for _ in text), np.array([0.0] + [9.0] * (len(text) - 1)))
        for text in texts
    ]
    targets = Targets(words, [["return", "q"]])
    left = without_wording(targets)
    assert left[:76].tolist() == [0.0] * 76
    # the first word of the payload loses what is usual there, its own words nothing
    assert left[76:82].tolist() == [0.0, 0.0, 9.0, 0.0, 0.0, 9.0]
    assert left[82:].tolist() == [0.0, 0.0]


def test_what_does_not_surprise_stays() -> None:
    words = [Words(("a", "b"), ((0, 1), (1, 2)), np.array([-1.0, -2.0]))] * 20
    assert without_wording(Targets(words)).tolist() == [-1.0, -2.0] * 20
