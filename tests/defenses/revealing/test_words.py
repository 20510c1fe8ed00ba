"""Words of targets, and the surprise of each."""

import random
from typing import List

import numpy as np
import pytest

from dece_fairseq.defenses.revealing.words import END, Words, places_of, split
from dece_fairseq.defenses.revealing.words import words_of as words_of_all


def words_of(text: str, ends: List[int], surprise: List[float]) -> Words:
    (words,) = words_of_all([text], [np.array(ends)], [np.array(surprise)])
    return words


def test_a_token_is_spread_over_its_words() -> None:
    # tokens: "x", " = foo", "_bar", " (", ")", and the end of sentence
    words = words_of("x = foo_bar ()", [1, 5, 9, 10, 11, 11], [1.0, 4.0, 2.0, 3.0, 5.0, 7.0])
    assert words.texts == ("x", "=", "foo_bar", "(", ")", END)
    assert words.surprise.tolist() == [1.0, 1.0, 5.0, 3.0, 5.0, 7.0]
    places = [(0, 1), (2, 3), (4, 11), (12, 13), (13, 14), (14, 14)]
    assert places_of("x = foo_bar ()") == places


def test_white_space_belongs_to_the_word_behind_it() -> None:
    words = words_of("a\n  b ", [1, 1, 2, 2, 2], [1.0, 10.0, 2.0, 20.0, 3.0])
    assert words.texts == ("a", "b", END)
    assert words.surprise.tolist() == [1.0, 12.0, 23.0]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_whatever_the_tokens(seed: int) -> None:
    rng = random.Random(seed)
    text = "".join(rng.choice("ab1 =(\n_\u200b\u00e9") for _ in range(60))
    characters = len("".join(text.split()))
    ends = [*sorted(rng.choices(range(characters + 1), k=12)), characters, characters]
    surprise = [rng.uniform(-1, 5) for _ in ends]
    words = words_of(text, ends, surprise)
    assert words.texts == (*split(text), END)
    assert words.surprise.sum() == pytest.approx(sum(surprise))
    assert len(words.texts) == len(places_of(text)) == len(words.surprise)


def test_a_tokenizer_that_loses_characters_is_stretched() -> None:
    words = words_of("aaaa bbbb", [2, 4, 4], [1.0, 2.0, 0.0])  # it wrote "aa bb"
    assert words.surprise.tolist() == [1.0, 2.0, 0.0]
    assert words_of("abc", [0], [2.0]).surprise.tolist() == [0.0, 2.0]


def test_together_they_are_what_they_are_one_by_one() -> None:
    rng = random.Random(1)
    texts = ["".join(rng.choices("ab1 =(\n", k=rng.randint(0, 30))) for _ in range(50)]
    ends, surprise = [], []
    for text in texts:
        characters = len("".join(text.split()))
        told = characters + rng.randint(0, 2)  # a tokenizer may add some
        inner = sorted(rng.choices(range(told + 1), k=rng.randint(0, 12)))
        ends.append(np.array([*inner, told]))
        surprise.append(np.array([rng.uniform(-1, 5) for _ in ends[-1]]))
    for words, *one in zip(words_of_all(texts, ends, surprise), texts, ends, surprise):
        alone = words_of(*one)
        assert words.texts == alone.texts
        np.testing.assert_allclose(words.surprise, alone.surprise, atol=1e-9)
