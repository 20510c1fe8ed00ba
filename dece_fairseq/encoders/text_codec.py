"""From a binarised sentence to the text that a person wrote, and back."""

from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch
from fairseq.data import Dictionary, encoders
from omegaconf import OmegaConf
from torch import Tensor

from dece_fairseq.data.prepare import SUBWORD_FILES
from dece_fairseq.data.text import from_line, to_line


def uses_one_line_form(bpe: Any) -> bool:
    """Return whether fairseq prints texts in the one-line form under this ``cfg.bpe``.

    So it does with each subword encoder of this package, see ``data/text.py``.
    """
    name: str = getattr(bpe, "_name", bpe)
    return name in SUBWORD_FILES


def codec_beside(data: Path) -> Optional["TextCodec"]:
    """Return the codec of a data folder that ``dece prepare`` made; None for any other folder."""
    for name, (field, file) in SUBWORD_FILES.items():
        if (data / file).exists():
            options = {"_name": name, field: str(data / file), "text_post_process": None}
            return TextCodec(OmegaConf.create(options))
    return None


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
        """Return the text of ``tokens`` (length,); end of sentence and padding are left out."""
        return self.from_printed(
            self._detokenise(dictionary.string(tokens, extra_symbols_to_ignore={dictionary.pad()}))
        )

    def from_printed(self, line: str) -> str:
        """Return the text of a line that fairseq-generate printed."""
        return from_line(line) if self.one_line else line

    def encode(self, text: str, dictionary: Dictionary) -> Tensor:
        """Return the tokens (length,) of ``text``, int64, with end of sentence."""
        # As dictionary.encode_line does, which takes ten times as long.
        symbols = self._symbols(text).split()
        numbers = list(map(dictionary.indices.get, symbols))
        if None in numbers:
            numbers = [dictionary.unk() if number is None else number for number in numbers]
        return torch.from_numpy(np.array([*numbers, dictionary.eos()], dtype=np.int64))

    def length(self, text: str) -> int:
        """Return how many tokens ``encode`` gives, which takes no dictionary to tell."""
        return len(self._symbols(text).split()) + 1

    def _symbols(self, text: str) -> str:
        """Return the symbols of the dictionary, joined by blanks, that ``text`` is written in."""
        line = to_line(text) if self.one_line else text
        if self.tokenizer is not None:
            line = self.tokenizer.encode(line)
        if self.bpe is not None:
            line = self.bpe.encode(line)
        return line

    def decode_exactly(self, tokens: Tensor, dictionary: Dictionary) -> Optional[str]:
        """Return the text of ``tokens``, or None where encoding would not give them back."""
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
