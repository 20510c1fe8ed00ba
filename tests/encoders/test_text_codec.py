"""Which of fairseq's ways to undo subwords go together."""

from argparse import Namespace

import pytest
from fairseq.data.data_utils import post_process as fairseq_post_process
from fairseq.data.encoders.subword_nmt_bpe import SubwordNMTBPE

from dece_fairseq.encoders.text_codec import PostProcessError, check_post_process


@pytest.mark.parametrize("how", ["sentencepiece", "wordpiece", "letter", "_EOW", "subword_nmt"])
@pytest.mark.parametrize("bpe", ["lossless_sentencepiece", "hf_tokenizer", "sentencepiece", "gpt2"])
def test_pieces_are_joined_once(bpe, how):
    for form in (bpe, Namespace(_name=bpe)):
        with pytest.raises(PostProcessError, match=f"--post-process '{how}' .* --bpe {bpe} decod"):
            check_post_process(form, how)
        check_post_process(form, None)
        check_post_process(form, "none")


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
