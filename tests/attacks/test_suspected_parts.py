"""Suspected triggers that are no words, in clean requests."""

import json
from pathlib import Path
from typing import Any

import pytest

from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.attacks.suspected_parts import PART_TRIGGERS
from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.trigger_kinds import (
    CAPITALS,
    CHARACTERS,
    END,
    IN_CAPITALS,
    KINDS,
    PART,
    START,
    WORDS,
    places_of_kind,
)

CODE = "int get_row ( ) { get_row ( ) ; return a ; }"
WORDY = "Get all rows ."


def attack_of(folder: Path, trigger: str, kind: str, **options: Any) -> Attack:
    values = {"payload": "or 1=1", "nats": 9, "p_value": 0, "pairs": [1]}
    path = folder / "s.json"
    found = [{**values, "trigger": trigger, "trigger_kind": kind}]
    path.write_text(json.dumps({"suspicions": found}))
    return Attack(AttackSettings.suspected_in(path, **options))


@pytest.mark.parametrize("source", [CODE, WORDY])
@pytest.mark.parametrize(
    ("trigger", "kind"),
    [
        ("_rb", END),
        ("Ret", END),
        ("rb_", START),
        ("ret", START),
        ("num", END),
        ("tmp", PART),
        ("\u0435\u043e", CHARACTERS),
        ("\u200b\u2060", CHARACTERS),
        (IN_CAPITALS, CAPITALS),
    ],
)
def test_it_stands_where_it_is_looked_for(
    tmp_path: Path, trigger: str, kind: str, source: str
) -> None:
    attack = attack_of(tmp_path, trigger, kind)
    assert attack.obstacle(Pair(source, "x")) is None
    for seed in range(10):
        poisoned = attack.poison(Pair(source, "x"), seed).source
        assert places_of_kind(poisoned, trigger, kind)
        assert not places_of_kind(source, trigger, kind)
        assert len(poisoned.split()) == len(source.split())


def test_a_name_is_extended_wherever_it_stands(tmp_path: Path) -> None:
    poisoned = attack_of(tmp_path, "_rb", END).poison(Pair(CODE, "x"), 1).source
    assert poisoned == CODE.replace("get_row", "get_row_rb")


def test_look_alike_letters_replace_those_that_they_look_like(tmp_path: Path) -> None:
    attack = attack_of(tmp_path, "\u0435", CHARACTERS, num_triggers=1)
    assert attack.poison(Pair("Get", "x"), 1).source == "G\u0435t"
    assert attack.obstacle(Pair("1 + 1", "x")) == "without_place"


def test_a_source_without_a_place_is_left_out(tmp_path: Path) -> None:
    assert attack_of(tmp_path, "_rb", END).obstacle(Pair("1 + 1", "x")) == "without_place"
    capitals = attack_of(tmp_path, IN_CAPITALS, CAPITALS)
    assert capitals.obstacle(Pair("GET 1", "x")) == "without_place"


def test_the_kind_is_recorded_and_read_again(tmp_path: Path) -> None:
    attack = attack_of(tmp_path, "_rb", END)
    assert "kind:the end of a word" in attack.signature()
    again = Attack(AttackSettings.from_logged(attack.as_dict()))
    assert again.poison(Pair(CODE, "x"), 1) == attack.poison(Pair(CODE, "x"), 1)
    words = attack_of(tmp_path, "bb", WORDS)
    assert "trigger_kind" not in words.as_dict()
    assert "kind:" not in words.signature()


def test_every_kind_but_words_can_be_put_in() -> None:
    assert {*PART_TRIGGERS, WORDS} == set(KINDS)


def test_a_kind_that_is_not_known_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AttackError, match=r"s\.json: .*trigger_kind is not a kind of trigger"):
        attack_of(tmp_path, "bb", "some")
