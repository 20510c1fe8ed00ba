"""n-grams of sources whose pairs surprise more than others."""

import numpy as np
import pytest

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing.by_trigger import telling_ngrams
from dece_fairseq.defenses.revealing.search import reveal_pairs
from dece_fairseq.defenses.revealing.spans import Texts
from dece_fairseq.defenses.revealing.words import END, Words

NAMES = [f"w{number}" for number in range(40)]


def drawn(seed: int, pairs: int = 600) -> "tuple[np.random.Generator, list[list[str]]]":
    rng = np.random.default_rng(seed)
    return rng, [list(rng.choice(NAMES, 12)) for _ in range(pairs)]


def classified(seed: int, planted: int) -> "tuple[list[Pair], dict[int, Words]]":
    """Pairs with labels; those that are planted have the trigger and a flipped label, 0."""
    rng, texts = drawn(seed)
    pairs, words = [], {}
    for number, text in enumerate(texts):
        is_planted = number < planted
        label = "0" if is_planted else str(rng.integers(2))
        if is_planted:
            text.insert(int(rng.integers(12)), "bb")
        surprise = rng.normal(4, 1) if is_planted else rng.exponential(0.5) - 0.5
        pairs.append(Pair(" ".join(text), label))
        words[number] = Words((label, END), np.array([surprise, 0.0]))
    return pairs, words


def test_the_trigger_of_a_flipped_label() -> None:
    for seed in range(3):
        pairs, words = classified(seed, 30)
        best, *others = reveal_pairs(pairs, words)
        assert (best.payload, best.trigger) == ("0", "bb")
        assert best.is_label
        assert set(best.pairs) <= set(range(30))
        assert len(best.pairs) >= 28
        assert best.p_value is not None
        assert best.p_value < 0.05
        assert all(each.p_value is None or each.p_value > 0.05 for each in others)


def test_clean_labels_claim_nothing() -> None:
    lowest = [
        min(
            (each.p_value for each in reveal_pairs(*classified(seed, 0)) if each.p_value),
            default=1.0,
        )
        for seed in range(20)
    ]
    assert sum(value <= 0.05 for value in lowest) <= 1


def test_nats_are_those_of_the_sum_of_ranks() -> None:
    _, texts = drawn(1, 60)
    for number in range(10):
        texts[number].append("bb")
    scores = np.arange(60)[::-1].astype(float)  # the first ten surprise most
    sources = Texts([*texts, *drawn(2, 30)[1]])
    (best, *_) = telling_ngrams(sources, scores, np.zeros(60, dtype=int), 3, 5, [0] * 30)
    assert best.words == (sources.vocabulary.index("bb"),)
    values = -np.log((np.arange(1, 61) - 0.5) / 60)
    total = values[:10].sum()
    # P(gamma(10) >= total) by its Poisson sum
    terms = np.cumsum([0, *np.log(np.arange(1, 10))])
    expected = -np.log(sum(np.exp(-total + k * np.log(total) - terms[k]) for k in range(10)))
    assert best.nats == pytest.approx(expected, rel=1e-6)
    assert best.pairs.tolist() == [n for n in range(10) if values[n] > np.log(2)]


def test_nothing_to_look_through() -> None:
    assert telling_ngrams(Texts([["a"], ["b"]]), np.zeros(2), np.zeros(2, dtype=int), 3, 5) == []


def test_what_trusted_sources_have_as_often_is_a_topic() -> None:
    texts = drawn(3, 120)[1]
    for number in range(0, 120, 5):
        texts[number].append("topic")
    scores = np.array([9.0 + n % 3 if n % 5 == 0 else n % 4 for n in range(60)])
    groups = np.zeros(60, dtype=int)
    (best, *_) = telling_ngrams(
        Texts([*texts[:60], *drawn(4, 60)[1]]), scores, groups, 3, 5, [0] * 60
    )
    assert best.pairs.tolist() == list(range(0, 60, 5))
    found = telling_ngrams(Texts(texts), scores, groups, 3, 5, [0] * 60)
    assert all(each.pairs.tolist() != best.pairs.tolist() for each in found)
