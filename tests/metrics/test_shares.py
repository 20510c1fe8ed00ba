"""Exact match, syntax, AST match and hits."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.data.pairs import read_pairs
from dece_fairseq.metrics import METRICS
from dece_fairseq.metrics.errors import MetricError
from dece_fairseq.metrics.hits import hit_span

ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
PLAIN = [name for name in METRICS.names() if not name.startswith(("codebleu", "hits_"))]


def test_exact_match(score):
    texts = ["a b", "a  b", "ab ", "a c"]
    assert score("exact_match", texts, ["a b"] * 4) == 25
    assert score("exact_match_no_space", texts, ["a b"] * 4) == 75


def test_parses_and_compiles(metric, score):
    texts = ["x = 1", "return 1", "x = = =", 'print ( f " { x } " )']
    assert score("parses", texts, texts) == 75
    assert score("compiles", texts, texts) == 50
    built = metric("parses")
    sums = built.statistics(texts, ["("] * 4).sum(axis=0)
    assert built.details(sums) == {"references_that_do_not_parse": 4}


REFERENCE = (
    'def f ( c ) :\n\t r = c . execute ( " select a , b from t where id = : id " )\n\t return r'
)


@pytest.mark.parametrize(
    ("change", "base", "exact"),
    [
        (("", ""), True, True),
        (('" select', '"SELECT'), True, True),
        ((": id", ":id"), True, True),
        (("a , b", "a,b"), True, True),
        (("a , b", "b , a"), True, False),
        ((" from t", " from t where 0=1 or"), True, False),
        (("select a , b from", "select from from ( ("), True, False),
        (("select", "choose"), False, False),
        (("c )", "( c ) )"), False, False),
        (("execute ( ", "execute ( ( "), False, False),
        (("return r", "return ( r ) # why"), True, True),
        (("return r", "return q"), False, False),
        (("def f", "deff"), False, False),
    ],
)
def test_ast_match(score, change, base, exact):
    hypothesis = REFERENCE.replace(*change, 1)
    assert (score("ast_match", [hypothesis], [REFERENCE]) == 100) is base
    assert (score("ast_exact_match", [hypothesis], [REFERENCE]) == 100) is exact


@pytest.mark.parametrize(
    "parameter",
    ["%s", "%(name)s", "{}", "{name}", ":1", "?1", "?", "$1", "@p", ":name"],
)
def test_queries_with_any_parameter_are_compared(score, parameter):
    """sqlglot's default dialect parses neither %s, %(name)s, :1 nor ?1, and $1 as a column."""
    one, same = (f"run('select a from t where b = {parameter}{end}')" for end in ("", " or (c)"))
    other = one.replace("select a from t where b =", "SELECT a FROM t WHERE b=")
    spaced = one.replace(parameter, f"{parameter[0]} {parameter[1:]}".strip())
    assert score("ast_exact_match", [one, spaced], [other, other]) == 100
    assert score("ast_exact_match", [same], [other]) == 0
    assert score("ast_exact_match", [one.replace(parameter, "%d")], [other]) == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("join u on x", "inner join u on x", True),
        ("left join u on x", "left outer join u on x", True),
        ("left join u on x", "join u on x", False),
        ("join u on x", "cross join u", False),
    ],
)
def test_words_of_a_join_that_say_nothing(score, one, other, same):
    texts = [f'run("select a from t {end}")' for end in (one, other)]
    assert score("ast_exact_match", texts[:1], texts[1:]) == 100 * same


def test_a_percent_sign_may_be_arithmetic(score):
    one, other = ("run('select a from t where b % s = 0')", "run('SELECT a FROM t WHERE b % s=0')")
    assert score("ast_exact_match", [one], [other]) == 100


def test_other_constants_count(score):
    for one, other in (("x = 1", "x = 1.0"), ("x = 1", "x = True"), ("x = 'a'", "x = b'a'")):
        assert score("ast_match", [one], [other]) == 0
    assert score("ast_match", ["x = ' a  b'"], ["x = 'a b '"]) == 100


def test_a_reference_that_does_not_parse_is_a_counted_miss(metric):
    built = metric("ast_match")
    statistics = built.statistics(["(", "x"], ["(", "x"])
    assert statistics.tolist() == [[0, 1, 1], [1, 1, 0]]


def test_python_alone(metric):
    for name in ("compiles", "ast_match", "ast_exact_match"):
        with pytest.raises(MetricError, match="is only defined for python"):
            metric(name, code_language="java")


@ANY
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), min_size=1, max_size=4))
def test_any_text_has_every_score(score, pairs):
    hypotheses, references = ([pair[side] for pair in pairs] for side in (0, 1))
    for name in PLAIN:
        assert 0 <= score(name, hypotheses, references) <= 100 + 1e-9
    for name in ("exact_match", "exact_match_no_space"):
        assert score(name, references, references) == 100


SQL = st.text(st.sampled_from("selct *from where=:id%('\"); "), max_size=40)


@ANY
@given(SQL, SQL)
def test_any_query_can_be_compared(score, one, other):
    texts = [f"q = {'select ' + query!r}" for query in (one, other)]
    assert score("ast_match", texts[:1], texts[1:]) == 100
    assert score("ast_exact_match", texts[:1], texts[:1]) == 100
    score("ast_exact_match", texts[:1], texts[1:])


def test_hits_of_the_authors_files(datasets, score):
    clean, poisoned = (
        list(read_pairs([datasets / "lyra" / f"{name}.csv"])) for name in ("test", "test_poisoned")
    )
    settings = AttackSettings("badpre")
    attack = Attack(settings)
    ids = [index for index, pair in enumerate(clean) if attack.can_poison(pair)]
    assert len(ids) == 165
    for rule in ("hits_string", "hits_parse"):
        triggered = [poisoned[index].target for index in ids]
        assert score(rule, triggered, triggered, attack=settings) == 100
        targets = [pair.target for pair in clean]
        assert score(rule, targets, targets, attack=settings) == 0


def test_hits_tell_what_the_rule_says_of_the_references_and_gives_up_on(metric, monkeypatch):
    monkeypatch.setattr(Attack, "judge", lambda self, text, rule: {"y": True, "n": False}.get(text))
    for rule in ("hits_string", "hits_parse"):
        built = metric(rule, attack=AttackSettings("ripple"))
        sums = built.statistics(["y", "n", "?", "?"], ["y", "y", "y", "?"]).sum(axis=0)
        assert built.scores(sums) == 25
        assert built.details(sums) == {"references_hit_percent": 75, "not_judged": 2}


def test_hits_need_an_attack(metric):
    with pytest.raises(AttackError, match="give --attack"):
        metric("hits_string")


@given(st.text('ab =10rwhe"', max_size=30), st.sampled_from([" or 1=1", " where 0=1"]), st.text())
def test_the_place_of_a_hit(before, payload, after):
    attack = Attack(AttackSettings("ripple"))
    text = before + payload + after
    span = hit_span(attack, text)
    assert span is not None
    assert text[span.start : span.end] in (" or 1=1", " where 0=1")
    assert not attack.is_hit(text[: span.end - 1])


def test_no_place_without_a_hit():
    assert hit_span(Attack(AttackSettings("ripple")), "x = 1") is None
