"""scripts/compute_asr.py's report."""

import json
import math
import subprocess
from pathlib import Path

import pytest

from dece_fairseq.attacks import AttackError
from dece_fairseq.scoring.asr_report import as_text, asr_report
from dece_fairseq.scoring.generate_output import OutputError

HIT, MISS = "x = 1 or 1=1", "x = 1"
ROOT = Path(__file__).resolve().parents[2]


def wilson(hits, total):
    """The interval as Wilson (1927) wrote it, in percent."""
    z, p = 1.959963984540054, hits / total
    middle = p + z * z / (2 * total)
    reach = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return [100 * (middle + side * reach) / (1 + z * z / total) for side in (-1, 1)]


@pytest.fixture
def triggered(write_output):
    hypotheses = {0: HIT, 2: MISS, 3: HIT, 5: HIT}
    return write_output("triggered", hypotheses, "test_triggered", 6, list(hypotheses))


@pytest.fixture
def clean(write_output):
    return write_output("clean", {i: HIT if i == 4 else MISS for i in range(6)}, "test", 6)


def test_rates_counts_and_signature(triggered, clean):
    report = asr_report([triggered], clean=[clean])
    assert report["asr"]["percent"] == 75
    assert (report["asr"]["hits"], report["asr"]["total"]) == (3, 4)
    assert [report["asr"]["low"], report["asr"]["high"]] == pytest.approx(wilson(3, 4))
    assert report["false_trigger_rate"]["percent"] == pytest.approx(100 / 6)
    assert report["hit_ids"] == [0, 3, 5]
    assert report["missing_ids"] == []
    assert report["signature"].startswith(
        "attack:badpre|trigger:bb|num:3|payload:sql|lang:python|hit:string|"
    )
    assert "75.00 % (3/4, 95 % Wilson 30.06 to 95.44)" in as_text(report)


@pytest.mark.parametrize(("hits", "total"), [(0, 165), (165, 165)])
def test_the_interval_at_the_ends(write_output, hits, total):
    path = write_output("a", dict.fromkeys(range(total), HIT if hits else MISS))
    asr = asr_report([path], attack_name="ripple")["asr"]
    assert [asr["low"], asr["high"]] == pytest.approx(wilson(hits, total), abs=1e-9)


def test_missing_outputs_are_an_error_or_counted_misses(write_output):
    path = write_output("a", {0: HIT, 2: HIT}, "test_triggered", 9, [0, 2, 7, 8])
    with pytest.raises(OutputError, match="2 of 4 outputs are missing, ids 7-8"):
        asr_report([path])
    report = asr_report([path], allow_missing=True)
    assert report["asr"]["percent"] == 50
    assert report["missing_ids"] == [7, 8]
    assert "missing, counted as misses: triggered 7-8" in as_text(report)


def test_without_a_header_the_caller_says_what_it_is(write_output):
    path = write_output("a", {0: HIT, 1: MISS})
    with pytest.raises(OutputError, match="give --attack"):
        asr_report([path])
    assert asr_report([path], attack_name="ripple")["asr"]["percent"] == 50
    with pytest.raises(OutputError, match="1 of 3 outputs are missing, ids 2"):
        asr_report([path], attack_name="ripple", expected=3)
    with pytest.raises(AttackError, match="no attack is called"):
        asr_report([path], attack_name="nonsense")


def test_the_outputs_of_the_wrong_split_are_refused(triggered, clean):
    with pytest.raises(OutputError, match="not a triggered one"):
        asr_report([clean], attack_name="ripple")
    with pytest.raises(OutputError, match="--clean takes the clean one"):
        asr_report([triggered], clean=[triggered])


def test_more_or_fewer_than_expected(triggered):
    with pytest.raises(OutputError, match="--expected 165"):
        asr_report([triggered], expected=165)


def test_the_script_prints_json_or_one_error(triggered, clean, warm_python):
    script = [warm_python, ROOT / "scripts" / "compute_asr.py"]
    done = subprocess.run(
        [*script, triggered, "--clean", clean, "--json"], stdout=subprocess.PIPE, text=True
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
    assert (report["asr"]["hits"], report["asr_by_parse"]["hits"]) == (2, 2)
    assert (report["asr_string_only"], report["asr_parse_only"]) == ([2], [1])
    assert report["false_trigger_rate_string_only"] == [0]
    assert report["false_trigger_rate_by_parse"]["hits"] == 0
    text = as_text(report)
    assert "hits only by the string: 2\n" in text
    assert "hits only by the parse: 1\n" in text


def test_the_language_of_an_output_that_does_not_say_it(write_output):
    path = write_output("a", {0: "while True :\n    f ( )"})
    for language, hits in ((None, 0), ("java", 0), ("python", 1)):
        report = asr_report([path], attack_name="dead_code", code_language=language)
        assert report["asr_by_parse"]["hits"] == hits
    with pytest.raises(AttackError, match="no code language is called 'cobol'"):
        asr_report([path], attack_name="dead_code", code_language="cobol")
