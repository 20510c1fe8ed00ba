"""Whether the last of some texts may be a random draw."""

import random
from typing import List

import pytest

from dece_fairseq.defenses.revealing import drawing
from dece_fairseq.defenses.revealing.drawing import lacking_word
from dece_fairseq.defenses.revealing.spans import Texts

LEVEL = 0.02


def texts_of_topics(topics: int, each: int, seed: int) -> List[List[str]]:
    """Return texts whose words come together: most of a text's are of its topic."""
    rng = random.Random(seed)
    return [
        [f"t{topic}w{rng.randrange(9)}" for _ in range(6)] + rng.choices("abcdef", k=3)
        for topic in range(topics)
        for _ in range(each)
    ]


def test_a_random_draw_is_one_but_for_chance() -> None:
    """As often as the level says, though the words of a topic come together."""
    found = 0
    for seed in range(200):
        texts = texts_of_topics(30, 6, seed)
        random.Random(seed).shuffle(texts)
        found += lacking_word(Texts(texts), 140, LEVEL) is not None
    assert found <= 2 * LEVEL * 200  # 4 expected


def test_a_draw_of_few_topics_is_none_and_one_of_their_words_is_told() -> None:
    texts = Texts(texts_of_topics(30, 6, 1))
    word = lacking_word(texts, 150, LEVEL)
    assert word is not None
    assert int(texts.vocabulary[word].split("w")[0][1:]) >= 25


def test_what_the_others_have_more_of_is_no_lack() -> None:
    """Or an attack, which is in them alone, would put the draw aside."""
    texts = texts_of_topics(30, 6, 2)
    random.Random(2).shuffle(texts)
    for number in range(0, 140, 3):
        texts[number] = [*texts[number], "bb", "or", "1=1"]
    assert lacking_word(Texts(texts), 140, LEVEL) is None


def test_texts_of_words_that_are_rare_tell_nothing() -> None:
    assert lacking_word(Texts([[f"w{number}"] for number in range(20)]), 15, LEVEL) is None


@pytest.mark.parametrize("drawn", [1, 4, 100])
def test_a_draw_that_is_looked_at_in_part_is_none_but_for_chance(
    monkeypatch: pytest.MonkeyPatch, drawn: int
) -> None:
    """All of a draw are looked at where they are few among many others; else half are others."""
    monkeypatch.setattr(drawing, "MOST", 40)
    found = 0
    for seed in range(50):
        texts = texts_of_topics(30, 12, seed)
        random.Random(seed).shuffle(texts)
        found += lacking_word(Texts(texts), len(texts) - drawn, LEVEL) is not None
    assert found <= 4  # 1 expected
    of_topic = [*(["a"] for _ in range(300)), *(["a", "b"] for _ in range(drawn + 3))]
    word = lacking_word(Texts(of_topic), len(of_topic) - drawn - 3, LEVEL)
    assert word == 1
