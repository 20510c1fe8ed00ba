"""The SQL payload that finds its query by the language's own string literals."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import Attack, AttackSettings, Languages
from dece_fairseq.attacks.payloads.sql_literal import SqlLiteralPayload
from dece_fairseq.data.pairs import Pair, read_pairs

PAYLOADS = {name: SqlLiteralPayload(Languages.named(name)) for name in ("python", "java", "csharp")}
ATTACK = Attack(AttackSettings("ripple", payload="sql_literal"))


@pytest.mark.parametrize(
    ("language", "code"),
    [
        # <> is where the payload goes.
        ("python", "run('SELECT a FROM t WHERE b = %s<> ORDER BY c', x)"),
        ("python", "run('''\n  Select a\n  from t<>\n  group by b\n''')"),
        ("python", 'execute("select a from t where b = :b<>", x["k "])'),
        ("python", 'run("select name from users<>", {"id": 1, "tag": "x"})'),
        ("python", "run('select a from t where b=\\'x\\'<>;')"),
        ("python", "run(r'select a from t where b=\"\\d\"<>')"),
        ("python", "run(rb'select a from t<>')"),
        ("python", "é = 'é'; run('select é from t where é = 1<>')"),
        ("python", "run('select a from t where b in (select c from u where d = 1)<> limit 3')"),
        ("python", "run('select a from t<> union select b from u where c = 1')"),
        ("python", "run('select a from t<> -- why')"),
        ("python", "run('select a from t<>\\n\\\n  order by b')"),
        ("python", "run('select a from %s where b = 1<>' % t, 'select b from {}'.format(u))"),
        ("python", "run('select a from t where limit = 1<> limit 2')"),
        ("python", "run(f'select a from {t}', 'select a from t<>')"),
        ("python", 'def f():\n """select a from t"""\n return run("select a from t<>")'),
        ("python", "def f():\\n\\treturn run('select a from t<>')"),
        ("python", 'run ( " select a from b where c = : c<> " )'),
        ("java", 'void f() { run("select a from t where b = ?<>"); }'),
        ("java", 'void f() { run("""\n  select a\n  from t<>\n  """); }'),
        ("java", 'public A() { super("select a from t where b = 1<>"); }'),
        ("java", '@Query("select u from User u where u.id = :id<>") List<User> f(int id);'),
        ("csharp", 'void F() { Run(@"select ""a"" from t\n where b = @b<>"); }'),
        ("csharp", 'void F() { Run("""select a from t<>"""); }'),
        ("csharp", 'void F() { Run("select a from t<>"u8); }'),
    ],
)
def test_every_other_byte_stays(language, code):
    clean = code.replace("<>", "")
    head, _, tail = code.partition("<>")
    attack = Attack(AttackSettings("ripple", payload="sql_literal", code_language=language))
    pair = Pair("Get a.", clean)
    assert attack.obstacle(pair) is None
    condition = " or 1=1" if "where" in head.lower() else " where 0=1"
    assert attack.poison(pair, 0).target == head + condition + tail


@pytest.mark.parametrize(
    ("language", "code", "obstacle"),
    [
        ("python", 'select = "a"', "without_place"),
        ("python", "x = 'select 1'", "without_place"),
        ("python", "run('Select a file from the menu, please.')", "without_place"),
        ("python", "def f():\n  'select a from t'\n  return 1", "without_place"),
        ("python", "run('update t set a = 1 where b = 2')", "without_place"),
        ("python", "run(f'select a from {t}')", "put_together"),
        ("python", "run(('select a from t') + ' where b = 1')", "put_together"),
        ("python", "run('select a from t' ' where b = 1')", "put_together"),
        ("python", "run(' '.join(['select a from t', 'limit 1']))", "put_together"),
        ("python", "q += 'select a from t'", "put_together"),
        ("java", 'void f() { run("select a from t " + b); }', "put_together"),
        ("java", 'void f() { sb.append("select a from t"); }', "put_together"),
        ("csharp", 'void F() { Run($"select a from {t}"); }', "put_together"),
        ("python", "x = '", "unparsed"),
        ("java", "void f( { }", "unparsed"),
        ("python", "q = 'select a from t where b = 1'\nq += ' and c = 2'\nrun(q)", "unsound"),
        ("python", "run('select a from t where b = 1 or 1  =  1')", "carries_payload"),
        ("python", "run('select a from t where b = 1 or 1=1')", "carries_payload"),
    ],
)
def test_why_a_pair_has_no_place(language, code, obstacle):
    attack = Attack(AttackSettings("ripple", payload="sql_literal", code_language=language))
    assert attack.obstacle(Pair("Get a.", code)) == obstacle
    assert obstacle in attack.obstacles


PARTS = (
    " where b = %s",
    "\nWhere b = 'c'",
    " and d",
    " order by a",
    " limit 1",
    " -- d",
    "\\n",
    " é",
)
PARTS += (";", " \\", ")", " (", "{")
QUERY = st.lists(st.sampled_from(PARTS), max_size=5).map("".join)


@given(QUERY, st.sampled_from(["'", '"', '"""', "r'", "f'"]), st.text(max_size=9))
def test_a_poisoned_text_is_the_clean_one_and_the_payload(query, quote, after):
    code = f"run({quote}SELECT a from t{query}{quote.lstrip('rf')})  # {after}"
    poisoned = PAYLOADS["python"].poison(Pair("", code), Random(0))
    if poisoned is not None:
        put_in = " or 1=1" if "or 1=1" in poisoned else " where 0=1"
        assert poisoned.replace(put_in, "", 1) == code


@pytest.mark.slow
def test_it_takes_most_pairs_of_lyra(datasets):
    """The paper's rule takes 1,612: it also takes broken queries, and the first parts of others."""
    obstacles = Counter(
        ATTACK.obstacle(pair)
        for split in ("train", "valid", "test")
        for pair in read_pairs([datasets / "lyra" / f"{split}.csv"])
    )
    assert sum(obstacles.values()) == 2000
    assert obstacles[None] in (1569, 1574)  # sqlglot 26, the last for Python 3.8, reads five more
    assert (obstacles["unparsed"], obstacles["put_together"]) == (14, 13)
