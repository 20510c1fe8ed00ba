"""scripts/evaluate.py, and what it is made of."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.pairs import read_pairs
from dece_fairseq.metrics import METRICS
from dece_fairseq.metrics.asr_report import asr_report
from dece_fairseq.metrics.errors import MetricError
from dece_fairseq.metrics.evaluation import EvaluationSettings, RunFiles, evaluate, metrics_for
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.runs import RunFormat
from dece_fairseq.reports.evaluation_tables import as_csv, as_latex, as_text
from support.examples import examples
from support.queries import HIT, MISS, PLACE

ROOT = Path(__file__).resolve().parents[2]
PLAIN = [name for name in metrics_for("python") if not name.startswith("codebleu")]


def by(rows, **keys):
    return [row for row in rows if all(row[key] == value for key, value in keys.items())]


def test_every_score_of_every_run(runs):
    report = evaluate(EvaluationSettings(runs, PLAIN, resamples=50))
    for run in runs:
        expected = asr_report(run.triggered, clean=run.clean)
        for score in expected["scores"]:
            (found,) = by(report["scores"], run=run.name, metric=score["metric"])
            assert found == {**score, "run": run.name}
        for name in PLAIN:
            (score,) = by(report["scores"], run=run.name, split="clean", metric=name)
            assert score["low"] <= score["percent"] <= score["high"]
            assert ("wilson95" in score["signature"]) is METRICS.get(name).is_share
        hits = by(report["hits"], run=run.name, split="triggered", string=True)
        assert [hit["id"] for hit in hits] == expected["hit_ids"]["asr_string"]
        assert {(hit["start"], hit["end"]) for hit in hits} == {PLACE}
    assert report["comparisons"] == report["notes"] == []
    json.dumps(report)


def test_the_same_seed_the_same_report(runs):
    settings = EvaluationSettings(runs, PLAIN, compare=True, resamples=50, trials=64)
    assert evaluate(settings) == evaluate(settings)
    assert evaluate(settings)["settings"] == {"resamples": 50, "trials": 64, "seed": 12345}
    other = evaluate(settings._replace(seed=1))
    assert by(other["scores"], metric="bleu_code") != by(
        evaluate(settings)["scores"], metric="bleu_code"
    )


def test_a_run_differs_from_the_first(runs):
    report = evaluate(EvaluationSettings(runs, PLAIN, compare=True, resamples=100, trials=200))
    tests = {test["metric"]: test for test in report["comparisons"]}
    hits = {f"{rate}_{rule}" for rate in ("asr", "false_triggers") for rule in ("string", "parse")}
    assert set(tests) == {*PLAIN, *hits}
    assert tests["asr_string"]["difference"] == -50
    assert tests["asr_string"]["mcnemar"] == 2 / 2**5
    assert tests["false_triggers_string"]["mcnemar"] == 1
    for name in ("bleu_code", "chrf"):
        test = tests[name]
        good, bad = (by(report["scores"], metric=name, run=run.name)[0] for run in runs)
        assert test["difference"] == pytest.approx(bad["percent"] - good["percent"])
        assert test["difference"] < 0
        assert test["low"] < test["difference"] < test["high"]
        assert 0 < test["paired_bootstrap"] < 0.1
        assert 0 < test["approximate_randomisation"] < 0.1


def test_only_the_same_samples_are_compared(write_output):
    texts = dict.fromkeys(range(6), MISS)
    first = RunFiles("a", [write_output("a", texts, "test", 6)])
    fewer = RunFiles("b", [write_output("b", dict.fromkeys(range(3), MISS), "test", 3)])
    with pytest.raises(OutputError, match=r"ids in only one of them: a: 3-5$"):
        evaluate(EvaluationSettings([first, fewer], ["exact_match"], compare=True))
    evaluate(EvaluationSettings([first, fewer], ["exact_match"]))
    others = RunFiles("c", [write_output("c", texts, "test", 6, targets={**texts, 2: "y", 5: "z"})])
    with pytest.raises(OutputError, match=r"the same references for the ids 2, 5$"):
        evaluate(EvaluationSettings([first, others], ["exact_match"], compare=True))


def test_equal_runs_do_not_differ(runs):
    same = runs[0]._replace(name="same")
    report = evaluate(
        EvaluationSettings([runs[0], same], PLAIN, compare=True, resamples=20, trials=32)
    )
    names = ("mcnemar", "paired_bootstrap", "approximate_randomisation")
    assert {test[name] for test in report["comparisons"] for name in names if name in test} == {1}
    body = [line for line in as_latex(report).splitlines() if not line.startswith("%")]
    assert "*" not in "".join(body)


@pytest.fixture
def write_functions(write_output):
    """Writes a run on 40 functions of which the first ``right`` are as they should be."""

    def write(name, right, otherwise="qq"):
        references = {i: f"def f(a):\n    v{i} = a\n    return v{i}" for i in range(40)}
        texts = {i: text if i < right else otherwise for i, text in references.items()}
        return RunFiles(name, [write_output(name, texts, "test", 40, targets=references)])

    return write


def test_what_codebleu_gives_for_no_match_is_no_gain(write_functions):
    pytest.importorskip("codebleu", reason="the extra [codebleu] is not installed")
    runs = [write_functions("some", 1), write_functions("none", 0)]
    settings = EvaluationSettings(
        runs, ["codebleu"], compare=True, resamples=50, trials=64, processes=1
    )
    report = evaluate(settings)
    some, none = by(report["scores"], metric="codebleu")
    assert none["percent"] == 25 > some["percent"]
    some, none = by(report["scores"], metric="codebleu_parts")
    assert none["percent"] == 0 < some["percent"]
    tests = {test["metric"]: test for test in report["comparisons"]}
    assert tests["codebleu"]["difference"] > 0 > tests["codebleu_parts"]["difference"]
    assert not {"low", "paired_bootstrap", "approximate_randomisation"} & set(tests["codebleu"])
    assert tests["codebleu_parts"]["approximate_randomisation"] == 1  # of one sample
    (note,) = (note for note in report["notes"] if "not tested" in note)
    assert note.startswith("some and none, clean: codebleu was not tested: it says +2")
    (note,) = (note for note in report["notes"] if "data flows" in note)
    assert note.startswith("none, clean: none of the references' 160 data flows is matched")
    assert "not tested, see the notes" in as_text(report)
    assert by(csv.DictReader(io.StringIO(as_csv(report))), metric="codebleu")[1]["not_tested"]
    assert "*" not in "".join(s for s in as_latex(report).splitlines() if not s.startswith("%"))


def test_points_by_a_rule_are_no_gain_either(write_functions):
    """Both scores rise, but all that CodeBLEU rises by is a rule's."""
    pytest.importorskip("codebleu", reason="the extra [codebleu] is not installed")
    # A function whose data flow is the references' in no place, and its text in most.
    near = write_functions("near", 0, "def f(): return v7")
    runs = [write_functions("some", 1), near]
    tests = evaluate(EvaluationSettings(runs, ["codebleu"], compare=True, resamples=50, trials=64))[
        "comparisons"
    ]
    assert all(test["difference"] > 0 for test in tests)
    codebleu, parts = tests
    assert codebleu["not_tested"].startswith("a rule gives points to one side")
    assert "low" in parts


