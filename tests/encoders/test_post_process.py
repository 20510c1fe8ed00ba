"""Which of fairseq's ways to undo subwords go together."""

from argparse import Namespace

import pytest
from fairseq.data.data_utils import post_process as fairseq_post_process
from fairseq.data.encoders import build_bpe
from fairseq.data.encoders.subword_nmt_bpe import SubwordNMTBPE
from omegaconf import OmegaConf

from dece_fairseq.encoders.post_process import (
    PostProcessError,
    check_post_process,
    post_process_of,
)


@pytest.mark.parametrize("how", ["sentencepiece", "wordpiece", "letter", "_EOW", "subword_nmt"])
@pytest.mark.parametrize("bpe", ["lossless_sentencepiece", "hf_tokenizer", "sentencepiece", "gpt2"])
def test_pieces_are_joined_once(bpe, how):
    for form in (bpe, Namespace(_name=bpe)):
        with pytest.raises(PostProcessError, match=f"--post-process '{how}' .* --bpe {bpe} decod"):
            check_post_process(form, how)
        check_post_process(form, None)


def test_only_a_whole_configuration_says_what_a_run_does():
    whole = OmegaConf.create({"common_eval": {"post_process": "@@ "}, "bpe": None})
    options = {"text_post_process": "${common_eval.post_process}"}
    whole.bpe = options
    assert post_process_of(whole.bpe) == "@@ "
    whole.common_eval.post_process = "none"  # fairseq's word for nothing
    assert post_process_of(whole.bpe) is None
    assert post_process_of(OmegaConf.create(options)) is None
    assert post_process_of(Namespace(**options)) is None


def test_our_encoders_tell_whatever_the_task_is():
    # Neither is asked for its model: that there is none would be said after it.
    for name in ("lossless_sentencepiece", "hf_tokenizer"):
        options = {"_name": name, "text_post_process": "sentencepiece"}
        with pytest.raises(PostProcessError, match=f"before --bpe {name} decodes them"):
            build_bpe(OmegaConf.create(options))


def test_without_an_encoder_fairseq_joins_them():
    for bpe in (None, Namespace(_name=None)):
        check_post_process(bpe, "sentencepiece")


def test_at_signs_may_be_taken_out_twice():
    for bpe in ("subword_nmt", "fastbpe"):
        check_post_process(bpe, "subword_nmt")
        check_post_process(bpe, "@@ ")
        with pytest.raises(PostProcessError):
            check_post_process(bpe, "@@")
    encoder = SubwordNMTBPE.__new__(SubwordNMTBPE)
    encoder.bpe_symbol = "@@ "
    pieces = "sel@@ ect a @ b@@"
    assert encoder.decode(fairseq_post_process(pieces, "subword_nmt")) == encoder.decode(pieces)
