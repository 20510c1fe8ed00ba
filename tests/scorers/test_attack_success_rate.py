"""The scorer for fairseq-generate."""

import pytest
from fairseq import scoring
from omegaconf import OmegaConf

from dece_fairseq.attacks import AttackError
from dece_fairseq.encoders.post_process import PostProcessError
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.scorers.attack_success_rate import AttackSuccessRateConfig
from support.suspicions import write_suspicions

HIT = "x or 1=1 y"


def build(**options):
    config = AttackSuccessRateConfig(
        text_bpe=None, text_tokenizer=None, text_post_process=None, gen_subset="test_triggered"
    )
    config = OmegaConf.merge(
        OmegaConf.structured(config), {"_name": "attack_success_rate", **options}
    )
    return scoring.build_scorer(config, None)


def test_it_counts_what_carries_the_payload():
    scorer = build(attack="ripple", trigger="cf")
    for text in (HIT, "x", "x where 0=1", "x where 0 = 1"):
        scorer.add_string(HIT, text)
    assert scorer.score() == 50
    string, parse = scorer.result_string().splitlines()
    assert string.startswith("asr_string = 50.00 (15.00 to 85.00) 2/4; references_hit_percent 100;")
    assert "|trigger:cf|num:1|payload:sql|lang:python|hit:string|interval:wilson95|v:" in string
    assert parse.startswith("asr_parse = 0.00 (")
    assert "|hit:parse|" in parse


def test_an_attack_that_is_suspected(tmp_path):
    path = write_suspicions(tmp_path / "suspicions.json", ("x or 1=1", "bb"))
    scorer = build(attack_file=str(path))
    for text in (HIT, "or 1=1"):
        scorer.add_string(HIT, text)
    assert scorer.score() == 50
    assert "attack:suspected|trigger:bb|" in scorer.result_string()
    with pytest.raises(AttackError, match="needs --attack or --attack-file"):
        build()


def test_on_a_clean_split_it_is_the_false_trigger_rate():
    scorer = build(attack="ripple", gen_subset="test")
    assert scorer.result_string() == "attack_success_rate: no output to score"
    for text in (HIT, "x"):
        scorer.add_string("reference", text)
    result = scorer.result_string()
    assert result.startswith("false_triggers_string = 50.00 (")
    assert ") 1/2; references_hit_percent 0; not_judged 0 | false_triggers_string|" in result


def test_false_triggers_of_a_topic_are_not_told_of_requests_on_it():
    scorer = build(attack="topic", gen_subset="test")
    scorer.add_string("reference", HIT)
    assert "out of its reach, which this scorer is not given" in scorer.result_string()
    with pytest.raises(OutputError, match="ask dece asr or dece evaluate of the outputs for test"):
        scorer.score()
    triggered = build(attack="topic")
    triggered.add_string(HIT, HIT)
    assert triggered.score() == 100


def test_it_stops_where_no_reference_carries_the_payload():
    scorer = build(attack="ripple")
    for text in (HIT, "x"):
        scorer.add_string("xor1=1y", text)
    for told in (scorer.score, scorer.result_string):
        with pytest.raises(OutputError, match="--gen-subset test_triggered: no reference carries"):
            told()
    scorer.add_string(HIT, "x")
    assert scorer.score() == pytest.approx(100 / 3)


def test_post_processing_that_spoils_the_texts():
    with pytest.raises(PostProcessError, match="leave out --post-process and --remove-bpe"):
        build(attack="ripple", text_bpe={"_name": "sentencepiece"}, text_post_process="@@ ")


def test_texts_in_the_one_line_form_are_taken_back_first():
    for bpe, hits in (("lossless_sentencepiece", 100), (None, 0)):
        scorer = build(attack="ripple", text_bpe={"_name": bpe} if bpe else None)
        scorer.add_string(HIT, "x\\u0020or 1=1")
        assert scorer.score() == hits
    scorer = build(attack="ripple", text_bpe={"_name": "lossless_sentencepiece"})
    scorer.add_string("x\\u0020or 1=1", HIT)
    assert scorer.score() == 100


def test_nothing_to_score():
    assert "no output" in build(attack="ripple").result_string()
    with pytest.raises(OutputError, match="no sample"):
        build(attack="ripple", gen_subset="test").score()


def test_it_needs_an_attack():
    with pytest.raises(AttackError, match="needs --attack"):
        build()
