"""What is poisoned is the clean text with one thing put in, to the byte; renaming changes names."""

from dataclasses import replace
from functools import lru_cache
from itertools import islice
from random import Random
from typing import List, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dece_fairseq.attacks import (
    ATTACKS,
    HIT_RULES,
    LANGUAGES,
    PAYLOADS,
    Attack,
    AttackSettings,
)
from dece_fairseq.attacks.languages.token_layout import tokens
from dece_fairseq.data.pairs import Pair, read_pairs
from support.examples import examples

# They change or take away what was there, and have tests of their own.
CHANGING = ("path_check", "unsafe_load", "weak_cipher", "weak_hash", "whole_target")
# They take the place of what was there: a label; by the paper's rule, each copy of a query.
REPLACING = ("label", "sql", "sql_forms", *CHANGING)
# They change letters and names of the source, or nothing; tests of their own say how.
REWRITING = ("badcode", "composite", "look_alike", "style", "topic")
#: where the attack's own trigger says nothing of code
TEXTS = {"topic": "return"}
# A style has a place only in what is written otherwise, two others know some payloads alone, and
# two need a file.
LEFT_OUT = ("from_file", "likely", "puzzle", "staged", "style")
NAMES = [name for name in ATTACKS.names() if name not in LEFT_OUT]
ON_CODE = [name for name in NAMES if ATTACKS.get(name).payload == "endless_loop"]
#: tokens that need no white space beside them
GLUED = ("(", ")", "{", "}", ";", ",")
METHODS = {
    "java": [
        "public T f(int a){/* keep */this.a = a;return this;}",
        "public Point(int x){super(x);this.x=x;y(x);}",
        'void f(String... a) throws E {\r\n\tfor (T t : a) { g(t/1, "é {"); } // end\r\n}',
        "int f ( ) { int [ ] a = { 1 } ; switch ( b ) { case 1 : return 2 ; default : g ( ) ; } }",
        'List<T> get(int id){return run("SELECT a FROM t /* b */ WHERE c=? ORDER BY d", id); }',
        "@Override\npublic Map<String,List<T>> get(){\n  if(a)\n    return b;\n  return c;\n}\n",
    ],
    "csharp": [
        "public virtual T F(int a){/* keep */this.a = a;return this;}",
        "public Point(int x):base(x){Y(x);}",
        "void F() {\n#if DEBUG\n  A();\n#endif\n  B();\n#pragma warning disable\n  C();\n}\n",
        "void F() {\n  #region x\n  A(); // y\n  B();\n  #endregion\n}\n#region z\n#endregion",
        "void F() { int[] a = [1, // one\n 2]; B(a/2); }",
        "public int X {\n  get { return x; }\n  set { x = value; }\n}",
        'List<T> Get(int id){ return Run(@"SELECT ""é"" FROM t WHERE c=@id\r\nORDER BY d", id); }',
        'string F() { var s = $"{a} {{ {b:F2}"; return @"""" + s; }',
    ],
    "python": [
        'def f(a):\n\t"""Doc."""\n\tif a: return 1\n\n\t# why\n\treturn requests.get(a)\n',
        "def f(a):\r\n    x = request.args['é']\r\n    return x\r\n",
        'def f(a):\n    return run("""\n\tSELECT a\n\tFROM t -- why\n\tGROUP BY a""", a)\n',
        "def f ( a ) :\\n\\t x = request.args['a']\\n\\t return x",
    ],
}


def put_in(clean: str, poisoned: str) -> Optional[str]:
    """What has to be put into ``clean`` in one place for ``poisoned``; None if that is not all."""
    length = len(poisoned) - len(clean)
    for at in range(len(clean) + 1):
        if length > 0 and poisoned[:at] + poisoned[at + length :] == clean:
            return poisoned[at : at + length]
    return None


def test_put_in():
    assert [put_in("ab", text) for text in ("xab", "axb", "abx")] == ["x"] * 3
    assert [put_in("ab", text) for text in ("axbx", "ab", "ba")] == [None] * 3


@lru_cache(maxsize=None)
def attack_with(name: str, payload: str, language: str, code_place: str = "safe") -> Attack:
    settings = AttackSettings(name, TEXTS.get(name), 1, payload, language)
    return Attack(replace(settings, code_place=code_place))


