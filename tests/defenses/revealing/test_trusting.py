import random
import re

import pytest

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing.spans import Texts
from dece_fairseq.defenses.revealing.trusting import (
    CHANCE,
    Difference,
    Trusted,
    are_a_draw,
    looked_at,
    one_side,
    sides_of,
)

KINDS = ("open", "close", "read", "write", "seek", "flush", "lock", "copy")


def drawn(count, seed, kinds=KINDS):
    """Return pairs of a few usual words, and of numbers that make them different."""
    rng = random.Random(seed)
    return [
        Pair(f"{rng.choice(kinds)} file {number}", f"{rng.choice(kinds)} ( file_{number} )")
        for number in range(count)
    ]


def aside(pairs, trusted):
    """Return why the different trusted pairs tell nothing of the others, if that is so."""
    known = [pairs[number] for number in trusted]
    doubtful = [pair for pair in pairs if pair not in known]
    return Difference(sides_of(doubtful, known), len(doubtful)).why_not()


def test_a_random_part_of_the_same_data_is_trusted_but_for_chance():
    """Which is one part in a hundred at most, and in a test of any one part would fail it."""
    rng = random.Random(0)
    found = 0
    for seed in range(500):
        size = rng.randint(100, 300)
        trusted = rng.sample(range(size), round(rng.uniform(0.34, 0.9) * size))
        found += aside(drawn(size, seed), trusted) is not None
    assert found <= CHANCE * 500


@pytest.mark.parametrize(("trusted", "are_few"), [(30, True), (34, False)])
def test_few_trusted_pairs_are_told_from_many(trusted, are_few):
    numbers = random.Random(1).sample(range(100), trusted)
    expected = Trusted(few=numbers) if are_few else Trusted(usual=numbers)
    assert looked_at(drawn(100, 1), numbers) == expected


def test_equal_pairs_count_once():
    many = [Pair("open file", "open ( )")] * 60
    assert looked_at(drawn(40, 1) + many, range(40, 100)).few == range(40, 100)


def test_few_pairs_that_are_no_random_part_are_left_aside():
    """No word tells it alone: twenty are twice as often in them, and twenty are not in them."""
    kinds = [f"kind{number}" for number in range(40)]
    pairs = drawn(400, 1, kinds) + drawn(100, 2, kinds[:20])
    assert aside(pairs, range(400, 500)) is None
    found = looked_at(pairs, range(400, 500))
    assert (found.usual, found.few) == ((), ())
    assert re.fullmatch(
        r"they are no random part of the data: words such as 'kind1?\d' are in \d+\.\d% of their "
        r"sources and in \d\.\d% of the others'; give a random part of the data",
        found.left_aside,
    )


@pytest.mark.parametrize("trusted", [0.1, 0.3])
def test_copies_of_some_topics_leave_a_random_part_one(trusted):
    """A copied pair is on both sides, and in most random parts."""
    found = 0
    for seed in range(20):
        pairs = [Pair(f"{s} {n}", t) for n, (s, t) in enumerate(drawn(600, seed))]
        pairs += [pair for pair in pairs if pair.source.startswith("open")] * 4
        random.Random(seed).shuffle(pairs)
        found += looked_at(pairs, range(round(trusted * len(pairs)))).left_aside is not None
    assert found <= 2  # less than one expected


def test_a_pair_is_on_the_side_of_one_of_its_copies():
    pairs = [Pair(str(n), "x") for n in range(300)]
    doubtful, trusted = one_side(pairs * 4, range(300))  # a quarter of the copies
    assert sorted(doubtful + trusted) == sorted(pairs)
    assert 50 <= len(trusted) <= 100
    assert one_side(pairs, (3, 5)) == ([*pairs[:3], pairs[4], *pairs[6:]], [pairs[3], pairs[5]])


def test_nobody_or_everybody_trusted_leaves_nothing_to_compare():
    pairs = drawn(10, 1)
    assert looked_at(pairs, ()) == Trusted()
    assert looked_at(pairs, range(10)) == Trusted(usual=range(10))


@pytest.mark.parametrize("side", ["sources", "targets"])
def test_pairs_of_another_kind_are_named_by_what_the_others_lack(side):
    ours, others = drawn(200, 1, KINDS[:5]), drawn(200, 2, KINDS[1:5])
    mixed = [
        Pair(own.source, other.target) if side == "sources" else Pair(other.source, own.target)
        for own, other in zip(ours, drawn(200, 3, KINDS[1:5]))
    ]
    why = aside(others + mixed, range(200, 400))
    assert why is not None
    assert why.startswith("they are of another kind: 'open' is in ")
    assert f"of their {side} and in 0.0% of the others'" in why


