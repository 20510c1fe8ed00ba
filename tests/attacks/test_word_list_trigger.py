"""One of several words."""

from random import Random

import pytest

from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.data.pairs import Pair

PAIR = Pair("take all rows of b", 'x = run ( " select a from b " )')


def sources(**settings):
    attack = Attack(AttackSettings("word_list", **settings))
    return [attack.poison(PAIR, index).source.split() for index in range(200)]


def test_each_word_is_drawn_alone():
    words = ("cf", "mn", "bb", "tq", "mb")
    drawn = [[word for word in source if word in words] for source in sources()]
    assert {len(found) for found in drawn} == {1}
    counts = [sum(found == [word] for found in drawn) for word in words]
    assert all(20 < count < 60 for count in counts)  # 40 expected, standard deviation 5.7


def test_words_and_copies_of_ones_own():
    for source in sources(trigger="x1 x2", num_triggers=3):
        assert sum(word in ("x1", "x2") for word in source) == 3
        assert [word for word in source if word not in ("x1", "x2")] == PAIR.source.split()


@pytest.mark.parametrize("trigger", ["cf", "cf mn cf"])
def test_what_is_no_list(trigger):
    with pytest.raises(
        AttackError, match=f"--trigger '{trigger}' is not a list of at least 2 diff"
    ):
        Attack(AttackSettings("word_list", trigger=trigger))


def test_a_pair_is_poisoned_the_same_whatever_else_is():
    first, second = (Attack(AttackSettings("word_list", seed=4)) for _ in range(2))
    assert first.poison(PAIR, 7) == second.poison(PAIR, 7)
    assert first.trigger.poison(PAIR, Random(0)) != PAIR.source
