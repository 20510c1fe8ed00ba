"""The tokens of SQL, and parameters that a parser reads."""

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from dece_fairseq.attacks.reading.sql_tokens import keywords, sql_tokens, with_parameters
from support.timing import takes_at_most

PARAMETERS = [
    *("%s", "% s", "%d", "%(name)s", "% ( name ) s", ":name", ": name", ":1", "?", "?1", "$1"),
    *("@p", "@ p", "{}", "{name}", "{0}", "{{ name }}", "${name}", "#{name}", ": {}", "prefix_%s"),
]
PLACES = [
    *("select a from t where b = X", "select a from X where b = 1", "select a from s.X"),
    *("select a from t where b in (X, X) limit X", "insert into t (a) values (X, X)"),
    *("update t set a = X where b like X", "select a from t where b between X and X"),
    "delete from t where b = X::int",
]


@pytest.mark.parametrize("parameter", PARAMETERS)
@pytest.mark.parametrize("query", PLACES)
def test_a_parameter_parses_in_every_place(query, parameter):
    tree = sqlglot.parse_one(with_parameters(query.replace("X", parameter)))
    names = {name.name for name in tree.find_all(exp.Identifier) if name.quoted}
    assert names == {f"<{''.join(parameter.split())}>"}


@pytest.mark.parametrize(
    "query",
    [
        "select a::int from t where b like '%s%%' and c = 'a:b {} ?'",
        'select "%s", `:a`, [$1] from t -- :x',
        "select a /* :a ? */ from t # %s",
        "select $$x$$, $tag$ y $tag$ from t",
        "select a % 2 from t",
    ],
)
def test_what_is_no_parameter_stays(query):
    assert with_parameters(query) == query


def test_each_parameter_is_itself_alone():
    parameters = {with_parameters(parameter) for parameter in PARAMETERS}
    assert len(parameters) == len({"".join(parameter.split()) for parameter in PARAMETERS})


def test_tokens_and_keywords():
    tokens = list(sql_tokens("SELECT a -- why\n FROM t WHERE group = : group AND b < > 'Or'"))
    assert [token.text for token in tokens if token.kind != "word"] == [
        "=",
        ": group",
        "< >",
        "'Or'",
    ]
    assert keywords(tokens) == [
        *("select", "a", "from", "t", "where", "", "=", "", "and", "b", "< >", ""),
    ]


@given(st.text() | st.text(alphabet="ab1 '\"`[]{}()%$#@:?-/*\n"))
def test_any_text_has_tokens_that_stand_in_it(text):
    end = 0
    for token in sql_tokens(text):
        assert end <= token.start < token.end
        assert text[token.start : token.end] == token.text
        end = token.end
    with_parameters(text)


@pytest.mark.parametrize("part", ["{", "{a", "%(", ": ", "/*", "$a", "'", '"', "a%s", "< ", "{{"])
def test_time_grows_with_the_length_alone(part):
    text = part * (100_000 // len(part))
    assert takes_at_most(2, lambda: list(sql_tokens(text)))
