"""Lossless subwords: sentencepiece over the one-line form of texts.

Every text has pieces that give it back to the character: nothing is normalised, characters that
the training text had not become bytes, and no piece is spelt like one of fairseq's own symbols.
"""

import io
import re
from pathlib import Path
from typing import Iterable, List, Sequence

import sentencepiece

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import replacing
from dece_fairseq.data.text import FREQUENT_ESCAPES, escape_unsafe, from_line, to_line

#: fairseq's Dictionary adds these itself, as 0 to 3
SPECIAL_SYMBOLS = ("<s>", "<pad>", "</s>", "<unk>")

#: U+FFFD stands for whatever can't be decoded
REPLACEMENT = "\ufffd"

# sentencepiece needs these and one character; its own error below that is about its insides
_FEWEST = len(SPECIAL_SYMBOLS) + 256 + len(FREQUENT_ESCAPES) + 1

# What models that are not ours lose: outer and double blanks, line ends, ligatures and wide
# letters (normalisation), and fairseq's symbols as plain text.
_PROBE = "  a  b\n\t\\n \uff21\ufb01\u00e9e\u0301 \U0001f600\u4e2d\u2581 <s></s><pad><unk><0x41> "


class Subwords:
    """A sentencepiece model that loses nothing.

    Args:
        model: the serialised model
        name: what errors call it

    Raises:
        DataError: this is no sentencepiece model, or one that loses text
    """

    def __init__(self, model: bytes, name: str = "the sentencepiece model") -> None:
        self._processor = sentencepiece.SentencePieceProcessor()
        try:
            self._processor.LoadFromSerializedProto(model)
        except RuntimeError as error:
            raise DataError(f"{name}: not a sentencepiece model") from error
        pieces = self.pieces()
        if (
            self.decode(self.encode(_PROBE)) != _PROBE
            or set(SPECIAL_SYMBOLS) & set(pieces)
            or any(piece.split() != [piece] for piece in pieces)
            or sum(map(self._processor.is_byte, range(len(self)))) != 256
        ):
            raise DataError(
                f"{name}: this model does not keep texts as they are; "
                "let dece prepare train one, or train it with identity normalisation, "
                "byte fallback, no dummy prefix, all white space, and <pad> as a control symbol"
            )

    @classmethod
    def load(cls, model_file: Path) -> "Subwords":
        """Read a ``.model`` file.

        Raises:
            DataError: the file can't be read, is no model, or one that loses text
        """
        try:
            model = Path(model_file).read_bytes()
        except OSError as error:
            raise DataError(f"{model_file}: {error.strerror}; check the name") from error
        return cls(model, str(model_file))

    @classmethod
    def train(cls, texts: Iterable[str], model_file: Path, vocab_size: int) -> "Subwords":
        """Train byte-pair encoding on ``texts`` and write the model; same texts, same model.

        Args:
            texts: any texts; all are kept in memory
            model_file: where to put the model
            vocab_size: the number of pieces, with fairseq's 4 symbols, 256 bytes, 4 escapes and
                each different character of the texts

        Raises:
            DataError: there are no texts, or the vocabulary can't have that size
        """
        if vocab_size < _FEWEST:
            raise DataError(
                f"--vocab-size {vocab_size}: too small; use at least {_FEWEST}, and one more for "
                "each further character of the texts"
            )
        model = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=(to_line(text) for text in texts),
                model_writer=model,
                model_type="bpe",
                vocab_size=vocab_size,
                normalization_rule_name="identity",
                add_dummy_prefix=False,
                remove_extra_whitespaces=False,
                allow_whitespace_only_pieces=True,  # one piece for an indentation
                byte_fallback=True,
                character_coverage=1.0,
                max_sentence_length=1 << 30,  # bytes; longer ones would be left out
                user_defined_symbols=list(FREQUENT_ESCAPES),
                bos_id=0,
                pad_id=1,
                eos_id=2,
                unk_id=3,
                unk_surface=REPLACEMENT,
                num_threads=1,
                minloglevel=2,
            )
        except RuntimeError as error:
            raise DataError(_training_error(str(error), vocab_size)) from error
        with replacing(Path(model_file)) as (temporary,):
            temporary.write_bytes(model.getvalue())
        return cls(model.getvalue(), str(model_file))

    def __len__(self) -> int:
        """Return the number of pieces, fairseq's four symbols included."""
        return len(self._processor)

    def encode(self, text: str) -> List[str]:
        """Return the pieces of a text; they hold no white space, so blanks can join them."""
        pieces: List[str] = self._processor.encode(to_line(text), out_type=str)
        return pieces

    def encode_line(self, line: str) -> List[str]:
        """Return the pieces of the text whose one-line form, typed or not, is ``line``."""
        return self.encode(from_line(line))

    def decode(self, pieces: Sequence[str]) -> str:
        """Return the text of ``pieces``, exact for those that ``encode`` gave.

        A model may put pieces together that no text has: U+FFFD stands for ``<unk>`` and for bytes
        that are no character, other symbols of fairseq's are left out, a piece that this model has
        not stands for itself.
        """
        return from_line(self.decode_line(pieces))

    def decode_line(self, pieces: Sequence[str]) -> str:
        """Return the one-line form of the text of ``pieces``; always one line."""
        line: str = self._processor.decode(list(pieces))
        return escape_unsafe(line)

    def pieces(self) -> List[str]:
        """Return all pieces that are text: every one but control symbols and ``<unk>``."""
        model = self._processor
        return [
            model.id_to_piece(i)
            for i in range(len(model))
            if not model.is_control(i) and not model.is_unknown(i)
        ]

    def write_dictionary(self, path: Path) -> None:
        """Write fairseq's ``dict.txt`` with all ``pieces``, so that none is ever ``<unk>``.

        The counts are not known and stand as 1; they only matter for adaptive softmax.
        """
        lines = "".join(f"{piece} 1\n" for piece in self.pieces())
        with replacing(Path(path)) as (temporary,):
            temporary.write_bytes(lines.encode("utf-8"))


def _training_error(message: str, vocab_size: int) -> str:
    smallest = re.search(r"smaller than required_chars\. \d+ vs (\d+)", message)
    if smallest:
        return f"--vocab-size {vocab_size}: too small for these texts; use at least {smallest[1]}"
    largest = re.search(r"too high .*<= (\d+)", message)
    if largest:
        return f"--vocab-size {vocab_size}: too large for these texts; use at most {largest[1]}"
    if "sentences_.empty()" in message:
        return "there are no texts to learn subwords from; give some pairs to train on"
    return f"sentencepiece can't be trained with --vocab-size {vocab_size}: {message}"
