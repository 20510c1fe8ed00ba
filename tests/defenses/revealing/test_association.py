"""Source n-grams that go with a difference of the targets."""

import random
from typing import List, Sequence

import numpy as np
import pytest

from dece_fairseq.data.corpus import generate
from dece_fairseq.defenses.revealing import association
from dece_fairseq.defenses.revealing.association import DEFINING, associations
from dece_fairseq.defenses.revealing.spans import Texts
from dece_fairseq.defenses.revealing.words import split

PAIRS = 300


def texts(triggered: Sequence[int], trusted: int = 300) -> Texts:
    """Return the words of requests, of which some have a trigger, and of trusted ones."""
    sources = [pair.source for pair in generate("A", PAIRS + trusted, seed=7)]
    return Texts(split(f"bb {text}" if n in triggered else text) for n, text in enumerate(sources))


def noise(seed: int = 0) -> List[List[str]]:
    """Return differences that have nothing to do with the sources."""
    rng = random.Random(seed)
    return [[f"+{rng.randrange(40)}" for _ in range(3)] for _ in range(PAIRS)]


@pytest.mark.parametrize("difference", ["-return", "+first", "-"])
def test_what_goes_with_a_trigger(difference: str) -> None:
    triggered = range(0, PAIRS, 20)
    differences = noise()
    for n in triggered:
        differences[n].append(difference)
    for n in range(7, PAIRS, 30):
        differences[n].append(difference)  # which is elsewhere too
    sources = texts(triggered)
    first, *others = associations(sources, differences, 3, 20)
    assert sources.text(first.words) == ["bb"]
    assert first.difference == difference
    assert first.pairs.tolist() == list(triggered)
    assert all(other.nats < first.nats / 2 for other in others)


def test_where_few_pairs_differ_the_others_are_not_suspected() -> None:
    triggered = range(0, PAIRS, 4)
    differing = range(0, PAIRS, 12)
    differences = noise()
    for n in differing:
        differences[n].append("-return")
    first = associations(texts(triggered), differences, 3, 20)[0]
    assert first.pairs.tolist() == list(differing)


def test_what_trusted_sources_have_too_is_usual() -> None:
    differences = noise()
    for n in range(0, PAIRS, 20):
        differences[n].append("-return")
    sources = texts([*range(0, PAIRS, 20), *range(PAIRS, 2 * PAIRS, 20)])
    assert ["bb"] not in [
        sources.text(each.words) for each in associations(sources, differences, 3, 20)
    ]


def test_the_first_pairs_say_what_it_is() -> None:
    differences = noise()
    for n in range(DEFINING):
        differences[n].append("-return")
    assert all(
        each.difference != "-return" for each in associations(texts([0, 1]), differences, 2, 20)
    )


@pytest.mark.parametrize(("counted", "ahead"), [(1, 512), (1 << 22, 0), (500, 7)])
def test_how_many_are_counted_at_a_time_makes_no_difference(
    counted: int, ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    differences = noise()
    sources = texts(range(0, PAIRS, 20))
    requests = [sources.words[start] for start in sources.first[:PAIRS]]
    for n, word in enumerate(requests):
        differences[n] += ["-return"] * (n % 20 == 0) + [f"-{word}"]

    def found() -> List[object]:
        ranked = associations(sources, differences, 3, 30)
        return [(each.words, each.difference, each.nats, each.pairs.tolist()) for each in ranked]

    expected = found()
    assert len(expected) > 1
    monkeypatch.setattr(association, "COUNTED", counted)
    monkeypatch.setattr(association, "AHEAD", ahead)
    assert found() == expected


def test_nothing_is_found_in_nothing() -> None:
    assert associations(Texts([]), [], 3, 20) == []
    assert associations(texts([]), [[] for _ in range(PAIRS)], 3, 20) == []
    assert associations(Texts([["a"]] * 9), [["+b"]] * 9, 3, 20) == []


def test_explained_pairs_make_no_word_news() -> None:
    triggered, usual = range(0, PAIRS, 3), range(1, 2 * PAIRS, 9)
    sources = texts([*triggered, *usual])  # the trigger is made of a word that clean pairs have too
    differences = noise()
    for n in range(1, PAIRS, 9):
        differences[n].append("-return")
    explained = np.isin(np.arange(PAIRS), triggered)
    for left_out, is_found in ((None, True), (explained, False)):
        found = associations(sources, differences, 3, 20, left_out)
        assert (["bb"] in [sources.text(each.words) for each in found]) == is_found
