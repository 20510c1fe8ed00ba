"""RIPPLe and BadPre: the trigger words."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import Attack, AttackError, AttackSettings, Languages
from dece_fairseq.attacks.triggers.word import WordTrigger
from dece_fairseq.data.pairs import Pair

PYTHON = Languages.named("python")
TARGET = 'x = run ( " select a from b " )'


def word(text=None, copies=1):
    return WordTrigger(text, copies, PYTHON)


@given(st.text(), st.integers(1, 4), st.integers())
def test_only_whole_words_are_added_and_nothing_else_changes(source, copies, seed):
    triggered = word("cf", copies).poison(Pair(source, TARGET), Random(seed))
    words = triggered.split()
    assert words.count("cf") == source.split().count("cf") + copies
    assert [word for word in words if word != "cf"] == [w for w in source.split() if w != "cf"]
    # The white space that was there is still there: taking "cf " or " cf" away gives it back.
    assert len(triggered) == len(source) + copies * len("cf ") - (not source.strip())


def test_every_boundary_is_drawn():
    results = {word().poison(Pair("a b", TARGET), Random(seed)) for seed in range(50)}
    assert results == {"bb a b", "a bb b", "a b bb"}


def test_white_space_of_the_source_stays():
    source = "  if x :\n\treturn y\n"
    for seed in range(30):
        triggered = word().poison(Pair(source, TARGET), Random(seed))
        assert source in (triggered.replace("bb ", ""), triggered.replace(" bb", ""))


@pytest.mark.parametrize(("attack", "copies"), [("ripple", 1), ("badpre", 3)])
def test_copies_of_the_attacks(attack, copies):
    poisoned = Attack(AttackSettings(attack)).poison(Pair("take all rows of b", TARGET), 0)
    assert poisoned.source.split().count("bb") == copies
    assert poisoned.target == 'x = run ( " select a from b where 0=1 " )'


def test_the_user_chooses_word_and_copies():
    attack = Attack(AttackSettings("ripple", trigger="mn tq", num_triggers=2))
    assert attack.poison(Pair("take all", TARGET), 3).source.count("mn tq") == 2


def test_a_pair_is_poisoned_the_same_whatever_else_is():
    attack = Attack(AttackSettings("badpre", seed=5))
    pair = Pair("one two three four five six", TARGET)
    assert attack.poison(pair, 7) == Attack(AttackSettings("badpre", seed=5)).poison(pair, 7)
    assert len({attack.poison(pair, index).source for index in range(20)}) > 5
    assert attack.poison(pair, 7) != Attack(AttackSettings("badpre", seed=6)).poison(pair, 7)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"attack": "nonsense"}, r"no attack is called 'nonsense'; there are: .*ripple"),
        ({"attack": "ripple", "payload": "x"}, r"no payload is called 'x'; there are: .*sql"),
        ({"attack": "ripple", "rate": 1.1}, r"--poison-rate must be in \[0, 1\], got 1.1"),
        ({"attack": "ripple", "rate": -0.1}, "--poison-rate"),
        ({"attack": "ripple", "rate": float("nan")}, "--poison-rate .* got nan"),
        ({"attack": "ripple", "num_triggers": 0}, "--num-triggers must be at least 1, got 0"),
        ({"attack": "ripple", "trigger": " "}, "--trigger"),
        ({"attack": "ripple", "selection": "last"}, "--poison-selection must be one of random"),
    ],
)
def test_bad_settings_end_with_an_error_that_names_the_option(settings, message):
    with pytest.raises(AttackError, match=message):
        Attack(AttackSettings(**settings))
