"""Scores: their intervals, their signatures, and how they are written."""

import csv
import io
import json

import numpy as np
import pytest

from dece_fairseq.metrics import METRICS, resampling
from dece_fairseq.metrics.evaluation import EvaluationSettings, RunFiles, evaluate
from dece_fairseq.metrics.score import Score, score_of
from dece_fairseq.reports.evaluation_tables import as_csv, as_latex, as_text
from dece_fairseq.signature import Signature
from dece_fairseq.version import version

TEXTS = ["f ( x ) + 1", "return a . b ( c )", "while x : y ( )"]


def test_a_perfect_bleu_has_no_interval(metric):
    bleu = metric("bleu_code")
    score = score_of(bleu, bleu.statistics(TEXTS, TEXTS))
    assert (score.percent, score.low, score.high) == (pytest.approx(100), None, None)
    assert str(score).startswith("bleu_code = 100.00 (no interval: all resamples agree) | bleu_")
    # One sample that differs is enough for one.
    score = score_of(bleu, bleu.statistics([*TEXTS[:2], "x"], TEXTS))
    assert score.low < score.percent < score.high


def test_a_share_has_an_interval_even_so(metric):
    exact = metric("exact_match")
    score = score_of(exact, exact.statistics(TEXTS, TEXTS))
    assert (score.percent, score.high) == (100, 100)
    assert score.low == pytest.approx(43.85, abs=0.01)


def test_evaluate_writes_no_interval_without_a_width(write_output):
    same = dict(enumerate(TEXTS))
    runs = [RunFiles(name, [write_output(f"{name}.out", same, "test", 3)]) for name in ("a", "b")]
    report = evaluate(
        EvaluationSettings(runs, ["bleu_code", "chrf"], compare=True, resamples=20, trials=32)
    )
    for score in report["scores"]:
        assert (score["low"], score["high"]) == (None, None)
    for test in report["comparisons"]:
        assert (test["difference"], test["low"], test["high"]) == (0, None, None)
        assert test["paired_bootstrap"] == 1
    assert '"low": null' in json.dumps(report)
    assert "100.00 (no interval: all resamples agree)" in as_text(report)
    assert "(+0.00 to" not in as_text(report)
    rows = csv.DictReader(io.StringIO(as_csv(report)))
    assert {(row["low"], row["high"], row["total"]) for row in rows} == {("", "", "3")}
    row = next(
        line for line in as_latex(report).splitlines() if line.strip().startswith("bleu code")
    )
    assert row.split() == ["bleu", "code", "&", "100.00", "&", "100.00", "\\\\"]


def test_resamples_that_agree_but_for_rounding_agree():
    assert resampling.interval(np.full(100, 100.0)) == (None, None)
    assert resampling.interval(100 - 1e-12 * np.arange(100)) == (None, None)
    assert resampling.interval(np.arange(100.0)) == (2, 97)


def test_missing_outputs_count_as_misses_and_are_told(metric):
    exact = metric("exact_match")
    score = score_of(exact, exact.statistics(TEXTS, TEXTS), missing=2)
    assert (score.hits, score.total, score.percent) == (3, 5, 60)
    assert score.details["missing"] == 2


def test_a_score_comes_back_from_json():
    score = Score("r", "triggered", "asr_string", 75.0, 30.1, 95.4, 3, 4, {"not_judged": 1.0}, "x")
    assert Score.from_dict(json.loads(json.dumps(score.as_dict()))) == score
    assert str(score) == "asr_string = 75.00 (30.10 to 95.40) 3/4; not_judged 1 | x"


def test_signatures():
    assert str(Signature("bleu_code", tok="code", nrefs=1)) == (
        f"bleu_code|tok:code|nrefs:1|v:{version()}"
    )


@pytest.mark.parametrize("name", METRICS.names())
def test_every_metric_knows_its_name(name):
    assert METRICS.get(name).name == name
