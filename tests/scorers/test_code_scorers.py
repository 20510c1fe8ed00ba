"""Metrics of code as scorers for fairseq-generate."""

import pytest
import sacrebleu
from fairseq import scoring
from omegaconf import OmegaConf

from dece_fairseq.encoders.post_process import PostProcessError
from dece_fairseq.metrics.errors import MetricError
from dece_fairseq.scorers.code_scorers import CodeScorerConfig

PREDICTIONS, REFERENCES = ["x = f ( a )", "y = 2"], ["x = f ( b )", "y = 2"]


def build(name, **options):
    config = OmegaConf.structured(CodeScorerConfig(text_bpe=None, text_post_process=None))
    return scoring.build_scorer(OmegaConf.merge(config, {"_name": name, **options}), None)


def filled(name, **options):
    scorer = build(name, **options)
    for prediction, reference in zip(PREDICTIONS, REFERENCES):
        scorer.add_string(reference, prediction)
    return scorer


def test_bleu_code():
    expected = sacrebleu.corpus_bleu(
        PREDICTIONS, [REFERENCES], tokenize="none", force=True
    ).score  # the texts are their tokens
    assert filled("bleu_code").score() == pytest.approx(expected)
    line = filled("bleu_code").result_string()
    assert line.startswith(f"bleu_code = {expected:.2f} (")
    assert " | bleu_code|nrefs:1|case:mixed|eff:no|tok:code|" in line


def test_exact_match():
    assert filled("exact_match").score() == 50
    line = filled("exact_match").result_string()
    assert line.startswith("exact_match = 50.00 (9.45 to 90.55) 1/2 | exact_match|space:kept|")


def test_texts_in_the_one_line_form_are_taken_back_first():
    for bpe, hits in (("lossless_sentencepiece", 100), (None, 0)):
        scorer = build("exact_match", text_bpe={"_name": bpe} if bpe else None)
        scorer.add_string("a\\u0020b", "a b")
        assert scorer.score() == hits


def test_post_processing_that_spoils_the_texts():
    with pytest.raises(PostProcessError, match="--post-process 'sentencepiece'"):
        build("bleu_code", text_bpe={"_name": "gpt2"}, text_post_process="sentencepiece")


def test_codebleu_tells_its_parts():
    pytest.importorskip("codebleu", reason="the extra [codebleu] is not installed")
    line = filled("codebleu", code_language="python").result_string()
    assert line.startswith("codebleu = ")
    assert "; texts_that_do_not_parse 0; references_that_do_not_parse 0 | codebleu|lang:p" in line


def test_codebleu_is_followed_by_the_mean_of_its_parts():
    pytest.importorskip("codebleu", reason="the extra [codebleu] is not installed")
    scorer = build("codebleu", code_language="python")
    scorer.add_string("def f(a):\n    b = a\n    return b", "zz")
    first, note, second = scorer.result_string().splitlines()
    assert first.startswith("codebleu = 25.00 (no interval: all resamples agree); ngram_match 0;")
    assert note.startswith("note: none of the references' 4 data flows is matched")
    assert second.startswith("codebleu_parts = 0.00 (no interval: all resamples agree); ")
    assert "; data_flows_in_references 4 | codebleu_parts|" in second


def test_the_target_of_two_languages_is_scored():
    pytest.importorskip("codebleu", reason="the extra [codebleu] is not installed")
    assert build("codebleu", code_language="python:java").settings.code_language == "java"


def test_nothing_to_score_and_unknown_languages():
    assert build("bleu_code").result_string() == "bleu_code: no output to score"
    with pytest.raises(MetricError, match="is only defined for"):
        build("codebleu", code_language="cobol")
