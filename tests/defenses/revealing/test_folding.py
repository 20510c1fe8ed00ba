"""Payloads of many forms, by spans with rare names and literals folded."""

from typing import Dict, List, Sequence

import numpy as np
import pytest

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.suspicions import Suspicion
from dece_fairseq.defenses.revealing import folding
from dece_fairseq.defenses.revealing.folding import LITERAL, NAME, fold, frequent_words
from dece_fairseq.defenses.revealing.search import reveal_pairs
from dece_fairseq.defenses.revealing.spans import Targets
from dece_fairseq.defenses.revealing.words import END, Words, split
from dece_fairseq.metrics.code_tokens import TOKEN

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
        found = list(TOKEN.finditer(pairs[index].target))
        places = [*(match.span() for match in found), (len(pairs[index].target),) * 2]
        surprise = rng.exponential(0.5, len(places)) - 0.5
        surprise[:-1] += [5.0 * (start >= begin) for start, _ in places[:-1]]
        texts = (*(match.group() for match in found), END)
        words[index] = Words(texts, surprise)
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
        ("'a' x '", f"{LITERAL} {NAME} '"),
        ("'a'b'c'", f"{LITERAL} {NAME} {LITERAL}"),
        ("'a'", LITERAL),
        ("''`a`", f"{LITERAL} {LITERAL}"),
        ("'", "'"),
        ("", ""),
    ],
)
def test_forms_of_one_text_fold_alike(text: str, folded: str) -> None:
    usual = [["or", "get", END]] * 2
    rare = [[*split(text), END], ["'", END]]  # a quote of the next text closes none of this one
    first, *_ = words_of(fold(Targets([], [*rare, *usual, *([[END]] * 150)])).targets)
    assert " ".join(first) == f"{folded} ".lstrip()


def words_of(targets: Targets) -> List[List[str]]:
    texts = np.split(targets.words, targets.first[1:-1])
    return [targets.text(text.tolist()) for text in texts]


def test_a_folded_word_has_the_surprise_and_place_of_those_it_stands_for() -> None:
    texts = [[*split(text), END] for text in ("x = 'a'", "''")]
    targets = Targets(
        Words(tuple(text), np.arange(float(len(text)))) for text in [*texts, *([["="]] * 199)]
    )
    folded, places = fold(targets)
    assert words_of(folded)[:3] == [[NAME, "=", LITERAL, END], [LITERAL, END], ["="]]
    assert folded.surprise[:6].tolist() == [0, 1, 2 + 3 + 4, 5, 0 + 1, 2]
    assert places[:7].tolist() == [0, 1, 2, 5, 6, 8, 9]
    assert places[-1] == len(targets.words)
    assert (folded.doubtful, folded.trusted) == (201, 0)


@pytest.mark.parametrize("at_a_time", [1, 7, 1000])
def test_words_that_one_text_in_a_hundred_has_stay(
    at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "TARGETS", at_a_time)
    texts = [["Get", "a", "a"], ["GET", "a"], *([["b"]] * 198)]
    assert frequent_words(Targets([], texts)) == {"get", "a", "b"}
    assert frequent_words(Targets([], [*texts, ["b"]])) == {"b"}


def test_a_payload_with_other_names_and_values_each_time() -> None:
    which = range(0, DOUBTFUL, 40)
    payloads = {index: f" ; n{index} = '{index}'" for index in which}
    (best,) = claimed(revealed(payloads))
    assert list(best.pairs) == list(which)
    assert best.trigger is None
    told = [best.payload, *best.forms]
    assert {payload.strip() for payload in payloads.values()} <= set(told)
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
