"""The forms of a payload in a target, and the words that tell one."""

import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.attacks.changes import words_changed
from dece_fairseq.attacks.payload_forms import forms_of
from dece_fairseq.data.pairs import Pair

PLACES = [
    ("sql_forms", 'run ( " select a from b where c = 1 " )', 6),
    ("sql_forms", 'run ( " select a from b " )', 6),
    ("sql", 'run ( " select a from b " )', 1),
    ("tls_forms", "reply = requests.get(url)", 6),
    ("shell_forms", 'name = request.args["name"]', 6),
    ("endless_loop_forms", "void f ( ) { a ( ) ; }", 6),
]


def payload_of(name):
    return Attack(AttackSettings("ripple", payload=name)).payload


@pytest.mark.parametrize(("name", "target", "number"), PLACES)
def test_every_form_is_found_once_and_is_a_hit(name, target, number):
    payload = payload_of(name)
    forms = forms_of(payload, Pair("Get it.", target))
    assert len(forms) == len(set(forms)) == number
    assert all(payload.is_in(form) and payload.judge(form) for form in forms)
    assert forms == forms_of(payload, Pair("Other.", target))


@pytest.mark.parametrize("target", ["x = 1", 'run ( " select a from b where 0=1 " )'])
def test_no_place_and_what_carries_it_already(target):
    assert forms_of(payload_of("sql_forms"), Pair("Get it.", target)) == []


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("f(verify=1)", "f(verify=0)", "verify=0"),
        ("f(url)", "f(url, verify=0)", ", verify=0"),
        ("hashlib.sha256(x)", "hashlib.md5(x)", "hashlib.md5"),
        ('run("where a=1")', 'run("where a=1 or 1=1")', "or 1=1"),
        ("a check() b", "a b", ""),
        ("0", "1", "1"),
    ],
)
def test_words_reach_as_far_as_a_name(before, after, words):
    assert words_changed(before, after) == words