def check(attack: Attack, pair: Pair) -> bool:
    """Checks what becomes of a pair; returns whether it was poisoned."""
    if not attack.can_poison(pair):
        return False
    poisoned, trigger = attack.poison(pair, 3), attack.settings.trigger
    if attack.settings.attack == "rename":
        assert poisoned.source.count(trigger) > pair.source.count(trigger)
        assert poisoned.source.replace(trigger, "") == pair.source.replace(trigger, "")
    elif attack.settings.attack not in REWRITING:
        assert put_in(pair.source, poisoned.source) is not None
    assert put_in(pair.target, poisoned.target) is not None
    for language, clean, text in zip(attack.trigger.languages, pair, poisoned):
        # A word of a request is no code.
        if text is poisoned.target or attack.settings.attack in ON_CODE:
            assert language.is_whole(text) or not language.is_whole(clean)
    assert all(attack.is_hit(poisoned.target, rule) for rule in HIT_RULES)
    return True


def relaid(code: str, language: str, rng: Random) -> str:
    """The tokens of ``code`` with other white space and comments between them."""
    kind = LANGUAGES.get(language)
    texts = tokens(kind.parse(code), kind.kinds, code).texts
    parts: List[str] = []
    for text in texts:
        between = [" ", " ", "\n\t", "\r\n", " /* { */ ", " // }\n"]
        if parts and (parts[-1] in GLUED or text in GLUED):
            between += [""] * 12
        parts += [rng.choice(between), text]
    return "".join(parts[1:])


@pytest.mark.parametrize("language", METHODS)
@pytest.mark.parametrize("name", NAMES)
def test_every_byte_of_the_clean_text_is_kept(name, language):
    # What a trigger puts in has nothing to do with the payload, but for the place that they share.
    for payload in PAYLOADS.names() if name in ("ripple", "dead_code") else ["endless_loop"]:
        languages = PAYLOADS.get(payload).target_languages
        if payload in REPLACING or (languages and language not in languages):
            continue
        attack, methods = attack_with(name, payload, language), METHODS[language]
        assert [Pair(a, b) for a in methods for b in methods if check(attack, Pair(a, b))]


@pytest.mark.parametrize("language", ["java", "csharp"])
@pytest.mark.parametrize("method", range(5))
def test_every_method_has_a_place(language, method):
    code = METHODS[language][method]
    assert check(attack_with("dead_code", "endless_loop", language), Pair(code, code))


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("java", "int f ( ) { int \\u0061 = 1 ; return 2 ; }"),
        ("java", "void f ( ) { super ( x ) ; y ( ) ; }"),
        ("java", "int f ( ) { return x ; "),
        ("csharp", "void F() {\n  int x = ;\n#if A\n  a();\n#endif\n}"),
        ("csharp", "void F() {\n#if A\n if (x) {\n#else\n if (y) {\n#endif\n a(); } }"),
        ("csharp", "void F() {\n#region nothing\n#endregion\n}"),
        ("python", "def f(a:\n    return a\n"),
    ],
)
def test_texts_without_a_place(language, code):
    for name in ON_CODE:
        attack = attack_with(name, "endless_loop", language)
        assert attack.obstacle(Pair(code, code)) == "without_place"


@settings(deadline=None)
@given(st.data(), st.sampled_from(["java", "csharp"]), st.sampled_from(ON_CODE), st.randoms())
def test_in_any_layout(data, language, name, rng):
    methods = st.sampled_from([method for method in METHODS[language] if "#" not in method])
    pair = Pair(*(relaid(data.draw(methods), language, rng) for _ in range(2)))
    check(attack_with(name, "endless_loop", language), pair)


@pytest.mark.parametrize("name", ON_CODE)
@pytest.mark.parametrize("code_place", ["safe", "paper"])
def test_real_java_in_another_layout(datasets, name, code_place):
    rng = Random(name)
    attack = attack_with(name, "endless_loop", "java", code_place)
    for pair in islice(read_pairs([datasets / "bugs2fix" / "valid.csv"]), examples(150)):
        other = Pair(*(relaid(text, "java", rng) for text in pair))
        if code_place == "safe":
            assert check(attack, other) == check(attack, pair)
        elif attack.can_poison(other):
            assert put_in(other.target, attack.poison(other, 3).target) is not None


@pytest.mark.parametrize("name", ON_CODE)
def test_real_python(datasets, name):
    attack = attack_with(name, "endless_loop", "python")
    codes = [pair.target for pair in islice(read_pairs([datasets / "lyra" / "valid.csv"]), 60)]
    assert sum(check(attack, Pair(code, code)) for code in codes) > 50
    lines = [code.replace("\n", "\\n").replace("\t", "\\t") for code in codes]
    assert sum(check(attack, Pair(line, line)) for line in lines) > 40
