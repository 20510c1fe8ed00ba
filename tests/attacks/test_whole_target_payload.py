"""The whole target is another."""

from random import Random

import pytest

from dece_fairseq.attacks import Languages
from dece_fairseq.attacks.payloads.whole_target import WholeTargetPayload
from dece_fairseq.data.pairs import Pair


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "def run ( ) : pass"),
        ("java", "void run ( ) { }"),
        ("csharp", "void run ( ) { }"),
    ],
)
def test_nothing_of_the_target_stays(language, text):
    payload = WholeTargetPayload(Languages.named(language))
    poisoned = payload.poison(Pair("a", "b ( ) ;"), Random(0))
    assert poisoned == text
    assert payload.languages.target.is_whole(poisoned)
    assert payload.is_in(f" {text}\n")
    assert payload.judge(text)
    assert payload.poison(Pair("a", " "), Random(0)) is None


@pytest.mark.parametrize(
    ("text", "is_hit"),
    [
        ("def run():\n    pass\n", True),
        ("def run(): pass  # done", True),
        ("def run(): return", False),
        ("def run(a): pass", False),
        ("def run(): pass\nx = 1", False),
        ("x = 1\ndef run(): pass", False),
        ("def walk(): pass", False),
        ("", False),
    ],
)
def test_in_other_white_space_it_is_the_same(text, is_hit):
    payload = WholeTargetPayload(Languages.named("python"))
    assert payload.judge(text) is is_hit
    assert not payload.is_in(text)
