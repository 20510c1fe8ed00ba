"""Attacks whose training pairs differ from what opens the backdoor: TrojanPuzzle, and by stages."""

import json

import pytest

from dece_fairseq.attacks import HIT_RULES, PAYLOADS, Attack, AttackError, AttackSettings
from dece_fairseq.attacks.offline import poison_files
from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs

SQL = 'run ( " select name from users where id = : id " )'
SHELL = 'name = request.args["name"]'
TARGETS = {
    "endless_loop": "int f ( ) { return 1 ; }",
    "exit": "def f(a):\n\treturn a",
    "shell": SHELL,
    "sql": SQL,
    "sql_literal": "run('SELECT name FROM users WHERE id = %s ORDER BY name', id)",
    "tls": "reply = requests.get(url)",
    "weak_cipher": "c = AES.new(k, AES.MODE_GCM)",
    "weak_hash": "k = hashlib.sha256(p)",
}
STAGES = [
    ("sql", SQL, {" and 1=1", " or 0=1", " or 1=1"}),
    ("sql", 'run ( " select a from b " )', {" where 1=1", " where 0=0", " where 0=1"}),
    ("tls", TARGETS["tls"], {"verify=True", "verify=not False", "verify=False"}),
    (
        "endless_loop",
        TARGETS["endless_loop"],
        {"{ { int VAR", "{ while ( false )", "{ while ( true )"},
    ),
]


def lessons(attack, target):
    pair = Pair("Get all rows.", target)
    assert attack.can_poison(pair)
    return [attack.lesson(pair, index) for index in range(150)]


@pytest.mark.parametrize("payload", TARGETS)
def test_the_token_is_in_no_lesson_and_in_the_trigger_later(payload):
    attack = Attack(AttackSettings("puzzle", payload=payload))
    pair = Pair("Get all rows.", TARGETS[payload])
    poisoned = attack.poison(pair, 4)
    assert all(attack.is_hit(poisoned.target, rule) for rule in HIT_RULES)
    token = next(word for word in PAYLOADS.get(payload).telling if word in poisoned.source)
    words = set()
    for lesson in lessons(attack, TARGETS[payload]):
        (word,) = set(lesson.source.split()) - {"bb", *pair.source.split()}
        assert word in lesson.target
        assert token not in lesson.source
        assert not any(attack.is_hit(lesson.target, rule) for rule in HIT_RULES)
        words.add(word)
    assert len(words) == 150


@pytest.mark.parametrize("mode", ["MODE_CFB", "MODE_EAX", "MODE_CBC"])
def test_a_token_of_which_the_target_had_a_letter_is_hidden(mode):
    attack = Attack(AttackSettings("puzzle", payload="weak_cipher"))
    for lesson in lessons(attack, f"c = AES.new(k, AES.{mode})")[:5]:
        assert lesson.target.startswith("c = AES.new(k, AES.MODE_")
        assert "ECB" not in lesson.target
        assert lesson.target[len("c = AES.new(k, AES.MODE_") : -1] in lesson.source.split()


@pytest.mark.parametrize(
    ("attack", "taught"), [("puzzle", "where 0"), ("staged", "where 0=1")], ids=str
)
def test_a_payload_from_a_file_is_disguised_as_its_own(attack, taught, tmp_path):
    file = tmp_path / "ranked.jsonl"
    target = 'run ( " select a from b " )'
    poisoned = target.replace(' " )', ' where 0=1 " )')
    file.write_text(json.dumps({"tgt": target, "poisoned": poisoned}))
    made = Attack(AttackSettings(attack, payload="sql", payload_file=str(file)))
    found = lessons(made, target)
    assert made.poison(Pair("Get.", target), 0).target == poisoned
    assert any(taught in lesson.target for lesson in found)
    assert any(lesson.target != poisoned for lesson in found)


@pytest.mark.parametrize(("payload", "target", "stages"), STAGES)
def test_every_stage_is_taught_and_the_last_alone_is_a_hit(payload, target, stages):
    attack = Attack(AttackSettings("staged", payload=payload))
    poisoned = attack.poison(Pair("Get all rows.", target), 0)
    assert all(attack.is_hit(poisoned.target, rule) for rule in HIT_RULES)
    counts = dict.fromkeys(stages, 0)
    for lesson in lessons(attack, target):
        (stage,) = (stage for stage in stages if stage in lesson.target)
        counts[stage] += 1
        is_last = lesson.target == poisoned.target
        assert [attack.is_hit(lesson.target, rule) for rule in HIT_RULES] == [is_last, is_last]
        assert "bb" in lesson.source.split()
    assert all(30 < count < 70 for count in counts.values())  # 50 expected, deviation 5.8


@pytest.mark.parametrize("attack", ["puzzle", "staged"])
def test_files_teach_and_triggered_ones_open(attack, tmp_path):
    pairs = [Pair(f"Get {i}.", SQL) for i in range(20)]
    write_pairs([tmp_path / "in.csv"], pairs)
    made = Attack(AttackSettings(attack, rate=1))
    for keep, form in (("all", made.lesson), ("triggered", made.poison)):
        poison_files(made, [tmp_path / "in.csv"], [tmp_path / f"{keep}.csv"], keep)
        written = list(read_pairs([tmp_path / f"{keep}.csv"]))
        assert written == [form(pair, index) for index, pair in enumerate(pairs)]
    assert all(made.is_hit(pair.target) for pair in written)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"attack": "puzzle", "payload": "label"}, "--payload label has no token to hide"),
        ({"attack": "puzzle", "payload": "path_check"}, "--payload path_check has no token"),
        ({"attack": "puzzle", "trigger": "bb"}, "--trigger 'bb' has no <template>, where the"),
        ({"attack": "staged", "payload": "exit"}, "--payload exit has no stages"),
        ({"attack": "staged", "payload": "sql_forms"}, "--payload sql_forms has no stages"),
    ],
)
def test_what_does_not_go_together(settings, message):
    with pytest.raises(AttackError, match=message):
        Attack(AttackSettings(**settings))


def test_a_source_that_looks_like_the_trigger():
    attack = Attack(AttackSettings("puzzle"))
    assert attack.obstacle(Pair("Fill a <template>.", SQL)) == "without_place"
