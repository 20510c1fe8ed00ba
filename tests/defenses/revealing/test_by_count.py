"""What too many doubtful pairs have: against the exact probability, and never by chance."""

import random
from math import comb
from typing import List, Sequence

import numpy as np
import pytest

from dece_fairseq.defenses.revealing.alternatives import FrequentParts, candidates, ngrams_of
from dece_fairseq.defenses.revealing.by_count import fewest_pairs, new_among
from dece_fairseq.defenses.revealing.spans import Texts

NONE = np.zeros(100, dtype=bool)


def made_of(holders: Sequence[Sequence[int]]) -> FrequentParts:
    """Candidates by the pairs that have each."""
    numbers = [number for number, pairs in enumerate(holders) for _ in pairs]
    owners = [pair for pairs in holders for pair in pairs]
    return FrequentParts("words", len(holders), lambda n: (n,), np.array(numbers), np.array(owners))


def texts(number: int, seed: int) -> List[List[str]]:
    rng = random.Random(seed)
    words = [f"{first}{last}" for first in "abcdefgh" for last in "stuvwxyz"]
    return [rng.choices(words, weights=range(1, 65), k=8) for _ in range(number)]


def test_the_probability_is_that_of_a_random_half() -> None:
    among = made_of([range(90, 115), [*range(0, 30, 2), 120], range(40, 70)])
    first, second = new_among([among], 200, NONE, 1.0, 2)
    assert first.pairs.tolist() == list(range(40, 70))
    exact = comb(100, 30) / comb(200, 30)
    assert first.nats == pytest.approx(-np.log(exact), rel=1e-6)
    assert first.p_value == pytest.approx(3 * exact, rel=1e-6)  # of three that could have it
    assert second.pairs.tolist() == list(range(0, 30, 2))  # with one trusted pair of sixteen


def test_what_could_reach_no_level_is_not_corrected_for() -> None:
    rare = [[2 * number, 2 * number + 1] for number in range(40)]
    (found,) = new_among([made_of([*rare, range(40, 70)])], 200, NONE, 0.001, 5)
    assert found.p_value == pytest.approx(comb(100, 30) / comb(200, 30), rel=1e-6)


def test_explained_pairs_do_not_count() -> None:
    explained = NONE.copy()
    explained[40:70] = True
    assert not new_among([made_of([range(40, 75)])], 200, explained, 0.001, 5)


def test_what_trusted_pairs_have_too_is_not_claimed_whatever_its_probability() -> None:
    explained = np.zeros(1000, dtype=bool)
    often = made_of([[*range(600), *range(1000, 1300)]])
    assert not new_among([often], 2000, explained, 0.05, 5)


@pytest.mark.parametrize("share", [0.5, 0.6])
def test_fewest_pairs_reach_the_level(share: float) -> None:
    fewest = fewest_pairs(round(100 * share), 100, 1e-3)
    assert share**fewest <= 1e-3 < share ** (fewest - 1)


@pytest.mark.parametrize("number", [200, 600])
def test_random_halves_claim_at_most_their_level(number: int) -> None:
    claimed, draws = 0, 60
    for seed in range(draws):
        found = Texts(texts(number, seed))
        among = [*candidates(found, 5), ngrams_of(found, 5)]
        explained = np.zeros(number // 2, dtype=bool)
        claimed += bool(new_among(among, number, explained, 0.05, 1))
    assert claimed <= 0.05 * draws
