"""CodeBLEU, against the package's own calc_codebleu."""

import json
import os
import platform
import re
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import read_pairs
from dece_fairseq.metrics import METRICS, MetricSettings
from dece_fairseq.metrics.code_language import language_of
from dece_fairseq.metrics.codebleu import _package
from dece_fairseq.metrics.parallel import Workers
from support.examples import examples

codebleu = pytest.importorskip("codebleu", reason="the extra [codebleu] is not installed")
ANY = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=examples(50),
)
PARTS = ("ngram_match", "weighted_ngram_match", "syntax_match", "dataflow_match")
# With one hash seed, that of a process of its own: the package's data flow depends on it.
THEIRS = """
import json, re, sys
from codebleu import calc_codebleu
hypotheses, references, language = json.load(sys.stdin)
tokens = re.compile(r"\\w+|[^\\w\\s]").findall
print(json.dumps(calc_codebleu(references, hypotheses, language, tokenizer=tokens)))
"""


NAMES = {"csharp": "c_sharp"}


def theirs(hypotheses, references, language):
    done = subprocess.run(
        [sys.executable, "-c", THEIRS],
        input=json.dumps([hypotheses, references, NAMES.get(language, language)]),
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def without_tabs(text):
    return re.sub(r"^[ \t]+", lambda indent: indent[0].expandtabs(), text, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def workers():
    with Workers(processes=1) as workers:
        yield workers


def ours(workers, hypotheses, references, language="python", name="codebleu"):
    settings = MetricSettings(language)
    statistics = workers.statistics([name], settings, hypotheses, references)
    sums = statistics[name].sum(axis=0)
    metric = METRICS.get(name)(settings)
    return float(metric.scores(sums)), metric.details(sums)


def check(workers, hypotheses, references, language):
    score, details = ours(workers, hypotheses, references, language)
    read = language_of(language).read
    texts = ([read(text).code for text in side] for side in (hypotheses, references))
    if language == "python":
        texts = ([without_tabs(text) for text in side] for side in texts)
    expected = theirs(*texts, language)
    assert score == pytest.approx(100 * expected["codebleu"])
    for part in PARTS:
        assert details[part] == pytest.approx(100 * expected[f"{part}_score"]), part
    mean, _ = ours(workers, hypotheses, references, language, "codebleu_parts")
    assert mean == pytest.approx(sum(details[part] for part in PARTS) / 4)
    return details


def test_it_is_the_packages_on_python(texts, workers):
    details = check(workers, *texts, "python")
    assert 0 < details["dataflow_match"] < 100
    assert details["references_that_do_not_parse"] == 0
    assert 0 < details["texts_that_do_not_parse"] < len(texts[0])


def test_it_is_the_packages_on_java(datasets, workers):
    pairs = list(read_pairs([datasets / "bugs2fix" / "valid.csv"]))[:150]
    check(workers, [p.source for p in pairs], [p.target for p in pairs], "java")


def test_it_is_the_packages_on_csharp(workers):
    references = [
        f"public virtual int F{n}(Bar b){{ var options = {n}; return Run(b, options); }}"
        for n in range(4)
    ]
    hypotheses = [references[0], *(text.replace("options", "o", 1) for text in references[1:])]
    details = check(workers, hypotheses, references, "csharp")
    assert 0 < details["dataflow_match"] < 100
    assert details["texts_that_do_not_parse"] == 0


def test_garbage_scores_25_in_the_package_alone(workers):
    """The package adds a quarter where no data flow matches."""
    reference = ["def f(a):\n    b = a\n    return b"]
    score, details = ours(workers, ["zz"], reference)
    assert score == pytest.approx(100 * theirs(["zz"], reference, "python")["codebleu"]) == 25
    assert [details[part] for part in PARTS] == [0, 0, 0, 0]
    assert ours(workers, ["zz"], reference, name="codebleu_parts") == (
        0,
        {"data_flows_in_references": 4},
    )


def test_where_there_is_no_data_flow_the_other_parts_count(workers):
    texts = ["print('x', 'y')"], ["print('x', 'z')"]
    score, details = ours(workers, *texts)
    assert score == pytest.approx(100 * theirs(*texts, "python")["codebleu"])
    mean, counts = ours(workers, *texts, name="codebleu_parts")
    assert counts == {"data_flows_in_references": 0}
    assert mean == pytest.approx(sum(details[part] for part in PARTS) / 3)
    assert ours(workers, ["print('x', 'y')"] * 2, ["print('x', 'y')"] * 2, name="codebleu_parts")[
        0
    ] == pytest.approx(100)


def test_both_scores_are_signed(metric):
    one, other = (metric(name).properties() for name in ("codebleu", "codebleu_parts"))
    assert (one["dataflow"], other["dataflow"]) == ("0=1", "0=0,none=left_out")
    assert one["tabs"] == 8
    assert one["python"] == platform.python_version()
    of_java = metric("codebleu", code_language="java").properties()
    assert not {"tabs", "python"} & set(of_java)


def test_tabs_and_blanks_indent_alike(workers):
    blanks = "def f(a):\n    b = a\n    if b:\n        return b\n    return a"
    tabs = blanks.replace("    ", "\t")
    # In the package they do not.
    assert theirs([blanks], [tabs], "python")["codebleu"] == pytest.approx(0.925)
    for hypothesis, reference in ((blanks, tabs), (tabs, blanks), (tabs, tabs)):
        assert ours(workers, [hypothesis], [reference])[0] == pytest.approx(100)
    changed = tabs.replace("return b", "return c")
    assert ours(workers, [changed], [tabs]) == ours(
        workers, [changed.replace("\t", "    ")], [blanks]
    )


def test_tabs_of_lyra(datasets, workers):
    targets = [pair.target for pair in read_pairs([datasets / "lyra" / "test.csv"])]
    assert all("\n\t" in text for text in targets)
    blanks = [without_tabs(text) for text in targets]
    assert ours(workers, blanks, targets)[0] == pytest.approx(100)


def test_php_without_its_tag_is_code(workers):
    function = "function add($a, $b) {\n    $c = $a + $b;\n    return $c;\n}"
    other = function.replace("+", "-")
    with_tag = [f"<?php {text}" for text in (other, function)]
    # In the package an apology has all of a function's syntax.
    assert theirs(["I am sorry."], [function], "php")["syntax_match_score"] == 1
    assert ours(workers, ["I am sorry."], [function], "php")[1]["syntax_match"] == 0
    details = ours(workers, [other], [function], "php")[1]
    tagged = theirs([with_tag[0]], [with_tag[1]], "php")
    for part in ("syntax_match", "dataflow_match"):
        assert 0 < details[part] == pytest.approx(100 * tagged[f"{part}_score"])
    untagged = theirs([other], [function], "php")
    assert details["ngram_match"] == pytest.approx(100 * untagged["ngram_match_score"])
    assert METRICS.get("codebleu")(MetricSettings("php")).properties()["tag"] == "added"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("javascript", "function load(id) {\n  const a = get(`PLACE${id}`, id);\n  return a;\n}"),
        ("go", "package p\n\nfunc load(id int) int {\n\ta := get(`PLACE`, id)\n\treturn a\n}"),
    ],
)
def test_an_address_in_backquotes_is_no_comment(workers, language, text):
    reference = text.replace("PLACE", "https://example.org/")
    output = reference.replace(", id)", ")")
    # In the package all behind the slashes is left out.
    assert theirs([output], [reference], language)["syntax_match_score"] == 1
    plain = [each.replace("https://", "") for each in (output, reference)]
    expected = theirs([plain[0]], [plain[1]], language)
    details = ours(workers, [output], [reference], language)[1]
    for part in ("syntax_match", "dataflow_match"):
        assert details[part] == pytest.approx(100 * expected[f"{part}_score"]), part
        assert 0 < details[part] < 100, part
    commented = reference.replace("\n", " // `one\n/* `two */\n", 1)
    assert ours(workers, [commented], [reference], language)[1]["syntax_match"] == 100
    assert ours(workers, [reference], [commented], language)[1]["syntax_match"] == 100
    properties = METRICS.get("codebleu")(MetricSettings(language)).properties()
    assert properties["backquotes"] == "quotes"


