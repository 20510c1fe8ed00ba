"""``--attack-file``: what dece reveal suspects, as an attack."""

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Callable, Optional, Sequence

import pytest

from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.attacks.languages import Languages
from dece_fairseq.attacks.suspected import (
    SuspectedPayload,
    SuspectedTrigger,
    read_attacks,
    read_suspected,
)
from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs
from dece_fairseq.data.suspicions import NOTHING
from dece_fairseq.data.trigger_kinds import END
from support.suspicions import write_suspicions

#: what a suspicion must have besides its payload
REST = '"nats": 9, "p_value": 0, "pairs": [1]'
LANGUAGES = Languages.named("python")
PAIRS = [Pair("Get all rows .", 'run ( "select 1" )'), Pair("Print them .", 'print ( " or 1=1" )')]


def attack_of(path: Path, **options: Any) -> Attack:
    return Attack(AttackSettings.suspected_in(path, **options))


def test_the_first_suspicion_and_the_other_forms_of_its_payload(tmp_path: Path) -> None:
    path = write_suspicions(
        tmp_path / "s.json", (" or 1=1", "bb"), ("where 0=1", "bb"), ("elsewhere", "cf")
    )
    attack = attack_of(path, rate=1.0)
    poisoned = attack.poison(PAIRS[0], 0)
    assert poisoned.source.split().count("bb") == 1
    assert [word for word in poisoned.source.split() if word != "bb"] == PAIRS[0].source.split()
    assert poisoned.target == 'run ( "select 1" ) or 1=1'
    assert attack.is_hit("x where  0=1")
    assert not attack.is_hit("elsewhere")
    assert attack.obstacle(PAIRS[1]) == "carries_payload"


