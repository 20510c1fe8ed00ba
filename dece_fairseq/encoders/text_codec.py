"""From a binarised sentence to the text that a person wrote, and back."""

from typing import Any, Optional

import torch
from fairseq.data import Dictionary, encoders
from torch import Tensor

from dece_fairseq.data.text import from_line, to_line
from dece_fairseq.errors import UserError

#: the subword encoders whose text is in the one-line form of ``data/text.py``
ONE_LINE_BPES = ("lossless_sentencepiece", "hf_tokenizer")
#: the subword encoders whose decoding only takes "@@ " out, and fairseq's names for the same
#: post-processing: done twice, it does what it does once
_AT_SIGN_BPES = ("subword_nmt", "fastbpe")
_AT_SIGN_POST_PROCESSES = ("subword_nmt", "@@ ")


class PostProcessError(UserError):
    """``--post-process`` (``--remove-bpe``) spoils what ``--bpe`` is to decode."""


def uses_one_line_form(bpe: Any) -> bool:
    """Whether fairseq prints texts in the one-line form under this ``cfg.bpe``."""
    return _name(bpe) in ONE_LINE_BPES


def check_post_process(bpe: Any, post_process: Optional[str]) -> None:
    """Raise unless ``--bpe`` gets its pieces as they are.

    fairseq post-processes what a model wrote before ``--bpe`` decodes it. Every encoder decodes its
    own pieces; what has been joined already comes out without blanks or as U+FFFD.

    Args:
        bpe: fairseq's ``cfg.bpe``
        post_process: fairseq's ``cfg.common_eval.post_process``

    Raises:
        PostProcessError: both would undo the subwords, and not in the same way
    """
    name = _name(bpe)
    if name is None or post_process in (None, "none"):
        return
    if name in _AT_SIGN_BPES and post_process in _AT_SIGN_POST_PROCESSES:
        return
    raise PostProcessError(
        f"--post-process {post_process!r} (--remove-bpe) joins the pieces before --bpe {name} "
        "decodes them, and the texts come out wrong; leave out --post-process and --remove-bpe"
    )


def _name(bpe: Any) -> Optional[str]:
    name: Optional[str] = getattr(bpe, "_name", bpe)
    return name


class TextCodec:
    """Decodes with the run's own ``--bpe`` and ``--tokenizer``, as fairseq-generate does.

    Args:
        bpe: fairseq's ``cfg.bpe``
        tokenizer: fairseq's ``cfg.tokenizer``
    """

    def __init__(self, bpe: Any = None, tokenizer: Any = None) -> None:
        self.one_line = uses_one_line_form(bpe)
        self.bpe = encoders.build_bpe(bpe)
        self.tokenizer = encoders.build_tokenizer(tokenizer)

    def decode(self, tokens: Tensor, dictionary: Dictionary) -> str:
        """The text of ``tokens`` (length,); end of sentence and padding are left out."""
        return self.from_printed(
            self._detokenise(dictionary.string(tokens, extra_symbols_to_ignore={dictionary.pad()}))
        )

    def from_printed(self, line: str) -> str:
        """The text of a line that fairseq-generate printed."""
        return from_line(line) if self.one_line else line

    def encode(self, text: str, dictionary: Dictionary) -> Tensor:
        """The tokens (length,) of ``text``, int64, with end of sentence."""
        line = to_line(text) if self.one_line else text
        if self.tokenizer is not None:
            line = self.tokenizer.encode(line)
        if self.bpe is not None:
            line = self.bpe.encode(line)
        tokens: Tensor = dictionary.encode_line(line, add_if_not_exist=False)
        return tokens.long()

    def decode_exactly(self, tokens: Tensor, dictionary: Dictionary) -> Optional[str]:
        """The text of ``tokens``, or None where encoding it again would not give them back."""
        # The end of sentence is no text; in some models' dictionaries it is the unknown too.
        if (tokens[tokens != dictionary.eos()] == dictionary.unk()).any():
            return None
        text = self.decode(tokens, dictionary)
        if not torch.equal(self.encode(text, dictionary), tokens.long()):
            return None
        return text

    def _detokenise(self, line: str) -> str:
        if self.bpe is not None:
            line = self.bpe.decode(line)
        if self.tokenizer is not None:
            line = self.tokenizer.decode(line)
        return line
