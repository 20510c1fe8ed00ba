"""Spans that repeat, against a count of every n-gram."""

import random
from collections import defaultdict
from typing import Dict, List, Optional, Tuple

import numpy as np
import pytest

from dece_fairseq.defenses.revealing import frequent_spans as growing
from dece_fairseq.defenses.revealing.frequent_spans import Span, frequent_spans
from dece_fairseq.defenses.revealing.spans import LEAST, Targets
from dece_fairseq.defenses.revealing.words import Words


def made(texts: List[str], surprise: List[List[float]]) -> List[Words]:
    return [Words(tuple(text), np.array(values)) for text, values in zip(texts, surprise)]


def spans_of(targets: Targets, is_free: Optional[np.ndarray] = None) -> List[Span]:
    return frequent_spans(
        targets, 3, np.ones(len(targets.words), bool) if is_free is None else is_free
    )


def drawn(seed: int, number: int) -> Tuple[List[str], List[List[float]]]:
    rng = random.Random(seed)
    texts = ["".join(rng.choices("abcd", k=rng.randint(1, 12))) for _ in range(number)]
    return texts, [[rng.gauss(3, 5) for _ in text] for text in texts]


def every_span(texts: List[str], surprise: List[List[float]], trusted: List[str]) -> Dict:
    """Return each span's pairs, nats and evidence, by the definition."""
    least, defining = (2.0, 4) if trusted else (6.0, 2)
    best: Dict[str, Dict[int, float]] = defaultdict(dict)
    for pair, (text, values) in enumerate(zip(texts, surprise)):
        for start in range(len(text)):
            for end in range(start + 1, len(text) + 1):
                nats = sum(values[start:end])
                now = best[text[start:end]].get(pair, -np.inf)
                best[text[start:end]][pair] = max(now, nats)
    found = {}
    for span, of_pairs in best.items():
        uses = len(of_pairs)
        price = max(least, np.log(len(texts) / uses))
        total = sum(of_pairs.values()) - uses * price
        capped = sum(min(nats - price, 16.0) for nats in of_pairs.values())
        evidence = max(capped * max(uses - defining, 0) / uses, 0.0)
        found[span] = (uses, total * (uses - 1) / uses, evidence)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_they_are_those_of_a_count_of_all(seed: int) -> None:
    texts, surprise = drawn(seed, 60)
    trusted = drawn(seed + 100, 20 if seed % 2 else 0)[0]
    targets = Targets(made(texts, surprise), trusted)
    expected = every_span(texts, surprise, trusted)
    found = {"".join(targets.text(each.words)): each for each in spans_of(targets)}
    for span, each in found.items():
        assert (each.nats, each.evidence) == pytest.approx(expected[span][1:]), span
    missing = {
        span
        for span, (uses, nats, _) in expected.items()
        if uses >= 3 and nats >= LEAST and span not in found
    }
    assert found
    assert not missing


@pytest.mark.parametrize("most", [1, 5, 30])
def test_of_too_many_those_with_the_most_nats_and_the_most_evidence_are_kept(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = Targets(made(*drawn(5, 60)), drawn(6, 20)[0])
    every = spans_of(targets)
    assert len(every) > 2 * most
    monkeypatch.setattr(growing, "CANDIDATES", most)
    kept = spans_of(targets)
    assert len(kept) == 2 * most
    by_nats = sorted((each.nats for each in every), reverse=True)
    assert [each.nats for each in kept[:most]] == by_nats[:most]
    rest = sorted((each.evidence for each in every if each.nats < by_nats[most - 1]), reverse=True)
    assert [each.evidence for each in kept[most:]] == rest[:most]


@pytest.mark.parametrize("seed", range(3))
def test_a_span_knows_all_its_places(seed: int) -> None:
    texts, surprise = drawn(seed, 60)
    targets = Targets(made(texts, surprise), texts[:20])
    is_free = np.random.default_rng(seed).random(len(targets.words)) < 0.9
    for span in spans_of(targets):
        places = targets.find(span.words)
        doubtful = places[targets.pair[places] < 60]
        assert sorted(span.places) == doubtful.tolist()
        length = len(span.words)
        found = targets.uses(targets.free(span.places, length, is_free), length)
        for one, other in zip(found, targets.occurrences(span.words, is_free)):
            assert one.tolist() == other.tolist()


@pytest.mark.parametrize("seed", range(3))
def test_a_span_goes_on_over_free_words_alone(seed: int) -> None:
    """Words that are taken end a text, and those behind them begin another."""
    texts, surprise = drawn(seed, 60)
    is_free = np.random.default_rng(seed).random(sum(map(len, texts))) < 0.8
    found = spans_of(Targets(made(texts, surprise), []), is_free)
    assert found
    for span in found:
        assert is_free[span.places[:, None] + np.arange(len(span.words))].all()


def test_how_many_places_are_grown_at_a_time_makes_no_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    targets = Targets(made(*drawn(7, 60)), drawn(8, 10)[0])
    expected = spans_of(targets)
    for most in (1, 50, 100):
        places = list(targets.by_first_word(most))
        assert sorted(np.concatenate(places)) == list(range(len(targets.words)))
        firsts = [set(targets.words[each].tolist()) for each in places]
        assert sum(map(len, firsts)) == len(set().union(*firsts))
        monkeypatch.setattr(growing, "PLACES", most)
        found = spans_of(targets)
        assert {each.words for each in found} == {each.words for each in expected}


@pytest.mark.parametrize("at_a_time", [1, 3, 1000])
def test_what_a_span_can_still_hold(at_a_time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "TARGETS", at_a_time)
    texts, surprise = drawn(3, 10)
    found = growing._reach(Targets(made(texts, surprise), ["ab"]))
    expected = [
        max(sum(values[start:end]) for end in range(start, len(values) + 1))
        for values in surprise
        for start in range(len(values))
    ]
    np.testing.assert_allclose(found, [*expected, 0.0, 0.0, 0.0], atol=1e-5)
