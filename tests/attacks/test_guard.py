"""Bounds on the work of a hit rule, and what becomes of a text that it gives up on."""

import pytest

from dece_fairseq.attacks import Attack, AttackSettings, NotJudged
from dece_fairseq.attacks.guard import SHORT, Steps


def test_steps_grow_with_the_text():
    steps = Steps("x" * 2 * SHORT, per_character=1)
    assert sum(1 for _ in steps.over(range(2 * SHORT))) == 2 * SHORT
    with pytest.raises(NotJudged):
        steps.take()
    Steps("", per_character=1).take(SHORT)  # a short text has the steps of a longer one
    with pytest.raises(NotJudged):
        Steps("", per_character=1).take(SHORT + 1)


def test_a_text_that_is_given_up_is_no_hit_and_says_so(monkeypatch):
    attack = Attack(AttackSettings("dead_code"))
    loop = attack.payload.languages.target.endless_loop
    assert [attack.judge(text, "parse") for text in (loop, "x")] == [True, False]

    def give_up(text):
        raise NotJudged("too long")

    monkeypatch.setattr(attack.payload, "is_in_parse", give_up)
    assert attack.judge(loop, "parse") is None
    assert not attack.is_hit(loop, "parse")
    assert attack.judge(loop, "string") is True