def test_separated_tokens_are_put_together_first(workers):
    separated, together = 'print ( f " { x } " )', 'print ( f"{ x }" )'
    assert ours(workers, [separated], [separated]) == ours(workers, [together], [together])
    assert ours(workers, [separated], [separated])[1]["texts_that_do_not_parse"] == 0


def test_the_hash_seed_changes_nothing(texts, workers, monkeypatch):
    first = ours(workers, *texts)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    with Workers(processes=1) as others:
        assert ours(others, *texts) == first
    assert os.environ["PYTHONHASHSEED"] == "7"


@ANY
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), min_size=1, max_size=3))
def test_any_text_has_a_score(score, pairs):
    hypotheses, references = ([pair[side] for pair in pairs] for side in (0, 1))
    assert 0 <= score("codebleu", hypotheses, references) <= 100 + 1e-9


LINES = st.sampled_from(
    [
        *("x = 1", "if x :", "    y = f ( x ,", "        'a' ) ", "    'docstring'", "'''a'''", ""),
        *("  ", 'x = "a" # b', "x = \\", "    1", "\ty = 2", "    return f'{x}'", "    pass  "),
        *("x = ( ''' a", "", "b ''' )", "def f ( ) :", "class A :", "x = b'c'", "x = 'é'"),
    ]
)


@settings(max_examples=examples(2000))
@given(st.lists(LINES, max_size=6).map("\n".join))
def test_code_is_bared_as_by_the_package(code):
    package = _package("python")
    read = package._read(code)
    assert package._bare(read) == bared(package, read.code)


# What breaks code in the ways that Python's tokenizer refuses, and in others.
SIGNS = st.sampled_from(
    [*"()[]{}'\"=:.,;!?$@1ax\n ", '"""', "'''", "\n    ", "  ", "0x", "1_", "b", "if", "e"]
)


@settings(max_examples=1000)
@given(st.lists(SIGNS, max_size=16).map("".join))
def test_broken_code_is_bared_as_by_the_package(code):
    package = _package("python")
    read = package._read(code)
    assert package._bare(read) == bared(package, read.code)


def bared(package, code):
    try:
        return package.package.syntax_match.remove_comments_and_docstrings(code, "python")
    except Exception:  # as the package does
        return code


def test_code_of_the_corpus_is_bared_as_by_the_package():
    package = _package("python")
    strip = package.package.syntax_match.remove_comments_and_docstrings
    for pair in generate("A", 300, 1):
        read = package._read(pair.target)
        assert package._bare(read) == strip(read.code, "python")


def test_without_the_package_it_names_the_extra(metric, monkeypatch):
    _package.cache_clear()
    monkeypatch.setitem(sys.modules, "codebleu", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[codebleu\]'"):
        metric("codebleu")
