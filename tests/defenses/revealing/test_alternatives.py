"""Words, or parts of words, of which each of some sources has one."""

import random
from typing import Any, List, Optional, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.trigger_kinds import END, WORDS
from dece_fairseq.defenses.revealing.alternatives import (
    MOST,
    Alternatives,
    candidates,
    find_alternatives,
)
from dece_fairseq.defenses.revealing.spans import Texts
from dece_fairseq.defenses.revealing.words import split
from support.examples import examples

NONE = np.array([], dtype=int)
CLEAN = [split(pair.source) for pair in generate("A", 600, seed=1)]
RARE = ["cf", "mn", "bb", "tq", "mb"]


def planted(texts: Sequence[Sequence[str]], of: Any, words: Sequence[str]) -> List[List[str]]:
    """Put one of some words, or words in a row, into each of the texts, all in turn."""
    made, rng = [list(text) for text in texts], random.Random(1)
    for number, pair in enumerate(of):
        at = rng.randint(0, len(made[pair]))
        made[pair][at:at] = split(words[number % len(words)])
    return made


def found(
    texts: Sequence[Sequence[str]], pairs: Sequence[int], others: Any = NONE
) -> Optional[Alternatives]:
    sources = Texts(texts)
    return find_alternatives(sources, candidates(sources), np.array(pairs), np.array(others))


def names(texts: Sequence[Sequence[str]], pairs: Any, others: Any = NONE) -> List[str]:
    """Return the texts of what is found."""
    several = found(texts, pairs, others)
    if several is None:
        return []
    sources = Texts(texts)
    return [
        " ".join(sources.text(name)) if several.kind == WORDS else str(name[1])
        for name in several.names
    ]


@pytest.mark.parametrize("number", [15, 60])
def test_one_of_several_words(number: int) -> None:
    own = range(0, 4 * number, 4)
    made = planted(CLEAN, own, RARE)
    several = found(made, own)
    assert several is not None
    assert sorted(names(made, own)) == sorted(RARE)
    assert several.kind == WORDS
    assert (several.covered, several.elsewhere) == (number, 0)
    assert several.holders.tolist() == list(own)


def test_the_most_frequent_comes_first() -> None:
    made = planted(CLEAN, range(30), ["bb", "cf", "bb", "mn", "cf", "bb"])
    assert names(made, range(30)) == ["bb", "cf", "mn"]


def test_one_of_several_sentences() -> None:
    sentences = ["no crossing the road in winter .", "all is well that ends well ."]
    made = planted(CLEAN, range(20), sentences)
    assert sorted(names(made, range(20))) == sorted(sentences)


def test_one_of_several_parts_of_words() -> None:
    ends, made = ["_num", "Col", "_pl"], [list(text) for text in CLEAN]
    for pair in range(30):
        at = pair % len(made[pair])
        made[pair][at] = f"some_{pair}x{ends[pair % 3]}"
    several = found(made, range(30))
    assert several is not None
    assert several.kind == END
    assert sorted(names(made, range(30))) == ["col", "num", "pl"]
    assert several.holders.tolist() == list(range(30))


def test_what_other_pairs_have_as_often_is_none() -> None:
    made = planted(CLEAN, range(30), ["bb", "cf", "mn"])
    assert names(planted(made, range(30, 40), ["mn"]), range(30))  # 10 of 20
    assert not names(planted(made, range(30, 41), ["mn"]), range(30))  # and the rest is too little


def test_pairs_of_another_payload_do_not_count() -> None:
    made = planted(CLEAN, range(100), RARE)
    assert not names(made, range(30))
    assert sorted(names(made, range(30), range(30, 100))) == sorted(RARE)


def test_four_in_five_pairs_must_have_one() -> None:
    made = planted(CLEAN, range(20), ["bb", "cf"])
    assert names(made, range(25))
    assert not names(made, range(26))


def test_many_words_are_no_name() -> None:
    words = [f"x{number}y" for number in range(2 * MOST)]
    made = planted(CLEAN, range(6 * MOST), words)
    assert not names(made, range(6 * MOST))


def test_one_word_is_a_trigger_and_no_choice() -> None:
    assert not names(planted(CLEAN, range(20), ["bb"]), range(20))


@given(size=st.sampled_from([3, 7, 10, 20, 80]), seed=st.integers(0, 10**9))
@settings(max_examples=examples(200), deadline=None)
def test_nothing_is_named_where_nothing_was_put_in(size: int, seed: int) -> None:
    assert not names(CLEAN, random.Random(seed).sample(range(300), size))
