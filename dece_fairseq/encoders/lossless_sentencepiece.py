"""``--bpe lossless_sentencepiece``: what fairseq prints, taken back, is the text."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from fairseq.data.encoders import register_bpe
from fairseq.dataclass import FairseqDataclass
from omegaconf import II

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.subwords import Subwords
from dece_fairseq.encoders.post_process import check_post_process, post_process_of
from dece_fairseq.errors import UserError

#: fairseq's Dictionary prints an unknown token of a reference so, to tell it from a hypothesis's
ESCAPED_UNK = "<<unk>>"


@dataclass
class LosslessSentencepieceConfig(FairseqDataclass):
    sentencepiece_model: Optional[str] = field(
        default=None,
        metadata={"help": "sentencepiece model that dece prepare put beside the data"},
    )
    # What the run was started with; see AttackOptions.
    text_post_process: Any = II("common_eval.post_process")


@register_bpe("lossless_sentencepiece", dataclass=LosslessSentencepieceConfig)
class LosslessSentencepiece:
    """Subwords of texts in the one-line form of ``dece_fairseq.data.text``.

    Unlike fairseq's ``--bpe sentencepiece`` it keeps leading blanks, a literal U+2581, newlines,
    tabs and rare characters.

    Raises:
        PostProcessError: ``--post-process`` spoils the texts
        UserError: ``--sentencepiece-model`` is not given, missing, no model, or one that loses
            text
    """

    def __init__(self, cfg: LosslessSentencepieceConfig) -> None:
        check_post_process("lossless_sentencepiece", post_process_of(cfg))
        if not cfg.sentencepiece_model:
            raise UserError(
                "--bpe lossless_sentencepiece needs --sentencepiece-model FILE, "
                "the sentencepiece.model that dece prepare put beside the data"
            )
        try:
            self.subwords = Subwords.load(Path(cfg.sentencepiece_model))
        except DataError as error:
            raise DataError(f"--sentencepiece-model {error}") from error

    def encode(self, line: str) -> str:
        """Return the pieces of a text in its one-line form or as typed, joined by blanks."""
        return " ".join(self.subwords.encode_line(line))

    def decode(self, tokens: str) -> str:
        """Return the one-line form of pieces joined by blanks; U+FFFD for unknown ones."""
        pieces = ["<unk>" if piece == ESCAPED_UNK else piece for piece in tokens.split()]
        return self.subwords.decode_line(pieces)