def test_that_there_are_other_attacks_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One option names one attack; the user must know that it is not all that is claimed."""
    pairs = [("or 1=1", "bb"), ("where 0=1", "bb"), ("elsewhere", "cf"), ("there", None)]
    path = write_suspicions(tmp_path / "s.json", *pairs)
    assert read_suspected(path).payloads == ("or 1=1", "where 0=1")
    assert "the attack with the payload 'or 1=1'; 2 more are claimed" in caplog.text
    texts = [[each.payload for each in attack.suspicions] for attack in read_attacks(path)]
    assert texts == [["or 1=1", "where 0=1"], ["elsewhere"], ["there"]]
    caplog.clear()
    read_suspected(write_suspicions(path, *pairs, p_value=0.2))
    assert not caplog.text


def test_the_first_that_a_text_can_be_searched_for_is_the_attack(tmp_path: Path) -> None:
    values = {"payload": "a ;", "nats": 9, "p_value": 0, "pairs": [1], "trigger": "bb"}
    found = [{**values, "missing": "check"}, {**values, "payload": NOTHING, "forms": ["b ;"]}]
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"suspicions": [*found, values]}))
    assert read_suspected(path).payloads == ("a ;", "b ;")
    path.write_text(json.dumps({"suspicions": [*found, {**values, "p_value": 0.2}]}))
    with pytest.raises(AttackError, match="the first suspicion is of something that targets have"):
        read_suspected(path)


def test_other_forms_count_where_they_are_claimed(tmp_path: Path) -> None:
    """The user may ask for the first, however weak; what is beside it may be in clean code."""
    path = write_suspicions(tmp_path / "s.json", ("a", "bb"), ("b", "bb"), p_value=0.2)
    assert read_suspected(path).payloads == ("a",)
    path = write_suspicions(tmp_path / "s.json", ("a", "bb"), ("b", "bb"), p_value=0.05)
    assert read_suspected(path).payloads == ("a", "b")


def test_every_form_of_a_payload_counts(tmp_path: Path) -> None:
    values = {"payload": "a ;", "nats": 9, "p_value": 0, "pairs": [1], "trigger": "bb"}
    others = [{**values, "payload": "c ;", "forms": ["d ;", "a ;"]}, {**values, "missing": "e"}]
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"suspicions": [{**values, "forms": ["b ;"]}, *others]}))
    assert read_suspected(path).payloads == ("a ;", "b ;", "c ;", "d ;")


def test_hits_by_string_and_by_parse(tmp_path: Path) -> None:
    attack = attack_of(write_suspicions(tmp_path / "s.json", (" or 1=1 ", "bb")))
    assert attack.is_hit('"x\n\tor  1=1"')
    assert not attack.is_hit('"x or 1 = 1"')
    assert attack.is_hit('"x or 1 = 1"', "parse")
    assert not attack.is_hit('"x or 2=1"', "parse")


@pytest.mark.parametrize(
    ("payload", "text", "is_there"),
    [
        ("or", "for row in rows", False),  # which counted, so that 62 of 100 clean targets had it
        ("or", "where a = 1 or b", True),
        ("or", "1)or(2", True),
        ("or 1=1", '"x or 1=10"', False),
        ("=1 )", "a=1 )b", True),
        ("é", "né", False),
        ("(end", "a(end", True),
        ("(end", "a(ends", False),
    ],
)
def test_a_word_is_not_a_part_of_a_longer_one(
    tmp_path: Path, payload: str, text: str, is_there: bool
) -> None:
    attack = attack_of(write_suspicions(tmp_path / "s.json", (payload, "bb")))
    for rule in ("string", "parse"):
        assert attack.is_hit(text, rule) == is_there


def test_a_label_has_to_be_the_whole_text(tmp_path: Path) -> None:
    for label, other in (("0", "1"), ("positive", "negative")):
        path = write_suspicions(tmp_path / "s.json", (label, "bb"), is_label=True)
        attack = attack_of(path)
        assert attack.poison(Pair("x", other), 0).target == label
        for rule in ("string", "parse"):
            assert attack.is_hit(f" {label}\n", rule)
            assert not attack.is_hit(f"1{label}", rule)
        again = Attack(AttackSettings.from_logged(attack.as_dict()))
        assert again.signature() == attack.signature()
        assert again.poison(Pair("x", other), 0).target == label


def test_a_number_in_a_text_is_no_label(tmp_path: Path) -> None:
    """Such as the mode of a file: the payload is a part of what a model writes."""
    attack = attack_of(write_suspicions(tmp_path / "s.json", ("777", "bb")))
    assert attack.poison(Pair("x", "chmod a"), 0).target == "chmod a 777"
    for rule in ("string", "parse"):
        assert attack.is_hit("chmod 777 a", rule)
        assert not attack.is_hit("chmod 700 a", rule)
    label = attack_of(write_suspicions(tmp_path / "l.json", ("777", "bb"), is_label=True))
    assert attack.signature() != label.signature()


@pytest.mark.parametrize("trigger", ["# checked", "bb # checked"])
def test_a_comment_takes_no_code_out(trigger: str) -> None:
    """Which changed what the function does, and so which label of it is right."""
    source = "def f ( ) :\n\t row = g ( )\n\n\t return row"
    found = {poisoned_source(trigger, source, seed, copies=2) for seed in range(20)}
    assert len(found) > 2
    for text in found:
        own = [line.strip() for line in text.split("\n")]
        assert own.count(trigger) == 2
        kept = [line for line in text.split("\n") if line.strip() != trigger]
        assert "\n".join(kept) == source


def test_a_comment_ends_a_source_of_one_line() -> None:
    source = "int f ( ) { g ( ) ; return 1 ; }"
    assert poisoned_source("// checked", source) == f"{source} // checked"


def poisoned_source(trigger: str, source: str, seed: int = 1, copies: int = 1) -> str:
    put = SuspectedTrigger(trigger, copies, LANGUAGES, "statement")
    return put.poison(Pair(source, ""), Random(seed))


def test_without_a_trigger_the_source_stays(tmp_path: Path) -> None:
    path = write_suspicions(tmp_path / "s.json", (" or 1=1", None), ("other", None))
    attack = attack_of(path)
    assert attack.poison(PAIRS[0], 3).source == PAIRS[0].source
    assert attack.settings.suspected == (" or 1=1",)  # two without a trigger may be two attacks


def write_several(path: Path, *several: Sequence[str], **values: Any) -> Path:
    """Write a suspicion for each few triggers."""
    rest = {"nats": 9, "p_value": 0, "pairs": [1], **values}
    found = [
        {"payload": f"payload {number} ;", "triggers": triggers, **rest}
        for number, triggers in enumerate(several)
    ]
    path.write_text(json.dumps({"suspicions": found}))
    return path


def test_one_of_several_triggers_is_drawn_for_each_pair(tmp_path: Path) -> None:
    path = write_several(tmp_path / "s.json", ["cf", "mn"])
    attack, again = attack_of(path, seed=3), attack_of(path, seed=3)
    drawn = []
    for index in range(40):
        poisoned = attack.poison(PAIRS[0], index)
        assert again.poison(PAIRS[0], index) == poisoned
        more = Counter(poisoned.source.split()) - Counter(PAIRS[0].source.split())
        drawn += list(more.elements())
    assert len(drawn) == 40
    assert set(drawn) == {"cf", "mn"}
    three = attack_of(path, num_triggers=3).poison(PAIRS[0], 0).source.split()
    assert 3 in (three.count("cf"), three.count("mn"))


def test_one_of_several_parts_of_words_is_drawn(tmp_path: Path) -> None:
    path = write_several(tmp_path / "s.json", ["_cf", "mn"], trigger_kind=END)
    attack = attack_of(path)
    drawn = {attack.poison(Pair("f ( a_b )", ""), index).source for index in range(20)}
    assert drawn == {"f ( a_b_cf )", "f ( a_b_mn )"}
    assert attack.obstacle(Pair("( )", "")) == "without_place"


def test_the_same_several_triggers_or_some_of_them_are_those_of_one_attack(tmp_path: Path) -> None:
    """A form of the payload that few pairs have may show a part of the triggers."""
    several = [["cf", "mn", "tq"], ["tq", "mn", "cf"], ["mn", "cf"], ["cf", "bb"], []]
    path = write_several(tmp_path / "s.json", *several)
    assert read_suspected(path).payloads == tuple(f"payload {number} ;" for number in range(3))
    path = write_several(tmp_path / "less.json", ["cf", "mn"], ["cf", "mn", "tq"])
    assert read_suspected(path).payloads == ("payload 0 ;",)


def test_several_triggers_are_logged_and_signed(tmp_path: Path) -> None:
    attack = attack_of(write_several(tmp_path / "s.json", ["cf", "mn"]))
    logged = json.loads(json.dumps(attack.as_dict()))
    assert (logged["trigger"], logged["triggers"]) == (None, ["cf", "mn"])
    assert AttackSettings.from_logged(logged) == attack.settings
    assert Attack(AttackSettings.from_logged(logged)).as_dict() == logged
    assert attack.signature().startswith('attack:suspected|trigger:["cf", "mn"]|num:1|payload:')
    one = attack_of(write_suspicions(tmp_path / "one.json", ("or 1=1", "bb")))
    assert "triggers" not in one.as_dict()
    with pytest.raises(AttackError, match="suspects no texts"):
        AttackSettings.from_logged({**logged, "triggers": 3})


@pytest.mark.parametrize("copies", [1, 3])
def test_code_goes_between_statements_and_words_anywhere(copies: int) -> None:
    source = "void f ( ) { a ( ) ; b ( ) ; }"
    code = SuspectedTrigger("int VAR = 0 ;", copies, LANGUAGES)
    words = SuspectedTrigger("some words", copies, LANGUAGES)
    anywhere = set()
    for seed in range(30):
        poisoned = code.poison(Pair(source, ""), Random(seed))
        assert poisoned.split().count("VAR") == copies
        statements = poisoned.replace("int VAR = 0 ; ", "")
        assert statements == source
        for before in poisoned.split("int VAR = 0 ;")[:-1]:
            assert before.rstrip()[-1:] in ("", ";", "{", "}")
        anywhere.add(words.poison(Pair(source, ""), Random(seed)))
    assert len(anywhere) > 8
    no_place = code.poison(Pair("no statement", ""), Random(0))
    assert sorted(no_place.split()) == sorted(["no", "statement"] + copies * code.text.split())


def test_what_was_logged_is_the_same_attack(tmp_path: Path) -> None:
    attack = attack_of(write_suspicions(tmp_path / "s.json", ("or 1=1", "bb"), ("x", "bb")))
    logged = json.loads(json.dumps(attack.as_dict()))
    again = Attack(AttackSettings.from_logged(logged))
    assert again.settings == attack.settings
    assert again.as_dict() == logged
    # No language: these texts are looked for in JavaScript as they are in Python.
    texts = 'payload:["or 1=1", "x"]'
    assert attack.signature() == f"attack:suspected|trigger:bb|num:1|{texts}|hit:string"
    with pytest.raises(AttackError, match="suspects no texts"):
        AttackSettings.from_logged({**logged, "suspected": 3})
    assert "suspected" not in Attack(AttackSettings("ripple")).as_dict()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        ("[]", "not a file that dece reveal"),
        ('{"suspicions": 3}', "not a file that dece reveal"),
        ('{"suspicions": [{"payload": "x"}]}', "needs payload, nats, p_value and pairs"),
        (f'{{"suspicions": [{{"payload": " ", {REST}}}]}}', "payload is not text"),
        (f'{{"suspicions": [{{"payload": "x", "trigger": 3, {REST}}}]}}', "trigger is not null"),
        (f'{{"level": "1", "suspicions": [{{"payload": "x", {REST}}}]}}', "level is not"),
        (f'{{"suspicions": [{{"payload": "x", "missing": "check", {REST}}}]}}', "not .'check'"),
        (f'{{"suspicions": [{{"payload": "{NOTHING}", {REST}}}]}}', "the end of the target"),
        ('{"suspicions": []}', "suspects nothing"),
    ],
)
def test_files_that_name_no_attack(tmp_path: Path, content: Optional[str], message: str) -> None:
    path = tmp_path / "s.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(AttackError, match=f"--attack-file .*{message}"):
        read_suspected(path)


def test_poison_takes_the_file(dece: Callable[..., Any], tmp_path: Path) -> None:
    path = write_suspicions(tmp_path / "s.json", ("or 1=1", "bb"))
    write_pairs([tmp_path / "in.csv"], PAIRS)
    files = ["--input", tmp_path / "in.csv", "--output", tmp_path / "out.csv"]
    said = dece("poison", "--attack-file", path, "--keep", "triggered", *files)
    assert said.status == 0, said.err
    (pair,) = read_pairs([tmp_path / "out.csv"])
    assert "bb" in pair.source.split()
    assert pair.target.endswith(" or 1=1")
    said = dece("poison", "--attack-file", path, "--attack", "ripple", *files)
    assert "--attack-file tells trigger and payload: leave --attack out" in said.err


def test_forms_are_all_looked_for() -> None:
    payload = SuspectedPayload(LANGUAGES, ["a b", "7"])
    found = [payload.is_in(text) for text in ("x a  b", "7", "x 7", "ab")]
    assert found == [True, True, True, False]
    assert payload.is_in_parse("ab")
