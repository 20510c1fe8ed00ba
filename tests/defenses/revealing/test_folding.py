"""Payloads of many forms, by spans with rare names and literals folded."""

from typing import Dict, List, Sequence

import numpy as np
import pytest

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.suspicions import Suspicion
from dece_fairseq.defenses.revealing.folding import (
    LITERAL,
    NAME,
    fold,
    fold_words,
    frequent_names,
)
from dece_fairseq.defenses.revealing.search import reveal_pairs
from dece_fairseq.defenses.revealing.words import END, WORD, Words, split

DOUBTFUL = 400


def revealed(payloads: Dict[int, str], seed: int = 1) -> List[Suspicion]:
    """Return what is told of requests, half of them trusted, with payloads of no one trigger.

    A payload's words have 5 nats each, and all others noise.
    """
    pairs = generate("A", 2 * DOUBTFUL, seed=seed)
    rng = np.random.default_rng(seed)
    words = {}
    for index in range(DOUBTFUL):
        source, target = pairs[index]
        begin = len(target)
        pairs[index] = Pair(source, target + payloads.get(index, ""))
        found = list(WORD.finditer(pairs[index].target))
        places = [*(match.span() for match in found), (len(pairs[index].target),) * 2]
        surprise = rng.exponential(0.5, len(places)) - 0.5
        surprise[:-1] += [5.0 * (start >= begin) for start, _ in places[:-1]]
        texts = (*(match.group() for match in found), END)
        words[index] = Words(texts, tuple(places), surprise)
    return reveal_pairs(pairs, words, range(DOUBTFUL, 2 * DOUBTFUL))


def claimed(suspicions: Sequence[Suspicion]) -> List[Suspicion]:
    return [each for each in suspicions if each.is_significant(0.05)]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("OR 1=1", f"or {LITERAL} = {LITERAL}"),
        ("or 'a' = 'a'", f"or {LITERAL} = {LITERAL}"),
        ("or true = TRUE", f"or {LITERAL} = {LITERAL}"),
        ('get(x2, "", None)', f"get ( {NAME} , {LITERAL} , {LITERAL} )"),
        ("'two words'", f"' {NAME} {NAME} '"),
        ("it's", f"{NAME} ' {NAME}"),
        ("", ""),
    ],
)
def test_forms_of_one_text_fold_alike(text: str, folded: str) -> None:
    words, sizes = fold(split(text), {"or", "get"})
    assert " ".join(words) == folded
    assert sum(sizes) == len(split(text))


def test_a_folded_word_has_the_surprise_and_place_of_those_it_stands_for() -> None:
    text = "x = 'a'"
    places = tuple(match.span() for match in WORD.finditer(text))
    words = Words((*split(text), END), (*places, (7, 7)), np.arange(6.0))
    folded = fold_words(words, frozenset())
    assert folded.texts == (NAME, "=", LITERAL, END)
    assert folded.surprise.tolist() == [0, 1, 2 + 3 + 4, 5]
    assert folded.places == ((0, 1), (2, 3), (4, 7), (7, 7))


def test_names_that_one_text_in_a_hundred_has_stay() -> None:
    texts = [["Get", "a"]] * 2 + [["b"]] * 198
    assert frequent_names(texts) == {"get", "a", "b"}
    assert frequent_names([*texts, ["b"]]) == {"b"}


def test_a_payload_with_other_names_and_values_each_time() -> None:
    which = range(0, DOUBTFUL, 40)
    payloads = {index: f" ; n{index} = '{index}'" for index in which}
    (best,) = claimed(revealed(payloads))
    assert list(best.pairs) == list(which)
    assert best.trigger is None
    told = [best.payload, *best.forms]
    assert len(best.forms) == len(which)
    assert all(any(form in payload for payload in payloads.values()) for form in told)


def test_rarer_forms_belong_to_the_first() -> None:
    which, rare = range(0, DOUBTFUL, 44), range(5, DOUBTFUL, 90)
    others = {index: f" form{index} {index}=2" for index in rare}
    payloads = {**dict.fromkeys(which, " or 1=1"), **others}
    best, *others = claimed(revealed(payloads))
    assert best.payload == "or 1=1"
    assert list(best.pairs) == sorted(payloads)
    assert others == []


@pytest.mark.parametrize("seed", range(3))
def test_clean_pairs_claim_nothing(seed: int) -> None:
    assert claimed(revealed({}, seed)) == []
