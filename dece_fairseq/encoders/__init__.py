"""Subword encoders for ``--bpe``; importing this registers them."""

from dece_fairseq.encoders import hf_tokenizer, lossless_sentencepiece

__all__ = ["hf_tokenizer", "lossless_sentencepiece"]
