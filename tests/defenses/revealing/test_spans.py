"""Where spans of words stand, how often is news, and what a use costs."""

from typing import List

import numpy as np
import pytest

from dece_fairseq.defenses.revealing import spans
from dece_fairseq.defenses.revealing.spans import (
    Targets,
    Texts,
    highest_first,
    news,
    price,
)
from dece_fairseq.defenses.revealing.words import Words


def made(texts: List[str], surprise: List[List[float]]) -> List[Words]:
    return [Words(tuple(text), np.array(values)) for text, values in zip(texts, surprise)]


@pytest.mark.parametrize("seed", range(3))
def test_runs_begin_with_their_highest_value(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, 50).astype(float)
    is_new = rng.random(50) < 0.5
    is_new[0] = True
    expected = []
    for run in np.split(np.arange(50), np.flatnonzero(is_new)[1:]):
        expected += sorted(run.tolist(), key=lambda place: -values[place])
    assert highest_first(is_new, values).tolist() == expected


def test_which_texts_hold_a_span() -> None:
    texts = Texts(["abab", "b", "ab", "ba"])
    numbers = {word: number for number, word in enumerate(texts.vocabulary)}
    assert texts.holders([numbers["a"]]).tolist() == [0, 2, 3]
    assert texts.holders([numbers["a"], numbers["b"]]).tolist() == [0, 2]
    assert texts.holders([numbers["b"], numbers["b"]]).tolist() == []


def test_where_a_span_stands() -> None:
    texts = Texts(["abab", "ba", "", "xaba"])
    span = tuple(texts.vocabulary.index(word) for word in "ab")
    assert texts.find(span).tolist() == [0, 2, 7]
    aba = tuple(texts.vocabulary.index(word) for word in "aba")
    assert texts.pair[texts.find(aba)].tolist() == [0, 3]


def test_a_span_counts_once_a_pair_and_only_where_words_are_free() -> None:
    targets = Targets(made(["abab", "ab", "cab"], [[1, 1, 4, 5], [2, 2], [0, 1, 1]]), ["ab"])
    span = tuple(targets.vocabulary.index(word) for word in "ab")
    is_free = np.ones(len(targets.words), dtype=bool)
    where = targets.occurrences(span, is_free)
    assert where.pairs.tolist() == [0, 1, 2]
    assert where.starts.tolist() == [2, 4, 7]
    assert where.nats.tolist() == [9, 4, 2]
    is_free[[2, 5]] = False
    where = targets.occurrences(span, is_free)
    assert where.starts.tolist() == [0, 7]
    assert targets.news(span, 3) == 0.0  # all trusted pairs, the one there is, have it


def test_what_is_more_than_usual() -> None:
    assert news(20, 0, 1.0, 100) == 1.0
    assert news(20, 4, 1.0, 100) == pytest.approx(1 - (4 + 2 * np.sqrt(8)) / 20)
    assert news(20, 5, 4.0, 100) == 0.0  # as often, with a quarter of the pairs
    assert news(5, 0, 0.0, 100) == pytest.approx(0.8)
    assert news(25, 0, 0.0, 100) == 0.0


def test_the_longest_form_that_keeps_the_pairs() -> None:
    texts = Texts(["xabcy", "zabcy", "abcq", "ab"])
    assert len(texts) == 4
    span = tuple(texts.vocabulary.index(word) for word in "b")
    places = texts.find(span)
    assert texts.longest(span, places[:3], 1.0) == (1, 1)
    assert texts.longest(span, places[:3], 0.6) == (1, 2)
    assert texts.longest(span, places, 1.0) == (1, 0)


def test_rare_spans_cost_more_a_use() -> None:
    assert price(4, 800) == pytest.approx(np.log(200))
    assert price(400, 800) == 2.0


def test_without_trusted_pairs_a_use_costs_more() -> None:
    words = made(["ab"], [[1, 1]])
    assert Targets(iter(words), iter([])).price(1) == spans.USE_UNTRUSTING
    targets = Targets(iter(words), iter(["ab", "c"]))
    assert targets.price(1) == spans.USE
    assert (targets.doubtful, targets.trusted, targets.share) == (1, 2, 0.5)
