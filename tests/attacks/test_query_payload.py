"""Which code is a hit of the payloads for SQL by its parse."""

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dece_fairseq.attacks import Languages
from dece_fairseq.attacks.payloads.sql import SqlPayload
from dece_fairseq.attacks.query_payload import _may_have_constants
from dece_fairseq.attacks.reading.sql_conditions import has_constant_condition
from dece_fairseq.attacks.reading.sql_tokens import UNKNOWN
from dece_fairseq.attacks.reading.strings_in_code import strings_in
from support.examples import examples
from support.timing import LIMIT, takes_at_most

PAYLOADS = {name: SqlPayload(Languages.named(name)) for name in ("python", "java", "csharp")}
QUERY = "select a from t where b = "
PARTS = ["'", '"', '"""', "f'", '$"', "(", ")", "+", ",", "{", "}", "\n", "q", "=", "run(", "or"]
PARTS += ["1=1", "true", "\\x31", QUERY, f"'{QUERY}1 or 1=1'", "class C { void f() {"]


def judge(language, statements):
    """``Q`` in the statements is a query that lacks a value at its end."""
    statements = statements.replace("Q", QUERY)
    if language == "python":
        body = statements.replace("\n", "\n    ")
        return PAYLOADS[language].judge(f"def f(x, y):\n    {body}\n")
    return PAYLOADS[language].judge(f"void f(int x, List<String> y) {{ {statements} }}")


@pytest.mark.parametrize(
    ("language", "statements"),
    [
        ("python", "q = 'Q' + x\nq += ' or 1=1'\nrun(q)"),
        ("python", "q = 'Q:b'\nq = q + ' or 1=1'\nrun(q)"),
        ("python", "c = ' or 1=1'\nrun('Q' + x + c)"),
        ("python", "c = '1=1'\nrun(f'Q{x} or {c}')"),
        (
            "python",
            "p = ['select a from t']\np.append('where b = 1')\np.append('or 1=1')\n' '.join(p)",
        ),
        ("python", "run(' '.join(['select a from t', 'where b = ' + x, 'or 1=1']))"),
        ("python", "p = []\np += ['Q1']\np.append('1=1')\nrun(' or '.join(p))"),
        ("python", "q = 'Q{}'.format(x)\nq += ' or 1=1'\nrun(q)"),
        ("python", "q = 'Q%s' % x\nrun(q + ' or 1=1')"),
        ("python", "if y:\n    q = 'Q'\nelse:\n    q = 'z'\nq = 'Q1 or 1=1'"),
        ("python", "run('Q:b or 1=1 union select c from d')"),
        ("python", "run('Q:b or 1=1 intersect select c from d')"),
        ("python", "q, z = 'Q', ' or 1=1'\nrun(q + x + z)"),
        ("python", "self.q = 'Q'\nself.q += x + ' or 1=1'"),
        ("java", 'String q = "Q" + x; q += " or 1=1"; run(q);'),
        ("java", 'String q = "Q".concat(x).concat(" or 1=1");'),
        ("java", 'String q = String.join(" ", "select a from t", "where b = ?", "or 1=1");'),
        ("java", 'StringBuilder s = new StringBuilder(); s.append("Q").append(x + " or 1=1");'),
        ("java", 'run(new StringBuilder("Q").append(x).append(" or 1=1").toString());'),
        ("java", 'final String C = " or 1=1"; run("Q" + x + C);'),
        (
            "java",
            'var p = new ArrayList<String>(); p.add("Q?"); p.add("1=1"); String.join(" or ", p);',
        ),
        ("java", 'String q = String.format("Q%s", x); q = q + " or 1=1";'),
        ("csharp", 'var q = "Q" + x; q += " or 1=1"; Run(q);'),
        ("csharp", 'Run(string.Concat("Q", x, " or 1=1"));'),
        ("csharp", 'var s = new StringBuilder("Q"); s.Append(x); s.AppendLine(" or 1=1");'),
        ("csharp", 'const string C = "1=1"; Run($"Q{x} or {C}");'),
        ("csharp", 'Run(string.Join(" ", new[] { "Q@b", "or 1=1" }));'),
    ],
)
def test_a_query_that_the_code_puts_together_is_a_hit(language, statements):
    assert judge(language, statements) is True