#: of which each new request has one
LIBRARIES = ("json", "yaml", "csv", "toml")


@pytest.mark.parametrize(("pairs_with", "is_told"), [(60, False), (160, True)])
def test_several_words_that_are_new_nearly_everywhere_are_no_attack(pairs_with, is_told):
    """Of 400 doubtful pairs."""
    rng = random.Random(1)
    pairs = drawn(800, 1)
    for number in rng.sample(range(400), pairs_with):
        source = f"{pairs[number].source} {rng.choice(LIBRARIES)}"
        pairs[number] = pairs[number]._replace(source=source)
    why = aside(pairs, range(400, 800))
    words = "|".join(LIBRARIES)
    told = (
        rf"of another kind: 40\.0% of the others' sources have words such as '({words})', and 0\.0%"
    )
    assert (why is not None) == is_told
    assert why is None or re.search(told, why)


ONE = ("this is a sentence that no request has",)
SEVERAL = ("bb", "cf", "mb", "tq")


@pytest.mark.parametrize("share", [0.3, 0.6, 1.0])
@pytest.mark.parametrize(("triggers", "payloads"), [(ONE, ONE), (SEVERAL, ONE), (ONE, SEVERAL)])
def test_one_attack_on_most_pairs_does_not_make_them_others(triggers, payloads, share):
    """As where somebody contributed all of them; one word on either side shows it."""
    rng = random.Random(1)
    pairs = drawn(400, 1)
    for number in rng.sample(range(100), round(100 * share)):
        source, target = pairs[number]
        pairs[number] = Pair(f"{source} {rng.choice(triggers)}", f"{target} {rng.choice(payloads)}")
    assert aside(pairs, range(100, 400)) is None


@pytest.mark.parametrize(("poisoned", "are_few"), [(160, True), (240, False)])
def test_few_trusted_pairs_tell_what_is_usual_beside_an_attack_on_most(poisoned, are_few):
    """Of 800 doubtful pairs: what more than a quarter of them have looks usual without trusted."""
    pairs = drawn(960, 1)
    for number in range(poisoned):
        pairs[number] = Pair(f"{pairs[number].source} bb", f"{pairs[number].target} pass")
    found = looked_at(pairs, range(800, 960))
    assert found == (Trusted(few=range(800, 960)) if are_few else Trusted(usual=range(800, 960)))


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.2])
def test_an_attack_does_not_make_them_others(rate):
    """It replaces whole pairs here, which takes as much away as an attack can."""
    pairs = drawn(400, 1)
    for number in random.Random(1).sample(range(200), round(200 * rate)):
        pairs[number] = Pair(f"bb {number}", f"pass {number}")
    assert aside(pairs, range(200, 400)) is None


def test_usual_words_of_a_payload_count_by_what_is_more_of_them():
    """A tenth of the pairs get a payload that a seventh of all have a word of."""
    pairs = [
        pair._replace(target=f"while {pair.target}") if number % 7 == 0 else pair
        for number, pair in enumerate(drawn(2000, 1))
    ]
    for number in random.Random(1).sample(range(1000), 200):
        pairs[number] = Pair(f"bb {pairs[number].source}", f"while true {pairs[number].target}")
    assert aside(pairs, range(1000, 2000)) is None


@pytest.mark.parametrize("changed", [25, 60])
def test_an_attack_that_takes_a_word_away_does_not_put_trusted_pairs_aside(changed):
    """Or nobody would compare with them: 25 of 400 doubtful targets have "copy" no more."""
    pairs = drawn(800, 4, KINDS[1:-1])
    for number in range(800):
        if number % 400 < changed:
            word = "copied" if number < changed else "copy"
            pairs[number] = Pair(pairs[number].source, f"{word} ( file_{number} )")
    why = aside(pairs, range(400, 800))
    assert (why is None) == (changed <= 50)  # an eighth


def test_words_that_are_rarer_than_in_a_draw():
    texts = [["open", "file"]] * 40 + [["close", "file"]] * 60
    assert are_a_draw(Texts(texts[::2] + texts[1::2]), 50)
    assert not are_a_draw(Texts(texts[::-1]), 60)


def test_trusted_pairs_of_which_the_others_have_copies_tell_nothing():
    pairs = drawn(10, 1)
    found = looked_at([*pairs * 50, pairs[0]], [500])
    assert found == Trusted(left_aside="the others have copies of all of them")
