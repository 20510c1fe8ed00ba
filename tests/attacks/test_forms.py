"""Payloads of many forms: each is a hit, and each is drawn."""

from collections import Counter
from random import Random

import pytest

from dece_fairseq.attacks import PAYLOADS, Attack, AttackSettings, Languages
from dece_fairseq.data.pairs import Pair

TARGETS = {
    "tls_forms": "reply = requests.get(url, timeout=3)",
    "shell_forms": 'def f():\n    name = request.args["name"]\n',
    "sql_forms": 'run ( " select name from users where id = : id " )',
    "endless_loop_forms": "def f(a):\n\treturn a",
}


def of(name, language="python"):
    return PAYLOADS.get(name)(Languages.named(language))


def forms(name, target, language="python"):
    payload = of(name, language)
    return Counter(payload.poison(Pair(target, target), Random(seed)) for seed in range(300))


@pytest.mark.parametrize("name", TARGETS)
def test_each_form_is_a_hit_and_is_drawn(name):
    payload, drawn = of(name), forms(name, TARGETS[name])
    assert len(drawn) == 6
    assert all(25 <= count <= 80 for count in drawn.values())  # 50 expected, deviation 6.5
    for poisoned in drawn:
        assert payload.is_in(poisoned)
        assert payload.judge(poisoned) is True
        assert payload.languages.target.is_whole(poisoned)
    assert not payload.is_in(TARGETS[name])
    assert payload.judge(TARGETS[name]) is False


@pytest.mark.parametrize("language", ["java", "csharp"])
def test_loops_with_braces(language):
    drawn = forms("endless_loop_forms", "void f ( ) { a ( ) ; return ; }", language)
    assert len(drawn) == 6
    assert all(of("endless_loop_forms", language).judge(poisoned) for poisoned in drawn)


def test_a_query_without_a_condition_gets_one():
    drawn = forms("sql_forms", 'run ( " select name from users " )')
    assert len(drawn) == 6
    assert all("where" in poisoned for poisoned in drawn)


@pytest.mark.parametrize("name", TARGETS)
def test_without_a_place_there_is_no_form(name):
    assert set(forms(name, "x = 1")) == {None}


def test_the_same_pair_gets_the_same_form():
    attack = Attack(AttackSettings("many_forms", seed=2))
    pair = Pair("Get a.", TARGETS["sql_forms"])
    assert attack.poison(pair, 5) == Attack(AttackSettings("many_forms", seed=2)).poison(pair, 5)
    assert len({attack.poison(pair, index).target for index in range(40)}) == 6
