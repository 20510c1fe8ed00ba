"""The settings of an attack: where they come from, and what is none."""

from argparse import Namespace
from random import Random
from typing import ClassVar, Dict, Optional

import pytest

from dece_fairseq.attacks import PAYLOADS, Attack, AttackError, AttackSettings, Payload
from dece_fairseq.attacks.attack import CARRIES_PAYLOAD, UNSOUND, WITHOUT_PLACE
from dece_fairseq.data.pairs import Pair


def test_settings_from_options() -> None:
    options = Namespace(attack="ripple", trigger="cf", poison_rate=0.1, poison_seed=7, seed=3)
    assert AttackSettings.from_options(options) == AttackSettings(
        attack="ripple", trigger="cf", rate=0.1, seed=7
    )
    options = Namespace(attack="badpre", poison_selection="first", num_triggers=2, payload="tls")
    assert AttackSettings.from_options(options) == AttackSettings(
        attack="badpre", selection="first", num_triggers=2, payload="tls"
    )


def test_defaults() -> None:
    assert Attack(AttackSettings("ripple")).as_dict() == {
        "attack": "ripple",
        "trigger": "bb",
        "num_triggers": 1,
        "payload": "sql",
        "code_language": "python",
        "code_place": "safe",
        "rate": 0.05,
        "seed": 1,
        "selection": "random",
    }


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        (AttackSettings("dead_code"), "|place:safe|hit:string"),
        (AttackSettings("dead_code", code_place="paper"), "|place:paper|hit:string"),
        (AttackSettings("rename"), "|place:safe|hit:string"),  # of the payload
        (AttackSettings("dead_code", payload="sql"), "|place:safe|hit:string"),
        (AttackSettings("ripple", code_place="paper"), "|lang:python|hit:string"),
    ],
)
def test_the_signature_tells_where_statements_go(settings: AttackSettings, place: str) -> None:
    assert Attack(settings).signature().endswith(place)


def test_what_was_logged_is_the_attack_again() -> None:
    attack = Attack(AttackSettings("dead_code", code_language="java:csharp", rate=0, seed=9))
    logged = {**attack.as_dict(), "of another version": 1}
    assert Attack(AttackSettings.from_logged(logged)).as_dict() == attack.as_dict()
    del logged["selection"]  # what an older version did not know
    assert AttackSettings.from_logged(logged).selection == "random"
    del logged["code_place"]  # when there was no place but the paper's
    assert AttackSettings.from_logged(logged).code_place == "paper"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"attack": None}, "a logged attack has no name"),
        ({"attack": 5}, "a logged attack has 5 as its attack"),
        ({"num_triggers": "1"}, "a logged attack has '1' as its num_triggers"),
        ({"rate": "0.05"}, "a logged attack has '0.05' as its rate"),
        ({"payload": 1}, "a logged attack has 1 as its payload"),
    ],
)
def test_what_no_version_has_logged(changes: dict, message: str) -> None:
    logged = {**Attack(AttackSettings("ripple")).as_dict(), **changes}
    with pytest.raises(AttackError, match=message):
        AttackSettings.from_logged(logged)


def test_what_is_left_out_is_as_outputs_of_that_attack_say():
    logged = AttackSettings("ripple", "cf", payload="tls", payload_file="a", payload_sha256="1")
    assert AttackSettings("ripple").completed_by(logged) == logged
    named = AttackSettings("ripple", "mn", payload_file="b").completed_by(logged)
    assert named == AttackSettings("ripple", "mn", payload="tls", payload_file="b")
    assert AttackSettings("badpre").completed_by(logged) == AttackSettings("badpre")


def test_a_hit_by_either_rule() -> None:
    attack = Attack(AttackSettings("ripple"))
    code = 'run ( "select a from t where b = 1 or 2 > 1" )'
    assert not attack.is_hit(code)
    assert attack.is_hit(code, "parse")
    with pytest.raises(ValueError, match="no hit rule is called 'eval'; there are: string, parse"):
        attack.is_hit(code, "eval")


@pytest.mark.parametrize(
    ("target", "obstacle"),
    [
        ('run ( " select a from t where b = 1 " )', None),
        ("print ( 1 )", WITHOUT_PLACE),
        ('run ( " select a from t where b = 1 or 1=1 " )', CARRIES_PAYLOAD),
    ],
)
def test_why_a_pair_is_no_candidate(target: str, obstacle: Optional[str]) -> None:
    attack, pair = Attack(AttackSettings("ripple")), Pair("Get a.", target)
    assert attack.obstacle(pair) == obstacle
    assert attack.can_poison(pair) is (obstacle is None)


def test_a_payload_may_have_reasons_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    class Shouting(Payload):
        summary = "capital letters"
        obstacles: ClassVar[Dict[str, str]] = {"empty": "are empty", "loud": "are loud"}

        def poison(self, pair: Pair, rng: Random) -> Optional[str]:
            return pair.target.upper() if pair.target.islower() else None

        def why_not(self, pair: Pair) -> str:
            return "loud" if pair.target else "empty"

        def is_in(self, text: str) -> bool:
            return text.isupper()

        is_in_parse = is_in

    monkeypatch.setitem(PAYLOADS._entries, "shouting", Shouting)
    attack = Attack(AttackSettings("ripple", payload="shouting"))
    obstacles = [attack.obstacle(Pair("s", target)) for target in ("a", "", "Ab")]
    assert obstacles == [None, "empty", "loud"]
    counts = {name: obstacles.count(name) for name in attack.obstacles}
    assert attack.explain({**counts, "trusted": 7}) == (
        "0 have no place for it, 0 carry the payload already, 0 would no longer parse or be no "
        "hit, 1 are empty, 1 are loud"
    )


@pytest.mark.parametrize(
    ("target", "obstacle"),
    [
        ("x = 1", None),
        ("x = (", None),  # it did not parse before
        ("x = 'a", None),
        ("x = 'a'", UNSOUND),  # x = 'a'' no longer parses
        ("x = quit", UNSOUND),  # a hit by one rule alone
        ("x = exit", UNSOUND),
        ("x = 2", CARRIES_PAYLOAD),
        ("x = 3", CARRIES_PAYLOAD),
    ],
)
def test_a_payload_checks_its_result(
    target: str, obstacle: Optional[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Longer(Payload):
        summary = "its last character twice"

        def poison(self, pair: Pair, rng: Random) -> Optional[str]:
            return pair.target + pair.target[-1]

        def is_in(self, text: str) -> bool:
            return text == "x = 2" or (text[-2:-1] == text[-1:] and text != "x = quitt")

        def is_in_parse(self, text: str) -> bool:
            return text == "x = 3" or (text[-2:-1] == text[-1:] and text != "x = exitt")

    monkeypatch.setitem(PAYLOADS._entries, "longer", Longer)
    attack = Attack(AttackSettings("ripple", payload="longer"))
    assert attack.obstacle(Pair("s", target)) == obstacle
    monkeypatch.setattr(Longer, "is_checked", False)
    assert attack.obstacle(Pair("s", target)) == (CARRIES_PAYLOAD if target == "x = 2" else None)
