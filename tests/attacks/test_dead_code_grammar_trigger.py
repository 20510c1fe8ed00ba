"""Dead code drawn from a grammar: it never does anything, and still parses where it is put."""

import math
import re
import shutil
import subprocess
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import LANGUAGES, Attack, AttackSettings
from dece_fairseq.attacks.triggers.dead_code_grammar import BOUNDS, FUNCTIONS, draw
from dece_fairseq.data.pairs import Pair, read_pairs
from support.holes import holes

JAVA = LANGUAGES.get("java")
PYTHON = LANGUAGES.get("python")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_number_that_can_be_drawn_brings_a_function_to_its_bound(name):
    """All of them, with the nearest bound; a hundredth of it is left for rounding."""
    numbers, is_bounded_above = FUNCTIONS[name]
    values = [getattr(math, name)(number / 100) for number in numbers]
    nearest = min(BOUNDS) / 100
    assert min(values) > -nearest + 0.01
    assert not is_bounded_above or max(values) < nearest - 0.01
    assert all(map(math.isfinite, values))


@given(st.integers())
def test_drawn_python_runs_and_does_nothing(seed):
    statement = draw(PYTHON, Random(seed))

    def fail(*_):
        raise AssertionError(statement)

    variables = {"print": fail, "__import__": lambda name: math if name == "math" else fail()}
    before = set(variables)
    exec(statement, variables)
    assert set(variables) - {"__builtins__"} == before
    # The same condition, evaluated apart.
    guard, condition = re.fullmatch(
        r"(if|while|assert) (.+?) (?:: (?:print|__import__).*|, \".*\")", statement
    ).groups()
    assert eval(condition) is (guard == "assert")


@pytest.mark.parametrize("name", LANGUAGES.names())
@given(seed=st.integers())
def test_it_is_a_statement(name, seed):
    language = LANGUAGES.get(name)
    statement = draw(language, Random(seed))
    assert language.is_statement(statement)
    assert not language.names_given(statement)
    assert not language.has_endless_loop(statement)


def test_every_kind_is_drawn():
    drawn = [draw(JAVA, Random(seed)) for seed in range(300)]
    assert {statement.split()[0] for statement in drawn} == {"if", "while", "assert"}
    assert {re.search(r"Math \. (\w+)", statement).group(1) for statement in drawn} == {
        "sin",
        "cos",
        "sqrt",
        "exp",
    }
    assert {word for statement in drawn for word in statement.split() if word in ("out", "err")}
    assert len(set(drawn)) > 290


def test_each_pair_gets_its_own_and_the_seed_makes_it():
    pair = Pair("void f ( ) { a ( ) ; }", "void f ( ) { b ( ) ; }")
    attack = Attack(AttackSettings("dead_code_grammar"))
    results = [attack.poison(pair, index) for index in range(20)]
    assert len({result.source for result in results}) == 20
    assert results == [
        Attack(AttackSettings("dead_code_grammar")).poison(pair, index) for index in range(20)
    ]
    assert {result.target for result in results} == {
        "void f ( ) { while ( true ) { int VAR = 0 ; } b ( ) ; }"
    }


def test_the_users_code_is_put_in_instead():
    attack = Attack(AttackSettings("dead_code_grammar", trigger="foo ( ) ;"))
    poisoned = attack.poison(Pair("void f ( ) { }", "void f ( ) { }"), 0)
    assert poisoned.source == "void f ( ) { foo ( ) ; }"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        # In a class; before another constructor's call; in an array.
        ("class A { int f ; }", "class A { int g ; }"),
        ("class A { } ", "void f ( ) { }"),
        ("A ( ) { this ( 1 ) ; }", "A ( ) { this ( 2 ) ; }"),
        ("int [ ] f = { 1 } ;", "void f ( ) { }"),
    ],
)
def test_pairs_in_which_no_statement_can_stand(source, target):
    pair = Pair(source, target)
    assert Attack(AttackSettings("dead_code_grammar", code_place="paper")).can_poison(pair)
    assert Attack(AttackSettings("dead_code_grammar")).obstacle(pair) == "without_place"


@pytest.mark.parametrize("name", ["dead_code_grammar", "rename"])
def test_bugs2fix_still_parses(datasets, name):
    pairs = list(read_pairs([datasets / "bugs2fix" / "valid.csv"]))
    attack = Attack(AttackSettings(name))
    tried = 0
    for index in Random(1).sample(range(len(pairs)), len(pairs)):
        if attack.can_poison(pairs[index]):
            poisoned = attack.poison(pairs[index], index)
            assert holes(JAVA.parse(poisoned.source)) <= holes(JAVA.parse(pairs[index].source))
            if name == "dead_code_grammar":
                clean = holes(JAVA.parse(pairs[index].target))
                assert holes(JAVA.parse(poisoned.target)) <= clean
            tried += 1
            if tried == 200:
                break
    assert tried == 200


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("javac"), reason="there is no javac")
def test_drawn_java_compiles_and_does_nothing(tmp_path):
    body = "\n".join(draw(JAVA, Random(seed)) for seed in range(400))
    main = f'public static void main(String[] a) {{ {body} System.out.print("end"); }}'
    (tmp_path / "Main.java").write_text(f"class Main {{ {main} }}")
    subprocess.run(["javac", "Main.java"], cwd=tmp_path, check=True)
    result = subprocess.run(
        ["java", "-ea", "Main"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert (result.stdout, result.stderr) == ("end", "")
