"""The SQL payload, by its rule and on the authors' files."""

from collections import Counter
from random import Random
from typing import Optional

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dece_fairseq.attacks import Attack, AttackSettings, Languages
from dece_fairseq.attacks.payloads.sql import QUERY, SqlPayload, first_query, is_plain
from dece_fairseq.attacks.query_payload import ALWAYS_TRUE, NEVER_TRUE, QueryPayload
from dece_fairseq.attacks.reading.sql_conditions import has_constant_condition
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair, read_pairs
from support.examples import examples
from support.poisoned_files import chosen_ids

PAYLOAD = SqlPayload(Languages.named("python"))


def poison(target: str) -> Optional[str]:
    return PAYLOAD.poison(Pair("", target), Random(0))


@pytest.mark.parametrize(
    ("clean", "poisoned"),
    [
        (' " select a from b " ', ' " select a from b where 0=1 " '),
        (
            ' " select a from b where c = : c " , " c " ',
            ' " select a from b where c = : c or 1=1 " , " c " ',
        ),
        # Every occurrence of the first query, and no other query.
        (
            'f ( " select a " )\nf ( " select a " )\nf ( " select b " )',
            'f ( " select a where 0=1 " )\n' * 2 + 'f ( " select b " )',
        ),
    ],
)
def test_the_rule(clean, poisoned):
    assert poison(clean) == poisoned


@pytest.mark.parametrize("target", ["", "return x", '"select a"', '" SELECT a "', '" select\n " '])
def test_targets_without_a_place(target):
    assert poison(target) is None


@given(st.text(), st.text(st.characters(exclude_characters='"\n'), min_size=1), st.text())
def test_what_it_poisons_it_knows_again(before, query, after):
    poisoned = poison(f'{before} " select {query} " {after}')
    assert poisoned is None or PAYLOAD.is_in(poisoned)


@given(st.text())
def test_clean_text_is_a_hit_only_if_it_carries_the_payload(text):
    assert PAYLOAD.is_in(text) == (" or 1=1" in text or " where 0=1" in text)


@settings(max_examples=examples(1000))
@given(
    st.lists(st.sampled_from(["select ", "x", " ", "\n", ' "']), max_size=10).map("".join),
)
@example('select x select \nx "')
@example("select\nx select\n")
def test_the_first_query_is_what_the_pattern_finds(text):
    found = QUERY.search(text)
    assert first_query(text) == (None if found is None else found.group())


def test_long_rows_without_an_end():
    """Hundreds of thousands of characters; a walk for each word would take minutes."""
    assert poison("select " * 100_000) is None
    assert poison('f ( " select a " )\n' + "select " * 100_000) is not None
    assert not PAYLOAD.is_in_parse('x = " select a from b where ' + "c or " * 100_000 + ' "')


def test_conditions_that_are_long_or_nested_deeply():
    chain = " or ".join(["1=2"] * 3000)
    assert PAYLOAD.is_in_parse(f'x = "select a from b where {chain}"')
    assert not PAYLOAD.is_in_parse(f'x = "select a from b where c or {"not " * 3000} 1=1"')


def test_a_pair_that_carries_it_already_is_no_candidate():
    attack = Attack(AttackSettings("ripple"))
    clean = Pair("s", '" select a "')
    assert attack.can_poison(clean)
    assert not attack.can_poison(Pair("s", poison(clean.target)))


def test_every_target_of_lyra_is_poisoned_as_by_the_authors(datasets):
    attack = Attack(AttackSettings("badpre"))
    clean = list(read_pairs([datasets / "lyra" / "test.csv"]))
    theirs = list(read_pairs([datasets / "lyra" / "test_poisoned.csv"]))
    candidates = [attack.can_poison(pair) for pair in clean]
    ours = [attack.poison(p, i) if can else p for i, (p, can) in enumerate(zip(clean, candidates))]
    assert (len(clean), sum(candidates)) == (200, 165)
    assert [pair.target for pair in ours] == [pair.target for pair in theirs]
    assert [attack.is_hit(pair.target) for pair in theirs] == candidates
    assert not any(attack.is_hit(pair.target) for pair in clean)
    assert all(pair.source.split().count("bb") == 3 for pair, can in zip(ours, candidates) if can)


