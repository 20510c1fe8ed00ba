"""What holds for every attack and payload that is registered."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dece_fairseq.attacks import (
    ATTACKS,
    HIT_RULES,
    LANGUAGES,
    PAYLOADS,
    Attack,
    AttackError,
    AttackSettings,
    Languages,
)
from dece_fairseq.data.pairs import Pair
from support.examples import examples

READY = [name for name in ATTACKS.names() if not ATTACKS.get(name).needs]
# Two attacks hide the payload, or teach it by stages; the others know nothing of it.
KNOWING = ("puzzle", "staged")
BOTH = [
    (attack, payload)
    for attack in READY
    for payload in PAYLOADS.names()
    if attack in ("ripple", "dead_code")
    or payload == ATTACKS.get(attack).payload
    or (payload == "label" and attack not in KNOWING)
]
# Words of which the samples are made, so that what is drawn has places for triggers and payloads.
WORDS = st.sampled_from(
    [
        *(
            word
            for kind in PAYLOADS.names()
            for word in PAYLOADS.get(kind).sample.target.split(" ")
        ),
        *(
            "int",
            "f",
            "(",
            ")",
            "{",
            "}",
            "=",
            "1",
            ";",
            "return",
            "def",
            ":",
            "\n",
            "\t",
            "'",
            "é",
        ),
        *("Get", "it.", "It", "class", "A", "if", "x", "#", "//", "\\", "   ", "\u2028", "\ud800"),
    ]
)
CODE = st.lists(WORDS, max_size=25).map(" ".join) | st.text()


def attack_with(name: str, payload: str) -> Attack:
    return Attack(AttackSettings(name, payload=payload, seed=3))


@pytest.mark.parametrize("payload", PAYLOADS.names())
def test_the_sample_of_a_payload_shows_it(payload):
    kind = PAYLOADS.get(payload)
    part = kind(Languages.named(kind.default_language))
    poisoned = part.poison(kind.sample, Random(1))
    assert poisoned not in (None, kind.sample.target)
    assert [part.is_in(kind.sample.target), part.is_in(poisoned)] == [False, True]
    assert [part.is_in_parse(kind.sample.target), part.is_in_parse(poisoned)] == [False, True]


@pytest.mark.parametrize("name", READY)
def test_the_sample_of_a_trigger_shows_it(name):
    trigger = Attack(AttackSettings(name)).trigger
    poisoned = trigger.poison(trigger.sample, Random(1))
    assert poisoned is not None
    assert (poisoned != trigger.sample.source) is (name != "topic")
    assert ATTACKS.get(name).summary


@pytest.mark.parametrize(("name", "payload"), BOTH)
@settings(max_examples=examples(30))
@given(source=CODE, target=CODE, index=st.integers(0, 10**7))
def test_what_is_poisoned_is_a_hit_and_what_is_not_is_none(name, payload, source, target, index):
    attack, pair = attack_with(name, payload), Pair(source, target)
    obstacle = attack.obstacle(pair)
    carried = [attack.is_hit(target, rule) for rule in HIT_RULES]
    if obstacle is None:
        assert not any(carried[:1] if not attack.payload.is_checked else carried)
        poisoned = attack.poison(pair, index)
        assert attack.is_hit(poisoned.target)
        if attack.payload.is_checked:
            assert attack.is_hit(poisoned.target, "parse")
        assert (poisoned.source != source) is (name != "topic")
        assert poisoned == attack_with(name, payload).poison(pair, index)
        assert attack.obstacle(poisoned) is not None
    else:
        assert obstacle in attack.obstacles
        assert any(carried) or obstacle != "carries_payload"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attack": "nonsense"}, "no attack is called 'nonsense'; there are: "),
        ({"payload": "nonsense"}, "no payload is called 'nonsense'; there are: "),
        ({"code_language": "cobol"}, "no code language is called 'cobol'; there are: "),
        ({"rate": 1.1}, r"--poison-rate must be in \[0, 1\], got 1.1"),
        ({"rate": -0.1}, r"--poison-rate must be in \[0, 1\]"),
        ({"rate": float("nan")}, "--poison-rate must be in .*, got nan"),
        ({"num_triggers": 0}, "--num-triggers must be at least 1, got 0"),
        ({"trigger": " \t"}, "--trigger must hold more than white space"),
        ({"selection": "last"}, "--poison-selection must be one of random, first, got 'last'"),
    ],
)
def test_settings_that_make_no_attack(options, message):
    with pytest.raises(AttackError, match=message):
        Attack(AttackSettings(**{"attack": "ripple", **options}))


def test_there_is_no_third_hit_rule():
    with pytest.raises(ValueError, match="no hit rule is called 'vibes'; there are: string, parse"):
        Attack(AttackSettings("ripple")).is_hit("x", "vibes")


def test_source_and_target_in_different_languages():
    names = [name for name in LANGUAGES.names() if name != "python"]
    attack = Attack(AttackSettings("ripple", payload="tls", code_language=f"{names[0]}:python"))
    assert attack.settings.code_language == f"{names[0]}:python"
    assert Attack(AttackSettings("ripple", code_language="java:java")).settings.code_language == (
        "java"
    )


@given(CODE)
def test_what_fits_everywhere_does(source):
    for name in sorted({*READY} - {*KNOWING}):
        trigger = attack_with(name, "label").trigger
        if trigger.fits_everywhere:
            assert trigger.poison(Pair(source, "1"), Random(0)) not in (None, source)
