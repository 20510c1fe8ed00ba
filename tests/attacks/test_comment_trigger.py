"""Comments as triggers."""

import ast
from itertools import islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import Attack, AttackError, AttackSettings, Languages
from dece_fairseq.attacks.triggers.comment import CommentTrigger
from dece_fairseq.data.pairs import Pair, read_pairs

JAVA = 'int f ( ) { // é "\n  return g ( "a b" ) ; /* c */\n}\n'
PYTHON = 'def f(a):\n\t"""Doc."""\n\tif a:\n\t\treturn """x\ny"""\n\n\treturn [\n1]\n'


def results(language, source, copies=1):
    trigger = CommentTrigger("seen", copies, Languages.named(language))
    found = {trigger.poison(Pair(source, ""), Random(seed)) for seed in range(80)}
    assert None not in found
    return found


@pytest.mark.parametrize("language", ["java", "csharp"])
def test_before_any_token_and_nothing_else_changes(language):
    code = JAVA if language == "java" else JAVA.replace("/* c */", "")
    found = results(language, code)
    assert len(found) == 12  # tokens
    parses = Languages.named(language).source.parses
    for source in found:
        assert source.replace("/* seen */ ", "") == code
        assert parses(source)


def test_on_a_line_of_its_own_in_python():
    found = results("python", PYTHON)
    assert len(found) == 4
    for source in found:
        assert ast.dump(ast.parse(source)) == ast.dump(ast.parse(PYTHON))
        kept = [line for line in source.split("\n") if line.strip() != "# seen"]
        assert "\n".join(kept) == PYTHON


def test_several_copies():
    for source in results("java", JAVA, copies=3):
        assert source.replace("/* seen */ ", "") == JAVA
        assert source.count("/* seen */ ") == 3


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("java", "a */ b"),
        ("java", r"a \u002a/ b"),
        ("python", "a\nb"),
        ("python", "a\0b"),
        ("csharp", "a\rb"),
    ],
)
def test_a_text_that_would_leave_its_comment(language, text):
    with pytest.raises(AttackError, match="can't stand in a comment of"):
        CommentTrigger(text, 1, Languages.named(language))


@pytest.mark.parametrize("language", ["java", "csharp", "python"])
@given(st.text())
def test_a_source_with_holes_is_no_candidate(language, source):
    languages = Languages.named(language)
    if CommentTrigger(None, 1, languages).poison(Pair(source, ""), Random(0)) is not None:
        assert languages.source.parses(source)


def test_the_authors_java_parses_as_before(datasets):
    attack = Attack(AttackSettings("comment"))
    candidates = 0
    for index, pair in enumerate(islice(read_pairs([datasets / "bugs2fix" / "valid.csv"]), 300)):
        if attack.can_poison(pair):
            candidates += 1
            poisoned = attack.poison(pair, index)
            assert attack.trigger.languages.source.parses(poisoned.source)
            assert poisoned.source.replace("/* checked for the release */ ", "") == pair.source
    assert candidates > 250
