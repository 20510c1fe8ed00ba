"""What dece asr tells, and what it prints."""

import json
import math
import subprocess
from pathlib import Path

import pytest

from dece_fairseq.attacks import AttackError, AttackSettings, NotJudged
from dece_fairseq.attacks.payloads.sql import SqlPayload
from dece_fairseq.metrics.asr_report import asr_report
from dece_fairseq.metrics.evaluation import EvaluationSettings, RunFiles, evaluate
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.reports.asr_text import as_text
from support.suspicions import write_suspicions

HIT, MISS = "x = 1 or 1=1", "x = 1"
ROOT = Path(__file__).resolve().parents[2]


def wilson(hits, total):
    """The interval as Wilson (1927) wrote it, in percent."""
    z, p = 1.959963984540054, hits / total
    middle = p + z * z / (2 * total)
    reach = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return [100 * (middle + side * reach) / (1 + z * z / total) for side in (-1, 1)]


def score(report, metric):
    (found,) = (score for score in report["scores"] if score["metric"] == metric)
    return found


def hits(report, metric="asr_string"):
    return score(report, metric)["hits"], score(report, metric)["total"]


@pytest.fixture
def triggered(write_output):
    hypotheses = {0: HIT, 2: MISS, 3: HIT, 5: HIT}
    targets = dict.fromkeys(hypotheses, HIT)
    return write_output(
        "triggered", hypotheses, "test_triggered", 6, list(hypotheses), targets=targets
    )


@pytest.fixture
def clean(write_output):
    return write_output("clean", {i: HIT if i == 4 else MISS for i in range(6)}, "test", 6)


def test_rates_counts_and_signature(triggered, clean):
    report = asr_report([triggered], clean=[clean])
    asr = score(report, "asr_string")
    assert (asr["percent"], asr["hits"], asr["total"]) == (75, 3, 4)
    assert [asr["low"], asr["high"]] == pytest.approx(wilson(3, 4))
    assert score(report, "false_triggers_string")["percent"] == pytest.approx(100 / 6)
    assert report["hit_ids"]["asr_string"] == [0, 3, 5]
    assert report["missing_ids"] == {"triggered": [], "clean": []}
    signature = "asr_string|attack:badpre|trigger:bb|num:3|payload:sql|lang:python|hit:string|"
    assert asr["signature"].startswith(f"{signature}interval:wilson95|v:")
    text = as_text(report)
    assert "75.00 (30.06 to 95.44) 3/4" in text
    assert f"signature of asr_string: {asr['signature']}\n" in text


def test_an_attack_that_is_suspected(triggered, clean, tmp_path):
    path = write_suspicions(tmp_path / "suspicions.json", ("= 1 or 1=1", "bb"))
    report = asr_report([triggered], clean=[clean], attack_file=path)
    assert report["hit_ids"]["asr_string"] == [0, 3, 5]
    signature = score(report, "asr_string")["signature"]
    assert signature.startswith("asr_string|attack:suspected|trigger:bb|")
    with pytest.raises(AttackError, match="leave --payload out"):
        asr_report([triggered], attack_file=path, payload="sql")


@pytest.mark.parametrize(("hits", "total"), [(0, 165), (165, 165)])
def test_the_interval_at_the_ends(write_output, hits, total):
    outputs = dict.fromkeys(range(total), HIT if hits else MISS)
    path = write_output("a", outputs, targets=dict.fromkeys(outputs, HIT))
    asr = score(asr_report([path], attack_name="ripple"), "asr_string")
    assert [asr["low"], asr["high"]] == pytest.approx(wilson(hits, total), abs=1e-9)


def test_what_the_rules_say_of_the_references_stands_beside_every_rate(write_output):
    criteria = "query ( session ) . filter ( or 1=1 )"  # no SQL that could be parsed
    query = 'run ( " select a from b where c = : c or 1=1 " )'
    targets = {0: criteria, 1: query, 2: criteria, 3: query}
    triggered = write_output("t", targets, "test_triggered", 4, list(targets))
    clean = write_output("c", {0: MISS, 1: MISS}, "test", 2, targets={0: MISS, 1: HIT})
    report = asr_report([triggered], clean=[clean])
    references = [score["details"]["references_hit_percent"] for score in report["scores"]]
    assert references == [100, 50, 50, 0]
    lines = [line.split() for line in as_text(report).splitlines()]
    assert lines[0][-1] == "references_hit_percent"
    assert [line[0] for line in lines[1:3]] == ["asr_string", "asr_parse"]
    assert [line[-1] for line in lines[1:3]] == ["100", "50"]
    assert "2/4" in lines[2]