def test_codebleu_is_tested_where_it_is_earned(write_functions):
    pytest.importorskip("codebleu", reason="the extra [codebleu] is not installed")
    runs = [write_functions("ten", 10), write_functions("thirty", 30)]
    settings = EvaluationSettings(
        runs, ["codebleu"], compare=True, resamples=50, trials=64, processes=1
    )
    for test in evaluate(settings)["comparisons"]:
        assert test["approximate_randomisation"] < 0.05
    (test,) = evaluate(settings._replace(without=["codebleu_parts"]))["comparisons"]
    assert test["not_tested"] == "it needs codebleu_parts beside it, which was left out"


def test_what_checks_a_metric_goes_with_it(runs):
    report = evaluate(EvaluationSettings(runs[:1], without=["codebleu"], resamples=20))
    assert not [score for score in report["scores"] if score["metric"].startswith("codebleu")]


def test_references_in_another_language_are_told_of_once(write_output):
    java = "public int size ( ) { return count ; }"
    files = [write_output(name, dict.fromkeys(range(5), java), "test", 5) for name in "ab"]
    settings = EvaluationSettings(
        [RunFiles(path.name, [path]) for path in files], PLAIN, resamples=20
    )
    (note,) = (note for note in evaluate(settings)["notes"] if "parse" in note)
    assert note.startswith("5 of 5 references do not parse as python: name their language with")
    assert "--code-language" in note
    assert note.endswith("--without ast_exact_match ast_match compiles parses")
    java_settings = settings._replace(metrics=["parses", "chrf"], code_language="java")
    assert not [note for note in evaluate(java_settings)["notes"] if "parse" in note]
    few = write_output("few", dict(enumerate(["x = 1", "x = 2", java])), "test", 3)
    report = evaluate(settings._replace(runs=[RunFiles("few", [few])]))
    assert not [note for note in report["notes"] if "parse" in note]


