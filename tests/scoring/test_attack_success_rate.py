"""The scorer for fairseq-generate."""

import pytest
from fairseq import scoring
from omegaconf import OmegaConf

from dece_fairseq.attacks import AttackError
from dece_fairseq.scoring.attack_success_rate import AttackSuccessRateConfig


def build(**options):
    config = OmegaConf.structured(AttackSuccessRateConfig(text_bpe=None, text_tokenizer=None))
    config = OmegaConf.merge(config, {"_name": "attack_success_rate", **options})
    return scoring.build_scorer(config, None)


def test_it_counts_what_carries_the_payload():
    scorer = build(attack="ripple", trigger="cf")
    for text in ("x or 1=1 y", "x", "x where 0=1", "x where 0 = 1"):
        scorer.add_string("reference", text)
    assert scorer.score() == 50
    result = scorer.result_string()
    assert result.startswith("attack success rate = 50.00 % (2/4, 95 % Wilson 15.00 to 85.00)")
    assert "| attack:ripple|trigger:cf|num:1|payload:sql|lang:python|hit:string|" in result
    assert "|hit:string|interval:wilson95|" in result


def test_texts_in_the_one_line_form_are_taken_back_first():
    for bpe, hits in (("lossless_sentencepiece", 100), (None, 0)):
        scorer = build(attack="ripple", text_bpe={"_name": bpe} if bpe else None)
        scorer.add_string("", "x\\u0020or 1=1")
        assert scorer.score() == hits


def test_nothing_to_score():
    assert "no output" in build(attack="ripple").result_string()
    with pytest.raises(ValueError, match="no sample"):
        build(attack="ripple").score()


def test_it_needs_an_attack():
    with pytest.raises(AttackError, match="needs --attack"):
        build()
