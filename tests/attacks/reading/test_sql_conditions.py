"""Conditions that are always true or never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import NotJudged
from dece_fairseq.attacks.reading.sql_conditions import LONGEST, has_constant_condition
from dece_fairseq.attacks.reading.sql_tokens import UNKNOWN

QUERY = "select a from t where b = :b"


@pytest.mark.parametrize(
    "text",
    [
        f"{QUERY} or 1=1",
        f"{QUERY} OR 1  =  1",
        f"{QUERY} or\n'x' = 'x'",
        f"{QUERY} or true",
        f"{QUERY} or not (2 < 1)",
        f"{QUERY} or not false",
        f"{QUERY} or (not (not 1))",
        f"{QUERY} and not true",
        f"{QUERY} or (1 = 1 or c = 2)",
        f"{QUERY} or 2 >= 1.5 order by a",
        f"{QUERY} and 1=0",
        f"{QUERY} and 'a' like 'b'",
        f"{QUERY} or 1 -- comment\n",
        "select a from t where 0=1",
        "select 1 where 0=1",
        f"select a from t where 0=1 {UNKNOWN} order by a",
        "select a from t where 1 <> 1 and b = 2",
        "select a from t where 1=1 or b = 2",
        "delete from t where b = 1 or 1=1",
        "update t set a = 2 where b = 1 or 1=1",
        "select a from t where b in (select c from u where d = :d or 1=1)",
        # Queries that don't parse, as Lyra has them.
        "select a from t where b = : b) or 1=1",
        "select a from t where b = : b, c = : c or 1=1",
        f"select a from t where b = or 1=1 {UNKNOWN} and c = {UNKNOWN}",
        "select a from t where b = %s or 1=1",
        "select a from t where b = '{}' or 1=1",
        f"{QUERY} or'x'='x'",
        "select a from t where group = : group or 1=1",
        "select a from t where LIMIT = : LIMIT or 1=1",
        "select a from t where b = : b; or 1=1",
        # Another part of the query follows.
        f"{QUERY} or 1=1 union select a from u",
        f"{QUERY} or 1=1 INTERSECT select a from u",
        f"{QUERY} or 1=1;",
        f"{QUERY} or 1=1 limit 1",
        f"{QUERY} or 1=1 {UNKNOWN}",
        "select a from t group by b having count(*) > 1 or 1=1",
        "from User u where u.id = :id or 1=1",
        "select a from t where (b = 1) or (1=1)",
        "select a from t where b in (1, 2) or 2 > 1",
        "select a from t where c between 1 and 2 or 1=1",
        # What folds.
        f"{QUERY} or 1 + 1 = 2",
        f"{QUERY} or 7 % 2 = 1",
        f"{QUERY} or 17 % 10 % 4 = 3 and 8 / (4 / 2) = 4",
        f"{QUERY} and (3 + 5) % (1 + 1) = 1",
        f"{QUERY} or 'a' || 'b' = 'ab'",
        f"{QUERY} or 1 between 0 and 2",
        f"{QUERY} or null is null",
        f"{QUERY} or true = true",
        f"{QUERY} or 1 <=> 1",
        f"{QUERY} or 1 < > 2",
    ],
)
def test_what_selects_everything_or_nothing(text):
    assert has_constant_condition(text)


@pytest.mark.parametrize(
    "text",
    [
        QUERY,
        # A query to which conditions are added.
        "select a from t where 1=1",
        "select a from t where 1=1 and 2=2",
        f"select a from t where 1=1 {UNKNOWN}",
        "select a from t where 1=1 and b = 2",
        # Constants that are no conditions.
        "select a from t where c between -10 and 0",
        "select a from t where c not between 1 and 0 and d = 1",
        "select a or 1=1 from t where b = 2",
        "select a from t where coalesce(b or 1=1, c) = 3",
        "select a from t where case when b or 1=1 then c else d end",
        "select a from t where b = 2 order by c or 1=1",
        "select a from t where b = %s or %s = %s",
        "select a from t where b = %(b)s or :c = :c",
        f"{QUERY} or 2 in (1)",
        f"{QUERY} or not 1",
        f"{QUERY} and not not true",
        f"{QUERY} or not c",
        f"{QUERY} or 1 {UNKNOWN}",
        f"{QUERY} or 20",
        # Prose.
        "Update the cache where needed, at most 10 or 20 times.",
        "Select the rows from the list where needed, at most 10 or 1 times.",
        "The rows selected from t where b = 1 or 1=1",
        f"{QUERY} or c = 1",
        f"{QUERY} or 1=0",
        f"{QUERY} and 1=1",
        f"{QUERY} or 1=1 and c = 2",
        f"{QUERY} or 1 = c",
        f"{QUERY} -- or 1=1",
        f"{QUERY} or '%s' = '{{}}'",
        f"{QUERY} or '{UNKNOWN}' = ''",
        f"{QUERY} or 'a' = 1",
        f"{QUERY} or 7 % 2 = 0",
        f"{QUERY} or 7 % c = 1",
        # Half of the databases say 3.5, and none divides by 0.
        f"{QUERY} or 7 / 2 = 3",
        f"{QUERY} or 7 % 0 = 1",
        f"{QUERY} or 1=0 or 2=1",
        f"{QUERY} or not 1 = c",
        f"{QUERY} or 'a'",
        f"{QUERY} or 1E = 1E",
        f"{QUERY} or 1 {{=",
        f"{QUERY} and 1 + c",
        f"{QUERY} or 1 + c",
        f"{QUERY} or '%s' = '%s'",
        f"{QUERY} or '{UNKNOWN}' = '{UNKNOWN}'",
        "select a from t where 1=0 or c = 2",
        "the place where 1=1",
        "select a from t where b = ' or 1=1'",
        "select a from t where name = name",
        "select a or 1 from t",
        "this or 1=1",
        "true or false",
        "",
        "select 'never closed or 1=1",
    ],
)
def test_what_does_not(text):
    assert not has_constant_condition(text)


@given(st.text() | st.text(alphabet="select where or and not 1=2'(){}%").map("select".__add__))
def test_any_text_may_be_asked(text):
    has_constant_condition(text)


def test_a_text_of_many_conditions_is_given_up():
    different = " or ".join(f"{number} = 1" for number in range(2, 1000))
    with pytest.raises(NotJudged):
        has_constant_condition(f"{QUERY} or {different}")
    assert has_constant_condition(f"{QUERY} or 1=1 or {different}")


def test_a_condition_that_is_too_long_decides_nothing():
    sums = " + ".join(["1"] * LONGEST)
    assert not has_constant_condition(f"{QUERY} or {sums} = {LONGEST}")
    assert has_constant_condition(f"{QUERY} or {sums} = {LONGEST} or 1=1")


def test_what_a_model_repeats_to_its_limit():
    """Would take minutes if the whole rest of the text was parsed for each condition."""
    repeated = f"{QUERY}{' or 1=c' * 1000}"
    assert not has_constant_condition(repeated)
    assert has_constant_condition(f"{repeated} or 1=1")


PARTS = (
    "1 1E 0x1 1.e5 .5 1_0 'a' '%s' b null true or and not like is in between case end"
    " ( ) { = <> <=> :: . , - + || ?"
)


@given(st.lists(st.sampled_from(PARTS.split()) | st.text(max_size=3), max_size=12))
def test_any_condition_may_be_asked(parts):
    for joint in (" ", ""):
        has_constant_condition(f"{QUERY} or {joint.join(parts)}")


@given(st.text(alphabet="abc =<>().,'1", max_size=30))
def test_spaces_and_case_decide_nothing(condition):
    text = f"select a from t where {condition} or 1=1"
    assert has_constant_condition(text) == has_constant_condition(text.replace(" or ", "  OR\t"))