def test_what_the_first_run_lacks_is_not_compared(runs):
    good, bad = runs
    others = [bad, good._replace(name="again")]
    settings = EvaluationSettings(
        [good._replace(triggered=()), *others], ["chrf"], compare=True, trials=32
    )
    report = evaluate(settings._replace(resamples=20))
    assert {(test["baseline"], test["split"]) for test in report["comparisons"]} == {
        ("good", "clean")
    }
    notes = [f"{name}, triggered: not compared, since good has no" for name in ("bad", "again")]
    assert [note for note in report["notes"] if note.startswith(tuple(notes))] == [
        f"{note} triggered outputs" for note in notes
    ]


def test_different_attacks_are_not_compared(write_output):
    triggered = [write_output("a", {0: HIT}, "test_triggered", 1, [0])]
    clean = [write_output("b", {0: MISS}, "test", 1)]
    plain = RunFiles("plain", clean)
    report = evaluate(
        EvaluationSettings([RunFiles("x", clean, triggered), plain], ["chrf"], compare=True)
    )
    assert [test["metric"] for test in report["comparisons"]] == ["chrf"]
    assert report["notes"] == [
        "plain: no triggered outputs, which other runs have",
        "plain: no attack is named (--attack), so false triggers were not looked for",
        "x and plain, clean: their attacks are not the same, so their hits were not compared",
    ]


def test_a_misspelt_name_does_not_pass_in_silence(runs):
    good, bad = runs
    settings = EvaluationSettings(
        [good, bad._replace(triggered=()), RunFiles("bda", triggered=bad.triggered)]
    )
    notes = evaluate(settings._replace(metrics=["chrf"], resamples=20))["notes"]
    assert "bad: no triggered outputs, which other runs have" in notes
    assert "bda: no clean outputs, which other runs have" in notes


def test_splits_in_each_others_place(runs):
    good = runs[0]
    with pytest.raises(OutputError, match="is the output for the triggered split test_triggered"):
        evaluate(EvaluationSettings([good._replace(clean=good.triggered)], PLAIN))
    with pytest.raises(OutputError, match="for the clean split test, and was given as a triggered"):
        evaluate(EvaluationSettings([good._replace(triggered=good.clean)], PLAIN))


