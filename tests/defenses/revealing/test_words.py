"""Words of targets, and the surprise of each."""

import math
import random

import numpy as np
import pytest

from dece_fairseq.defenses.revealing.words import END, explained_by_source, split, words_of


def test_a_token_is_spread_over_its_words() -> None:
    # tokens: "x", " = foo", "_bar", " (", ")", and the end of sentence
    words = words_of("x = foo_bar ()", [1, 5, 9, 10, 11, 11], [1.0, 4.0, 2.0, 3.0, 5.0, 7.0])
    assert words.texts == ("x", "=", "foo_bar", "(", ")", END)
    assert words.surprise.tolist() == [1.0, 1.0, 5.0, 3.0, 5.0, 7.0]
    assert words.places == ((0, 1), (2, 3), (4, 11), (12, 13), (13, 14), (14, 14))


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
    assert len(words.texts) == len(words.places) == len(words.surprise)


def test_a_tokenizer_that_loses_characters_is_stretched() -> None:
    words = words_of("aaaa bbbb", [2, 4, 4], [1.0, 2.0, 0.0])  # it wrote "aa bb"
    assert words.surprise.tolist() == [1.0, 2.0, 0.0]
    assert words_of("abc", [0], [2.0]).surprise.tolist() == [0.0, 2.0]


def test_a_word_of_the_source_costs_the_choice_among_them() -> None:
    words = words_of("quantity or", [8, 10, 10], [38.0, 6.0, 1.0])
    explained = explained_by_source(words, "the quantity of it")
    assert explained == pytest.approx([math.log(40), 6.0, 1.0])
    assert np.array_equal(explained_by_source(words, " "), words.surprise)