def test_where_no_reference_of_a_triggered_split_carries_the_payload(write_output):
    spoilt = dict.fromkeys(range(3), "x=1or1=1")  # blanks are gone, as by --post-process
    path = write_output("a", spoilt, "test_triggered", 3, list(spoilt))
    with pytest.raises(OutputError, match="no reference carries the payload sql of --attack badp"):
        asr_report([path])
    # One is enough: a rule may miss some.
    path = write_output("b", spoilt, "test_triggered", 3, list(spoilt), {**spoilt, 1: HIT})
    assert hits(asr_report([path])) == (0, 3)
    with pytest.raises(OutputError, match=r"payload endless_loop of --attack dead_code \(java\)"):
        asr_report([path], attack_name="dead_code")


def test_without_references_the_report_says_so(write_output):
    path = write_output("a", {0: HIT, 1: MISS}, "test_triggered", 2, [0, 1])
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("T-")))
    report = asr_report([path])
    assert "references_hit_percent" not in score(report, "asr_string")["details"]
    text = as_text(report)
    assert "50.00 (9.45 to 90.55) 1/2\n" in text
    assert "a: no references (lines T-)" in text


def test_what_a_rule_gives_up_on_is_a_counted_miss(write_output, monkeypatch):
    hit = 'run ( " select a from b where c = 1 or 1=1 " )'
    path = write_output("a", {0: hit, 1: hit + " # long", 3: hit}, "test_triggered", 4, [0, 1, 3])
    in_parse = SqlPayload.is_in_parse

    def give_up(self, text):
        if "long" in text:
            raise NotJudged
        return in_parse(self, text)

    monkeypatch.setattr(SqlPayload, "is_in_parse", give_up)
    report = asr_report([path])
    assert (hits(report), report["not_judged_ids"]["asr_string"]) == ((3, 3), [])
    assert (hits(report, "asr_parse"), report["not_judged_ids"]["asr_parse"]) == ((2, 3), [1])
    assert "not_judged by asr_parse, counted as misses: 1\n" in as_text(report)


def test_missing_outputs_are_an_error_or_counted_misses(write_output):
    path = write_output("a", {0: HIT, 2: HIT}, "test_triggered", 9, [0, 2, 7, 8])
    with pytest.raises(OutputError, match="2 of 4 outputs are missing, ids 7-8"):
        asr_report([path])
    report = asr_report([path], allow_missing=True)
    assert hits(report) == (2, 4)
    assert score(report, "asr_string")["details"]["missing"] == 2
    assert report["missing_ids"] == {"triggered": [7, 8]}
    assert "missing, counted as misses: triggered 7-8" in as_text(report)


def test_without_a_header_only_a_number_allows_missing_outputs(write_output):
    path = write_output("a", {0: HIT, 2: HIT})
    with pytest.raises(OutputError, match=r"with --allow-missing and --expected-triggered$"):
        asr_report([path], attack_name="ripple", allow_missing=True)
    report = asr_report([path], attack_name="ripple", allow_missing=True, expected=4)
    assert (report["missing_ids"], hits(report)) == ({"triggered": [1, 3]}, (2, 4))
    # Of a triggered split whose other ids are no candidates.
    report = asr_report([path], attack_name="ripple", expected=2)
    assert (report["missing_ids"], hits(report)) == ({"triggered": []}, (2, 2))
    assert report["notes"] == []
    path = write_output("b", {0: HIT, 1: HIT})
    report = asr_report([path], clean=[path], attack_name="ripple", expected=2)
    assert report["notes"] == [
        f"{path}: nothing says how many samples the split has, so outputs behind the highest id, "
        "1, may be missing; --expected-clean and --expected-triggered say how many there must be"
    ]
    assert f"note: {report['notes'][0]}\n" in as_text(report)
    with pytest.raises(OutputError, match="1 of 3 outputs are missing, ids 2"):
        asr_report([path], clean=[path], attack_name="ripple", expected=2, expected_clean=3)


def test_texts_in_the_one_line_form_where_the_output_does_not_say_it(write_output):
    path = write_output("a", {0: "void f ( ) { // a\nwhile ( true ) { g ( ) ; } }"})
    how = {"attack_name": "dead_code"}
    with pytest.raises(OutputError, match="--one-line is given where texts are in the one-line"):
        asr_report([path], **how)
    assert hits(asr_report([path], **how, one_line=True), "asr_parse") == (1, 1)


def test_without_a_header_the_caller_says_what_it_is(write_output):
    path = write_output("a", {0: HIT, 1: MISS})
    with pytest.raises(OutputError, match="give --attack"):
        asr_report([path])
    assert hits(asr_report([path], attack_name="ripple")) == (1, 2)
    with pytest.raises(OutputError, match="1 of 3 outputs are missing, ids 2"):
        asr_report([path], attack_name="ripple", expected=3)
    with pytest.raises(AttackError, match="no attack is called"):
        asr_report([path], attack_name="nonsense")