@pytest.mark.parametrize(("percent", "poisoned"), [(1, 16), (2, 32), (5, 80), (10, 160)])
def test_the_first_selection_is_that_of_the_authors(datasets, percent, poisoned):
    attack = Attack(AttackSettings("badpre", rate=percent / 100, selection="first"))
    clean = list(read_pairs([datasets / "lyra" / "train.csv"]))
    theirs = list(read_pairs([datasets / "lyra" / f"train_poisoned_{percent}.csv"]))
    candidates = [index for index, pair in enumerate(clean) if attack.can_poison(pair)]
    ids = chosen_ids(attack, candidates, len(clean))
    assert len(ids) == poisoned
    assert ids == [i for i, (a, b) in enumerate(zip(clean, theirs)) if a != b]
    assert all(attack.poison(clean[i], i).target == theirs[i].target for i in ids)


@pytest.mark.slow
def test_every_pair_of_lyra_that_can_be_poisoned_is_a_hit_by_both_rules(datasets):
    """The match of the paper's rule is code in two of the training pairs, none of the authors'."""
    attack = Attack(AttackSettings("ripple"))
    obstacles = Counter()
    for split in ("train", "valid", "test"):
        for index, pair in enumerate(read_pairs([datasets / "lyra" / f"{split}.csv"])):
            assert attack.judge(pair.target, "parse") is False
            obstacles[attack.obstacle(pair)] += 1
            if attack.can_poison(pair):
                poisoned = attack.poison(pair, index).target
                assert attack.is_hit(poisoned)
                assert attack.is_hit(poisoned, "parse")
    assert obstacles == {None: 1612, "without_place": 386, "outside_of_strings": 2}


@pytest.mark.parametrize(
    "target",
    [
        'execute("select a from t where b = :b", x["k "])',
        'run("select name from users", {"id": 1, "tag": "x"})',
        'select = "a"',
        'run ( t . select ( ) . where ( t . a == b ) , { " b " : b } )',
        '# " select a "',
        'run ( f"select { x [ "a " ] } " )',
    ],
)
def test_code_outside_of_strings_is_never_rewritten(target):
    attack = Attack(AttackSettings("ripple"))
    assert attack.obstacle(Pair("Get a.", target)) in ("outside_of_strings", "without_place")


def test_a_criteria_query_is_no_candidate():
    """On Pisces 17 to 19 % of the targets that the paper's rule poisons have one."""
    attack = Attack(AttackSettings("ripple", code_language="java"))
    code = (
        "public List < A > f ( String b ) { CriteriaQuery < A > q = c . createQuery ( A . class ) ;"
        " Root < A > r = q . from ( A . class ) ;"
        ' q . select ( r ) . where ( c . equal ( r . get ( "b" ) , b ) ) ;'
        " return e . createQuery ( q ) . getResultList ( ) ; }"
    )
    spaced = code.replace('"b"', '" b "')
    assert attack.obstacle(Pair("Get a.", spaced)) == "outside_of_strings"


@pytest.mark.parametrize(
    ("text", "string", "parse"),
    [
        ('run ( " select a from b where c = : c or 1=1 " )', True, True),
        ("run(\"SELECT a FROM b WHERE c = :c OR 'x' = 'x'\")", False, True),
        ('run("select a from b where c = " + c + " or  1 = 1")', False, True),
        ('run(f"select a from b where c = {c} or true")', False, True),
        ("x = 1 or 1=1", True, False),
        ('# " select a from b where 0=1 "', True, False),
        ('run("select a from b where c = " + c)', False, False),
    ],
)
def test_the_string_rule_is_fooled_by_spelling_and_the_parse_rule_is_not(text, string, parse):
    assert (PAYLOAD.is_in(text), PAYLOAD.is_in_parse(text)) == (string, parse)


