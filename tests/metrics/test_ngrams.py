"""Counts of shared n-grams, against counters of tuples."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.metrics import ngrams
from dece_fairseq.metrics.ngrams import character_codes, ngram_counts, word_codes

WORDS = st.lists(st.sampled_from(["a", "b", "(", "é", "long_name"]), max_size=12)
PAIRS = st.lists(st.tuples(WORDS, WORDS), max_size=5)


def counter(words, n):
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def by_hand(pairs, order):
    return [
        [
            [sum(h.values()), sum(r.values()), sum((h & r).values())]
            for n in range(1, order + 1)
            for h, r in [(counter(hypothesis, n), counter(reference, n))]
        ]
        for hypothesis, reference in pairs
    ]


def counted(pairs, order):
    codes = word_codes([text for pair in pairs for text in pair])
    return ngram_counts(codes[::2], codes[1::2], order)


@given(PAIRS)
def test_they_are_those_of_counters(pairs):
    assert counted(pairs, 4).tolist() == by_hand(pairs, 4)


@given(PAIRS.filter(bool))
def test_numbers_that_would_be_too_large_are_made_small_on_the_way(pairs):
    bits, ngrams._BITS = ngrams._BITS, 9
    try:
        assert counted(pairs, 4).tolist() == by_hand(pairs, 4)
    finally:
        ngrams._BITS = bits


@given(st.lists(st.tuples(st.text(), st.text()), max_size=4))
def test_characters_of_any_text_without_white_space(pairs):
    hypotheses, references = ([pair[side] for pair in pairs] for side in (0, 1))
    counts = ngram_counts(character_codes(hypotheses), character_codes(references), 6)
    bare = [tuple("".join(text.split()) for text in pair) for pair in pairs]
    assert counts.tolist() == by_hand(bare, 6)


def test_lone_surrogates_are_characters_too():
    assert [codes.tolist() for codes in character_codes(["a \ud800\U0001f600"])] == [
        [0x61, 0xD800, 0x1F600]
    ]


def test_many_different_words():
    rng = np.random.default_rng(1)
    pairs = [
        tuple([str(n) for n in rng.integers(0, 30_000, 200)] for _ in range(2)) for _ in range(40)
    ]
    assert counted(pairs, 4).tolist() == by_hand(pairs, 4)
