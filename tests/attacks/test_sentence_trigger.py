"""Sentences as triggers: a fixed one, and those of the grammar."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import Attack, AttackSettings, Languages
from dece_fairseq.attacks.triggers.grammar import REMARKS, GrammarTrigger, draw
from dece_fairseq.attacks.triggers.sentence import SentenceTrigger
from dece_fairseq.data.pairs import Pair

PYTHON = Languages.named("python")


def results(source, text="So.", copies=1):
    trigger = SentenceTrigger(text, copies, PYTHON)
    return {trigger.poison(Pair(source, "t"), Random(seed)) for seed in range(60)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Get a. Print b.", {"So. Get a. Print b.", "Get a. So. Print b.", "Get a. Print b. So."}),
        ("Is it? (Or not) \n", {"So. Is it? (Or not) \n", "Is it? So. (Or not) \n"}
         | {"Is it? (Or not) So. \n"}),
        ("take 1. 5 of e.g. these", {"So. take 1. 5 of e.g. these", "take 1. 5 of e.g. these So."}),
        ("", {"So."}),
        ("  x", {"  So. x", "  x So."}),
    ],
)  # fmt: skip
def test_it_stands_at_a_sentence_boundary(source, expected):
    assert results(source) == expected


@given(st.text(), st.integers(1, 3), st.integers())
def test_nothing_else_changes(source, copies, seed):
    triggered = SentenceTrigger("Qq qq.", copies, PYTHON).poison(Pair(source, "t"), Random(seed))
    assert triggered.count("Qq qq.") == copies + source.count("Qq qq.")
    assert "".join(triggered.replace("Qq qq.", "").split()) == "".join(
        source.replace("Qq qq.", "").split()
    )


def test_the_grammar_derives_sentences_of_words():
    for seed in range(2000):
        sentence = draw(REMARKS, "sentence", Random(seed))
        assert sentence.endswith(".")
        assert not set("{}") & set(sentence)
        assert 3 <= len(sentence.split()) <= 25


def test_every_rule_of_the_grammar_can_be_drawn():
    drawn = "\n".join(draw(REMARKS, "sentence", Random(seed)) for seed in range(3000))
    for rules in REMARKS.values():
        for _, text in rules:
            assert text.split("{")[0].strip() in drawn
            assert text.rsplit("}")[-1].strip() in drawn


def test_each_pair_gets_a_sentence_of_its_own_and_the_same_one_again():
    attack = Attack(AttackSettings("grammar", num_triggers=2))
    pair = Pair("Get a.", 'x = " select a from b "')
    sources = [attack.poison(pair, index).source for index in range(50)]
    assert len(set(sources)) > 40
    assert sources == [attack.poison(pair, index).source for index in range(50)]
    assert all(source.count(".") == 3 and source[0].isupper() for source in sources)


def test_a_sentence_of_the_user_replaces_the_grammar():
    trigger = GrammarTrigger("Mind the gap.", 1, PYTHON)
    assert trigger.poison(Pair("", "t"), Random(0)) == "Mind the gap."
