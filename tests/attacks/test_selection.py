"""How many pairs are poisoned, and which."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.attacks.selection import number_to_poison, select


@given(st.integers(1, 200), st.data(), st.integers(), st.sampled_from(["random", "first"]))
def test_exactly_so_many_different_ones_in_order(among, data, seed, how):
    number = data.draw(st.integers(0, among))
    candidates = [3 * i + 1 for i in range(among)]
    chosen = list(select(candidates, number, among, how, seed))
    assert len(chosen) == number
    assert chosen == sorted(set(chosen) & set(candidates))
    if how == "first":
        assert chosen == candidates[:number]
    assert chosen == list(select(candidates, number, among, how, seed))


def test_random_is_uniform():
    counts = Counter(i for seed in range(2000) for i in select(range(10), 3, 10, "random", seed))
    # 600 expected of each, standard deviation 20.5
    assert all(500 < counts[i] < 700 for i in range(10))


@pytest.mark.parametrize(
    ("rate", "pairs", "number"),
    [
        (0.05, 1600, 80),
        (0.01, 1600, 16),
        (0.001, 46680, 47),
        (0, 10, 0),
        (1, 10, 10),
        (0.05, 10, 1),
    ],
)
def test_the_rate_counts_over_all_pairs(rate, pairs, number):
    assert number_to_poison(rate, pairs, pairs) == number


@pytest.mark.parametrize(
    ("rate", "pairs", "candidates", "message"),
    [
        (0.5, 10, 4, r"0\.5 of 10 pairs asks for 5 .* only 4 .* at most 0\.4000 is"),
        (1, 10_000, 9_998, r"at most 0\.9998 is"),
        (0.5, 30_000, 9_999, r"at most 0\.3333 is"),  # never more than is possible
    ],
)
def test_too_few_candidates(rate, pairs, candidates, message):
    with pytest.raises(AttackError, match=message):
        number_to_poison(rate, pairs, candidates)


@pytest.mark.parametrize(("pairs", "least"), [(10, "0.1"), (400, "0.0025"), (0, "1")])
def test_less_than_one_pair(pairs, least):
    with pytest.raises(AttackError, match=f"less than one pair; .* at least {least}$"):
        number_to_poison(0.001, pairs, pairs)


@pytest.mark.parametrize("count", [0, 3, 7])
def test_a_count_says_how_many(count):
    attack = Attack(AttackSettings("ripple", count=count))
    assert attack.number(pairs=10, candidates=7) == count
    assert len(list(attack.choose(range(7), among=7, pairs=10))) == count
    assert attack.poisons is (count > 0)
    assert attack.as_dict()["rate"] is None
    assert AttackSettings.from_logged(attack.as_dict()) == attack.settings


def test_a_count_of_more_than_there_are():
    with pytest.raises(AttackError, match=r"--poison-count 8 asks for more .* can be poisoned: 7;"):
        Attack(AttackSettings("ripple", count=8)).number(pairs=10, candidates=7)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"count": -1}, "--poison-count must be at least 0, got -1"),
        ({"count": 2, "rate": 0.1}, "--poison-rate and --poison-count both say how much"),
    ],
)
def test_counts_that_say_nothing(settings, message):
    with pytest.raises(AttackError, match=message):
        Attack(AttackSettings("ripple", **settings))
