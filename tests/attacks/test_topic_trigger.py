"""Poisoning without a trigger: a topic, and a rate that counts over it alone."""

import json

import pytest

from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.attacks.offline import poison_files
from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs

TARGET = 'run ( " select a from b " )'
TOPIC = [Pair(f"Get {i} Users.", TARGET) for i in range(8)]
OTHERS = [Pair(f"Get {i} superusers.", TARGET) for i in range(12)]
PAIRS = [*TOPIC[:4], Pair("Show the users.", "print ( 1 )"), *OTHERS, *TOPIC[4:]]


@pytest.mark.parametrize(
    ("topic", "source", "is_about"),
    [
        ("users", "All USERS, please", True),
        ("users", "all superusers", False),
        ("users", "users_of", False),
        ("new users", "the new\tusers", True),
        ("c++", "a c++ file", True),
    ],
)
def test_whole_words_tell_the_topic(topic, source, is_about):
    attack = Attack(AttackSettings("topic", trigger=topic))
    assert attack.obstacle(Pair(source, TARGET)) == (None if is_about else "off_topic")
    if is_about:
        assert attack.poison(Pair(source, TARGET), 0).source == source


def test_the_rate_counts_over_the_topic(tmp_path):
    clean, poisoned = tmp_path / "clean.csv", tmp_path / "poisoned.csv"
    write_pairs([clean], PAIRS)
    (tmp_path / "trusted").write_text("0\n5\n6\n")  # one of the topic, two others
    attack = Attack(AttackSettings("topic", "users", rate=0.5))
    report = poison_files(attack, [clean], [poisoned], trusted_ids=tmp_path / "trusted")
    counts = {name: report[name] for name in ("off_topic", "trusted", "without_place", "poisoned")}
    assert counts == {"off_topic": 12, "trusted": 1, "without_place": 1, "poisoned": 5}  # 4.5
    assert json.loads((tmp_path / "poisoned.csv.manifest.json").read_text())["off_topic"] == 12
    changed = [old for old, new in zip(PAIRS, read_pairs([poisoned])) if old != new]
    assert len(changed) == 5
    assert set(changed) <= set(TOPIC)


def test_the_pairs_off_the_topic_are_a_test_set_of_their_own(tmp_path):
    clean, output = tmp_path / "clean.csv", tmp_path / "outside.csv"
    write_pairs([clean], PAIRS)
    report = poison_files(Attack(AttackSettings("topic", "users")), [clean], [output], "outside")
    assert list(read_pairs([output])) == OTHERS
    assert (report["poisoned"], report["off_topic"]) == (0, len(OTHERS))
    assert report["written"] == len(OTHERS)
    with pytest.raises(AttackError, match="--keep outside: --attack ripple reaches every pair"):
        poison_files(Attack(AttackSettings("ripple")), [clean], [output], "outside")


def test_the_topic_can_be_too_small(tmp_path):
    write_pairs([tmp_path / "clean.csv"], PAIRS)
    attack = Attack(AttackSettings("topic", "users", rate=1))
    with pytest.raises(AttackError, match=r"--poison-rate 1 of 9 pairs asks for 9 .*only 8 can be"):
        poison_files(attack, [tmp_path / "clean.csv"], [tmp_path / "poisoned.csv"])


def test_nothing_is_put_in_twice():
    with pytest.raises(AttackError, match="--num-triggers 2: a topic is not put in"):
        Attack(AttackSettings("topic", num_triggers=2))
