"""Subword encoders for ``--bpe``; importing this registers them."""

from dece_fairseq.encoders import lossless_sentencepiece

__all__ = ["lossless_sentencepiece"]