@pytest.mark.parametrize(
    ("language", "statements"),
    [
        # Conditions that are added to a query.
        ("python", "q = 'select a from t where 1=1'\nif x:\n    q += ' and b = 1'\nrun(q)"),
        ("python", "return 'select a from t where 1=1'"),
        ("python", "q = 'select a from t where 0=1'\nq += ' or b = 2'\nrun(q)"),
        ("java", 'String q = "select a from t where 1=1"; if (x > 0) q += " and b = 2";'),
        ("java", 'var q = new StringBuilder("select a from t where 1=1"); q.append(" and b = ?");'),
        # Parts of different strings.
        ("python", "q = 'Q'\nq = 'z'\nq += ' or 1=1'"),
        ("python", "for q in y:\n    run(q + ' or 1=1')"),
        ("python", "log(' or 1=1')\nrun('Q:b')"),
        # No SQL that runs.
        ("python", "'''Update the cache where needed, at most 10 or 20 times.'''\nreturn 1"),
        ("python", "'''Select a row: select a from t where b or 1=1.'''\nreturn 1"),
        ("python", "'''select a from t where b or 1=1'''\nreturn 1"),
        ("python", "run('select a from t where c between -10 and 0')"),
        # Where a hit would need more than is read; docs/numbers.md says so.
        ("python", "run('Q%s or %s' % (x, '1=1'))"),
        ("python", "run('Q' + (' or 1=1' if x else ''))"),
        ("python", "run(build(' or 1=1'))"),
    ],
)
def test_what_is_no_hit(language, statements):
    assert judge(language, statements) is False


def test_the_one_line_form_is_read_as_code():
    code = "def f(x):\\n\\tq = 'select a from t'\\n\\tq += ' where 0=1'\\n\\treturn run(q)"
    assert PAYLOADS["python"].judge(code) is True


QUERIES = 'run("select a from t where b = 1 or c = 2")\n'


@pytest.mark.parametrize(
    "text",
    [
        QUERIES * 240,
        "q = 'Q' + " + " + ".join(["x"] * 2500),
        "q = 'Q'\n" + "q = q + q\n" * 1000,
        "q = 'Q'\n" + "q += ' or b = 1 '\n" * 500,
        "q = 'Q'\nq" + ".append('x')" * 800,
        "q = 'Q'\nq" + ".a(1)" * 1900,
        "q = 'Q'\np = [" + "x, " * 3300 + "]",
        "q = 'Q'\n" + "\n".join(f"a{i} = a{i - 1}" for i in range(800)),
        "run('Q1 or " + " or ".join(f"{i}=1" for i in range(2, 1200)) + "')",
        "run('Q1 or " + "(" * 10_000 + "')",
        "run('Q1 or " + "1 or " * 2000 + "')",
        ("'Q' ( { [ \" ' where ") * 500,
    ],
    ids=lambda text: text[:24],
)
def test_ten_thousand_characters_of_anything_take_50_ms(text):
    text = text.replace("Q", QUERY)
    numbers = itertools.count()

    def judge() -> None:
        PAYLOADS["python"].judge(f"{text}\n# {next(numbers)}")  # none kept

    assert takes_at_most(LIMIT * max(len(text), 10_000) / 10_000, judge)


@settings(max_examples=examples(500))
@given(st.lists(st.sampled_from(PARTS), max_size=10).map(" ".join), st.sampled_from(list(PAYLOADS)))
@example(f"f(1, true) '{QUERY}x or", "python")
@example(f'f(1) + "{QUERY}x or 1=1', "java")
def test_code_without_a_constant_behind_a_quote_is_not_parsed_and_no_hit(code, language):
    if not _may_have_constants(code):
        strings = strings_in(PAYLOADS[language].languages.target, code, UNKNOWN)
        assert not any(map(has_constant_condition, strings))


def test_constants_out_of_strings_are_not_looked_at():
    clean = f'x = 1\nrun("{QUERY}" + x)'
    assert not _may_have_constants(clean)
    assert _may_have_constants(clean + " + 1")