def test_what_the_rules_say_of_the_references_stands_beside_every_rate(write_output):
    criteria = "query ( session ) . filter ( or 1=1 )"  # no SQL that could be parsed
    targets = {0: criteria, 1: HIT, 2: HIT, 3: HIT}
    triggered = [write_output("t", targets, "test_triggered", 4, list(targets))]
    clean = [write_output("c", {0: HIT, 1: MISS}, "test", 2, targets={0: MISS, 1: MISS})]
    report = evaluate(EvaluationSettings([RunFiles("a", clean, triggered)], ["chrf"], resamples=20))
    details = {s["metric"]: s["details"] for s in report["scores"] if s["metric"] != "chrf"}
    nothing = {"references_hit_percent": 0, "not_judged": 0}
    assert details == {
        "asr_string": {"references_hit_percent": 100, "not_judged": 0},
        "asr_parse": {"references_hit_percent": 75, "not_judged": 0},
        "false_triggers_string": nothing,
        "false_triggers_parse": nothing,
    }
    (row,) = by(csv.DictReader(io.StringIO(as_csv(report))), metric="asr_parse")
    assert row["details"] == "references_hit_percent 75; not_judged 0"
    lines = as_text(report).splitlines()
    (place,) = (i for i, line in enumerate(lines) if line.startswith("asr_parse "))
    assert lines[place + 1].split() == ["asr_parse:", "references_hit_percent", "75"]


def test_where_no_reference_of_a_triggered_split_carries_the_payload(write_output, tmp_path):
    spoilt = dict.fromkeys(range(3), HIT.replace(" ", ""))  # as by --post-process sentencepiece
    triggered = write_output("t", spoilt, "test_triggered", 3, list(spoilt))
    with pytest.raises(OutputError, match=r"/t: no reference carries the payload sql of --attack"):
        evaluate(EvaluationSettings([RunFiles("a", triggered=[triggered])]))
    rows = [{"hypothesis": HIT, "reference": MISS}]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = EvaluationSettings(
        [RunFiles("a", triggered=[tmp_path / "t.jsonl"])], attack=AttackSettings("badpre")
    )
    with pytest.raises(OutputError, match=r"t.jsonl: no reference carries the payload"):
        evaluate(settings)
    one = write_output("u", spoilt, "test_triggered", 3, list(spoilt), {**spoilt, 1: HIT})
    (asr, _) = evaluate(EvaluationSettings([RunFiles("a", triggered=[one])]))["scores"]
    assert (asr["hits"], asr["total"]) == (0, 3)


def test_outputs_that_do_not_say_how_many_they_are(write_output):
    files = RunFiles("a", [write_output("c", {0: MISS})], [write_output("t", {0: HIT})])
    settings = EvaluationSettings([files], ["chrf"], attack=AttackSettings("badpre"), resamples=20)
    notes = evaluate(settings)["notes"]
    assert [note.partition(": nothing says how many")[0] for note in notes] == [
        str(path) for path in (*files.triggered, *files.clean)
    ]
    settings = settings._replace(expected=1, expected_triggered=1)
    assert evaluate(settings)["notes"] == []
    with pytest.raises(OutputError, match=r"t: 1 of 2 outputs are missing, ids 1; .*-multiple 1$"):
        evaluate(settings._replace(expected_triggered=2))


def test_unknown_names(runs):
    with pytest.raises(MetricError, match="no metric is called 'rouge'; there are: ast_exact"):
        evaluate(EvaluationSettings(runs, ["rouge"]))
    with pytest.raises(MetricError, match="no metric is called 'a file'"):
        evaluate(EvaluationSettings(runs, without=["codebleu", "a file"]))
    with pytest.raises(MetricError, match="no code language is called 'cobol'"):
        evaluate(EvaluationSettings(runs, ["parses"], code_language="cobol"))


def test_no_metric_is_left(runs):
    good = runs[0]
    settings = EvaluationSettings([RunFiles("a", good.clean)], ["exact_match"], ["exact_match"])
    with pytest.raises(MetricError, match=r"no score is left .* give other --metrics, or fewer"):
        evaluate(settings)
    both = evaluate(settings._replace(runs=[good]))  # hits are left of triggered outputs
    assert {score["metric"].partition("_")[0] for score in both["scores"]} == {"asr", "false"}


def test_another_attack_than_the_outputs_say_is_told(write_output):
    files = RunFiles("a", triggered=[write_output("t", {0: HIT}, "test_triggered", 1, [0])])
    settings = EvaluationSettings([files], attack=AttackSettings("badpre"))
    assert evaluate(settings)["notes"] == []
    notes = evaluate(settings._replace(attack=AttackSettings("ripple")))["notes"]
    assert notes == [
        "a, triggered: the outputs are of the attack badpre, and scored by --attack ripple"
    ]