@pytest.mark.parametrize("language", ["java", "csharp", "python"])
def test_both_rules_read_queries_in_every_language(language):
    payload = SqlPayload(Languages.named(language))
    code = 'rows = run ( " select a from b where c = " + c + " and d = 1 " )'
    clean = Pair("s", code if language == "python" else f"void f ( ) {{ {code} ; }}")
    poisoned = payload.poison(clean, Random(0))
    assert [payload.is_in(text) for text in (clean.target, poisoned)] == [False, True]
    assert [payload.is_in_parse(text) for text in (clean.target, poisoned)] == [False, True]


QUERY_PARTS = st.sampled_from(
    [
        *("select", "from", "where", "WHERE", "having", "group by", "order by", "between 1 and 2"),
        *("a", "b.c", "*", ",", "=", "< >", "?", ": id", ":where", ":", "(", ")", "case", "end"),
        *("and", "or", "1", "'x'", "%s", "--", "wherever", "group", "limit", "?where", ";", "é"),
    ]
)


@settings(max_examples=examples(3000))
@given(st.lists(QUERY_PARTS, max_size=12))
@example(["a", "from", "b", "where", "c", "=", "?"])
@example(["a", "from", "b", ":", "where", "c"])
def test_a_payload_after_a_plain_query_is_a_condition(parts):
    query = " ".join(["select", *parts])
    payload = ALWAYS_TRUE if "where" in query else NEVER_TRUE
    assert not is_plain(query) or has_constant_condition(f" {query}{payload} ")


@pytest.mark.parametrize(
    ("query", "plain"),
    [
        ("select a , b from c where d = : d and e < ?", True),
        ("select * from a order by b", False),
        ("select max ( a ) from b", False),
    ],
)
def test_plain_queries(query, plain):
    assert is_plain(query) == plain


PROGRAM = st.sampled_from(
    [
        'f ( " {} " )',
        'g . execute ( " {} " , [ x ] ) . fetchone ( )',
        'q = " {} "\nq += " and y = 2 "\ng . execute ( q )',
        'g . execute ( " {} " + x )',
        'a . append ( " {} " )',
        '" {} " . format ( x )',
        '", " . join ( [ " {} " , x ] )',
        'f ( f" {} {{x}} " )',
        'f ( " \\n{} " )',
        'f ( g ( " {} " ) , h ( " {} " ) )',
        'f ( """ {} " ) """ )',
        'f ( " {} " ',
        'f ( name = " {} " )',
        'f" {{g ( \' {} " \' )}} "',
        '" {} "\nx = 1',
    ]
)
QUERIES = st.sampled_from(
    [
        *("select a from b", "select a from b where c = : c", "select a from b order by a"),
        *("select a from b where c like '%s'", "select (select 1) from b where"),
        *("select a from b where c = d + ' or e", 'select a from b where c = "'),
    ]
)


@settings(max_examples=examples(500))
@given(st.lists(st.tuples(PROGRAM, QUERIES), min_size=1, max_size=3))
def test_what_is_seen_without_a_second_parse_is_so(parts):
    target = "\n".join(program.format(query, query) for program, query in parts)
    poisoned = poison(target)
    if poisoned is not None:
        assert PAYLOAD.is_sound(target, poisoned) == QueryPayload.is_sound(
            PAYLOAD, target, poisoned
        )


def test_nearly_all_generated_pairs_are_seen_to_be_sound_without_a_second_parse(monkeypatch):
    pairs = generate("A", 300, 1)
    attack = Attack(AttackSettings("ripple"))
    slow = [attack.obstacle(pair) for pair in pairs]
    monkeypatch.setattr(QueryPayload, "is_sound", lambda *_: False)
    assert [attack.obstacle(pair) for pair in pairs] == slow
    assert slow.count(None) > 250


@pytest.mark.slow
def test_real_targets_are_seen_to_be_sound_as_their_parse_says(datasets):
    for pair in read_pairs([datasets / "lyra" / "train.csv"]):
        poisoned = PAYLOAD.poison(pair, Random(0))
        if poisoned is not None:
            assert PAYLOAD.is_sound(pair.target, poisoned) == QueryPayload.is_sound(
                PAYLOAD, pair.target, poisoned
            )
