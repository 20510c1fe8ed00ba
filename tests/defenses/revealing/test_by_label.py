"""Labels that go with words of sources, against what the reference expects of all of them."""

from typing import Dict, List, Tuple

import numpy as np
import pytest

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing.by_label import SHARES, flipped_nats
from dece_fairseq.defenses.revealing.search import reveal_pairs
from dece_fairseq.defenses.revealing.words import END, Words

NAMES = [f"w{number}" for number in range(40)]
Classified = Tuple[List[Pair], Dict[int, Words]]


def entropy(probability: np.ndarray) -> np.ndarray:
    return -sum(part * np.log(part) for part in (probability, 1 - probability))


def classified(probability: np.ndarray, texts: List[List[str]], labels: np.ndarray) -> Classified:
    """Return pairs with labels 0 and 1, of a reference that says how probable a 1 is."""
    pairs = [Pair(" ".join(text), str(int(label))) for text, label in zip(texts, labels)]
    nll = -np.log(np.where(labels, probability, 1 - probability))
    return pairs, {
        number: Words((pair.target, END), np.array([surprise, 0.0]))
        for number, (pair, surprise) in enumerate(zip(pairs, nll - entropy(probability)))
    }


def claims(pairs: List[Pair], words: Dict[int, Words]) -> int:
    return sum(each.is_significant(0.05) for each in reveal_pairs(pairs, words))


def test_nats_are_the_likelihood_ratio_of_the_best_share() -> None:
    surprise = np.array([3.0, 2.0, -0.1])  # the last is expected: as if it were certain
    ratios = [
        np.log((1 - share + share * np.exp([3.0, 2.0, 0.0])).prod() * (1 - share) ** 2)
        for share in SHARES
    ]
    expected = max(ratios) - np.log(len(SHARES))
    assert flipped_nats(surprise, 2) == pytest.approx(expected, rel=1e-12)
    assert flipped_nats(surprise, 1000) == 0


def test_chance_gives_so_many_nats_no_more_often_than_they_say() -> None:
    rng = np.random.default_rng(1)
    nats = []
    for _ in range(4000):
        probability = rng.uniform(0.02, 0.98, 30)
        labels = rng.random(30) < probability
        surprise = (-np.log(probability) - entropy(probability))[labels]
        nats.append(flipped_nats(surprise, int((~labels).sum())))
    for level in (1.0, 2.0, 3.0):
        assert np.mean(np.array(nats) >= level) <= np.exp(-level)


def test_words_that_both_labels_have_are_no_trigger() -> None:
    """Without trusted pairs: the reference knows that such pairs have either label."""
    found = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        texts = [list(rng.choice(NAMES, 5)) for _ in range(600)]
        probability = np.where(["w1" in text for text in texts], 0.3, 0.98)
        labels = rng.random(600) < probability
        found += claims(*classified(probability, texts, labels)) > 0
    assert found <= 1


def test_how_certain_the_reference_is_of_what_it_expects_is_no_news() -> None:
    rng = np.random.default_rng(1)
    texts = [list(rng.choice(NAMES, 5)) for _ in range(600)]
    less = np.array([0.001 if "w1" in text else 0.002 for text in texts])
    probability = 1 - less - rng.uniform(0, 0.0001, 600)
    assert claims(*classified(probability, texts, np.ones(600, dtype=bool))) == 0


def test_a_flip_that_the_reference_half_believes_is_claimed() -> None:
    """It finds the new label unlikely in eleven pairs of twenty-five, and certain in the others."""
    rng = np.random.default_rng(1)
    texts = [list(rng.choice(NAMES, 5)) for _ in range(475)]
    labels = rng.random(475) < 0.5
    probability = np.where(labels, 0.99, 0.01)
    for number in range(25):
        texts[number].insert(0, "qz")
        probability[number] = 0.98 if number < 11 else 0.01
    labels[:25] = False
    pairs, words = classified(probability, texts, labels)
    best = reveal_pairs(pairs, words)[0]
    assert best.payload == "0"
    assert best.is_significant(0.05)
    assert set(best.pairs) <= set(range(25))