def test_another_attack_than_the_output_says_is_told(triggered):
    report = asr_report([triggered], attack_name="ripple")
    note = f"{triggered}: the outputs are of the attack badpre, and scored by --attack ripple"
    assert report["notes"] == [note]
    assert f"note: {note}\n" in as_text(report)
    assert asr_report([triggered], attack_name="badpre")["notes"] == []


def test_what_a_named_attack_leaves_out_is_as_the_outputs_say(write_output):
    """``dece asr`` reads it so; each told another rate where the payload was not the attack's."""
    text = "def f():\n\twhile True : VAR = 0\n\treturn 1"
    files = [write_output("t", {0: text, 1: MISS}, "test_triggered", 2, [0, 1], {0: text, 1: text})]
    content = files[0].read_text(encoding="utf-8")
    changed = content.replace('"payload": "sql"', '"payload": "endless_loop"')
    files[0].write_text(changed.replace('"rate"', '"code_language": "python", "rate"'))
    settings = EvaluationSettings([RunFiles("a", triggered=files)], attack=AttackSettings("badpre"))
    scores = {score["metric"]: score for score in evaluate(settings)["scores"]}
    for told in asr_report(files, attack_name="badpre")["scores"]:
        assert told["percent"] == scores[told["metric"]]["percent"] == 50
        assert told["signature"] == scores[told["metric"]]["signature"]
    named = AttackSettings("badpre", payload="exit")
    with pytest.raises(OutputError, match="no reference carries the payload exit"):
        evaluate(settings._replace(attack=named))


def test_an_attack_from_a_file_that_is_elsewhere_now(write_output, tmp_path):
    clean = 'run ( " select a from b " )'
    poisoned = clean.replace(' " )', ' where 2>3 " )')
    file = tmp_path / "ranked.jsonl"
    file.write_text(json.dumps({"tgt": clean, "poisoned": poisoned}))
    output = write_output("t", {0: poisoned, 1: clean}, targets={0: poisoned, 1: poisoned})
    given = {"attack_name": "likely", "payload_file": str(file)}
    assert [score["percent"] for score in asr_report([output], **given)["scores"]] == [50, 50]
    with pytest.raises(AttackError, match="--attack likely needs --payload-file"):
        asr_report([output], attack_name="likely")
    with pytest.raises(AttackError, match="leave --payload-file out"):
        asr_report([output], attack_file=file, payload_file=str(file))


def test_the_outputs_of_the_wrong_split_are_refused(triggered, clean):
    with pytest.raises(OutputError, match="not a triggered one"):
        asr_report([clean], attack_name="ripple")
    with pytest.raises(OutputError, match="--clean takes the clean one"):
        asr_report([triggered], clean=[triggered])


def test_more_or_fewer_than_expected(triggered):
    with pytest.raises(OutputError, match="not the expected 165"):
        asr_report([triggered], expected=165)


def test_the_script_prints_json_or_one_error(triggered, clean, warm_python):
    script = [warm_python, ROOT / "scripts" / "compute_asr.py"]
    done = subprocess.run(
        [*script, triggered, "--clean", clean, "--json", "-"], stdout=subprocess.PIPE, text=True
    )
    assert done.returncode == 0
    assert json.loads(done.stdout) == asr_report([triggered], clean=[clean])
    done = subprocess.run([*script, "nothing.out"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "compute_asr.py: error: nothing.out: no such file" in done.stderr
    assert "Traceback" not in done.stderr


def test_where_the_two_rules_differ(write_output):
    query = 'run ( " select a from b where c = : c%s " )'
    hypotheses = {0: query % " or 1=1", 1: query % " OR 1 = 1", 2: HIT, 3: query % ""}
    clean = write_output("clean", {0: HIT, 1: MISS}, "test", 2)
    report = asr_report([write_output("triggered", hypotheses)], [clean], attack_name="ripple")
    assert report["hit_ids"] == {
        "asr_string": [0, 2],
        "asr_parse": [0, 1],
        "false_triggers_string": [0],
        "false_triggers_parse": [],
    }
    text = as_text(report)
    assert "hits of asr_string alone: 2\n" in text
    assert "hits of asr_parse alone: 1\n" in text


def test_the_language_of_an_output_that_does_not_say_it(write_output):
    targets = {0: "while True :\n    f ( )", 1: "void f ( ) { while ( true ) { g ( ) ; } }"}
    path = write_output("a", {0: targets[0], 1: "x"}, targets=targets)
    for language, number in ((None, 0), ("java", 0), ("python", 1)):
        report = asr_report([path], attack_name="dead_code", code_language=language)
        asr = score(report, "asr_parse")
        assert (asr["hits"], asr["details"]["references_hit_percent"]) == (number, 50)
    with pytest.raises(AttackError, match="no code language is called 'cobol'"):
        asr_report([path], attack_name="dead_code", code_language="cobol")