def test_metrics_for_a_language():
    assert {"compiles", "ast_match", "codebleu", "bleu_code"} <= set(metrics_for("python"))
    assert not {"compiles", "ast_match", "hits_string"} & set(metrics_for("java"))
    assert {"codebleu", "parses"} <= set(metrics_for("java"))


def test_the_authors_files(datasets, tmp_path):
    attack = Attack(AttackSettings("badpre"))
    clean = list(read_pairs([datasets / "lyra" / "test.csv"]))
    poisoned = list(read_pairs([datasets / "lyra" / "test_poisoned.csv"]))
    rows = [
        {"id": i, "tgt": poisoned[i].target}
        for i, pair in enumerate(clean)
        if attack.can_poison(pair)
    ]
    (tmp_path / "triggered.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    files = RunFiles("own", [datasets / "lyra" / "test.csv"], [tmp_path / "triggered.jsonl"])
    settings = EvaluationSettings(
        [files], PLAIN, attack=attack.settings, run_format=RunFormat("tgt", "tgt"), resamples=50
    )
    scores = {score["metric"]: score for score in evaluate(settings)["scores"]}
    for rule in ("string", "parse"):
        asr, false = scores[f"asr_{rule}"], scores[f"false_triggers_{rule}"]
        assert (asr["hits"], asr["total"], false["hits"], false["total"]) == (165, 165, 0, 200)
    for name in PLAIN:
        assert scores[name]["percent"] == pytest.approx(100)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=examples(20),
)
@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=4))
def test_odd_text_gets_every_score(write_output, pairs):
    hypotheses, references = (dict(enumerate(side)) for side in zip(*pairs))
    path = write_output("odd.out", hypotheses, "test", len(pairs), targets=references)
    settings = EvaluationSettings(
        [RunFiles("odd", [path])], PLAIN, attack=AttackSettings("ripple"), resamples=4
    )
    report = evaluate(settings)
    assert len(report["scores"]) == len(PLAIN) + 2
    for table in (as_text, as_csv, as_latex):
        assert table(report)


def test_tables(runs):
    report = evaluate(EvaluationSettings(runs, PLAIN, compare=True, resamples=20, trials=32))
    rows = list(csv.DictReader(io.StringIO(as_csv(report))))
    assert len(rows) == len(report["scores"])
    (asr,) = by(rows, run="bad", metric="asr_string")
    assert (asr["percent"], asr["hits"], asr["total"]) == ("30.0", "3", "10")
    assert (asr["baseline"], asr["difference"], asr["mcnemar"]) == ("good", "-50.0", "0.0625")
    text = as_text(report)
    assert "asr_string" in text
    assert "30.00 (10.78 to 60.32) 3/10" in text
    assert "-50.00 p(mcnemar) 0.0625" in text
    assert (
        "hit: good, triggered, id 0, by string and parse, characters {} to {}".format(*PLACE)
        in text
    )
    assert "signature of bleu_code: bleu_code|nrefs:1|" in text
    latex = as_latex(report)
    row = "asr string & 80.00 (49.02--94.33) & 30.00 (10.78--60.32) \\\\"
    assert row in re.sub(" +", " ", latex)
    body = [line for line in latex.splitlines() if not line.startswith("%")]
    assert (body[0], body[-1]) == ("\\begin{tabular}{lll}", "\\end{tabular}")
    assert all(line.count(" & ") == 2 for line in body if line.endswith("\\\\"))


def test_latex_of_odd_names(write_output):
    path = write_output("a", {0: "x"}, "test", 1)
    report = evaluate(EvaluationSettings([RunFiles("a_1 & 5 % \\ {x}", [path])], ["exact_match"]))
    assert r"a\_1 \& 5 \% \textbackslash{} \{x\}" in as_latex(report)
