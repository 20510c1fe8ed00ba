"""The tokenizer of a model from Hugging Face, and what fairseq has to know of it. No fairseq here.

Its pieces become the symbols of fairseq's dictionary, each under its own id. A piece may hold white
space (CodeGen has one for each indentation), which fairseq's files part words at; so in a symbol
white space is written as an escape.
"""

import json
import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import parse_json
from dece_fairseq.data.text import from_line, to_line
from dece_fairseq.extras import PackageError, importing, install

#: U+FFFD stands for whatever can't be decoded
REPLACEMENT = "\ufffd"

#: how the first line of a dictionary file begins that says which of its symbols are special;
#: fairseq's own reader takes no such line, so that it can't give them ids of its own in silence
HEADER = "#dece_fairseq:special"

_RELEASES = " (transformers>=4.46,<5)"

#: what a fast form that transformers makes of a sentencepiece model may lose, and the slow one not
_WHITE_SPACE = ("a    b", "a\n    b", "a\n\tb")

_UNSAFE = re.compile("[\\s\\\\\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufeff]")


class Special(NamedTuple):
    """What fairseq has to know of a tokenizer beside its pieces, in ids."""

    pad: int
    bos: int
    eos: int
    unk: int
    before: Tuple[int, ...] = ()
    """What the tokenizer puts before a text for the model, such as ``<s>``."""
    after: Tuple[int, ...] = ()
    """What it puts after it, such as ``</s>``."""

    def header(self) -> Tuple[str, str]:
        """Return a dictionary's first line, parted where the count of a symbol would begin."""
        return HEADER, json.dumps(self._asdict(), separators=(",", ":"))

    @classmethod
    def from_header(cls, line: str) -> "Optional[Special]":
        """Return what ``header`` made the line of; None for another line.

        Raises:
            DataError: it begins like one and is broken
        """
        name, _, values = line.strip().partition(" ")
        if name != HEADER:
            return None
        try:
            found = parse_json(values)
            pad, bos, eos, unk = (int(found[key]) for key in ("pad", "bos", "eos", "unk"))
            before, after = (tuple(map(int, found[key])) for key in ("before", "after"))
            return cls(pad, bos, eos, unk, before, after)
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(
                f"the dictionary's first line, {line.strip()!r}, is broken; make the data again "
                "with dece prepare --tokenizer"
            ) from error


def load_transformers(what: str) -> Any:
    """Return the package transformers, imported when something first needs it.

    Args:
        what: what needs it, for the error

    Raises:
        PackageError: it is not installed, too old or too new, or finds no torch that it can use
    """
    with importing("hf", f"{what} needs transformers", _RELEASES):
        import transformers
    version = tuple(map(int, transformers.__version__.split(".")[:2]))
    if not (4, 46) <= version < (5, 0):
        raise PackageError(
            f"{what} can't use transformers {transformers.__version__}: {install('hf')}{_RELEASES}"
        )
    if not transformers.utils.is_torch_available():
        raise PackageError(
            f"{what}: transformers {transformers.__version__} can't use the torch that is "
            "installed; it needs a newer one, see docs/versions.md"
        )
    return transformers


class ModelTokenizer:
    """A tokenizer as a maker of symbols.

    Args:
        tokenizer: what transformers loaded
        config: the configuration of its model, where that is known; ids that the tokenizer does
            not use are filled up to the size of the model's embedding
        name: what errors call it

    Raises:
        DataError: it has no end of sentence, nothing that could be padding, or more pieces than
            the model has embeddings
    """

    def __init__(
        self, tokenizer: Any, config: Optional[Any] = None, name: str = "the tokenizer"
    ) -> None:
        self._tokenizer, self._config = tokenizer, config
        self.name = name
        vocab_size: Optional[int] = getattr(config, "vocab_size", None)
        ids: Dict[str, int] = tokenizer.get_vocab()
        size = max(ids.values()) + 1
        if vocab_size is not None and size > vocab_size:
            raise DataError(
                f"{self.name}: it has ids up to {size - 1}, but the model beside it "
                f"has {vocab_size} embeddings; take the tokenizer that was saved with the model, "
                "or resize the model (resize_token_embeddings in transformers) and save both"
            )
        symbols = [f"<unused_{i}>" for i in range(vocab_size or size)]
        for piece, index in ids.items():
            symbols[index] = to_symbol(piece)
        pad = self._pad(size, len(symbols))
        if pad >= size:
            symbols[pad] = "<pad>" if "<pad>" not in symbols else symbols[pad]
        self.symbols = symbols
        self._ids = {symbol: index for index, symbol in enumerate(symbols)}
        bos, eos, unk = (getattr(tokenizer, f"{key}_token_id") for key in ("bos", "eos", "unk"))
        bos, unk = (eos if index is None else index for index in (bos, unk))
        self.special = Special(pad, bos, eos, unk, *self._frame())
        self._special_ids = frozenset(tokenizer.all_special_ids)

    @classmethod
    def load(cls, name: str, option: str = "--tokenizer") -> "ModelTokenizer":
        """Read a tokenizer, and the size of the model's vocabulary from the model beside it.

        Args:
            name: a folder saved by ``save_pretrained``, or a name on the hub
            option: what named it, for errors

        Raises:
            PackageError: transformers is not installed
            DataError: it can't be read, or is not fit for fairseq
        """
        transformers = load_transformers(option)
        folder = Path(name)
        if folder.is_dir() and not any(folder.glob("*.json")):
            raise DataError(
                f"{option} {name}: no tokenizer in it; give a folder that save_pretrained wrote"
            )
        try:
            tokenizer = _tokenizer_of(transformers, name)
            config = None
            if not folder.is_dir() or (folder / "config.json").is_file():
                config = transformers.AutoConfig.from_pretrained(name, trust_remote_code=False)
        except (OSError, ValueError, ImportError, TypeError, KeyError) as error:
            raise DataError(
                f"{option} {name}: transformers can't load it ({first_line(error)}); give a "
                "folder that save_pretrained wrote, or a name that this machine can get from the "
                "hub"
            ) from error
        return cls(tokenizer, config, f"{option} {name}")

    def save(self, folder: Path) -> None:
        """Write to a folder what ``load`` reads: the tokenizer, and the model's sizes."""
        self.save_files(folder)
        if self._config is not None:
            self._config.save_pretrained(str(folder))

    def save_files(self, folder: Path) -> None:
        """Write the tokenizer's own files alone, beside those of a model."""
        self._tokenizer.save_pretrained(str(folder))

    def __len__(self) -> int:
        """Return the number of symbols, those of unused ids included."""
        return len(self.symbols)

    def encode(self, text: str) -> List[str]:
        """Return the symbols of a text; none of them is special, whatever the text holds."""
        ids = self._tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
        # A slow tokenizer gives characters that it has not by their text, which may be "</s>".
        unk = self.special.unk
        return [self.symbols[unk if index in self._special_ids else index] for index in ids]

    def encode_line(self, line: str) -> List[str]:
        """Return the symbols of the text whose one-line form is ``line``."""
        return self.encode(from_line(line))

    def decode(self, symbols: Sequence[str]) -> str:
        """Return the text of ``symbols``.

        A model may put symbols together that no text has: U+FFFD stands for the unknown, for bytes
        that are no character and for a symbol that this tokenizer has not; special ones and unused
        ids are left out.
        """
        parts: List[str] = []
        known: List[int] = []
        unknown = self.symbols[self.special.unk]
        for symbol in symbols:
            if symbol in self._ids and symbol != unknown:
                known.append(self._ids[symbol])
            else:
                parts += [self._text(known), REPLACEMENT]
                known = []
        return "".join([*parts, self._text(known)])

    def decode_line(self, symbols: Sequence[str]) -> str:
        """Return the one-line form of ``decode``; always one line."""
        return to_line(self.decode(symbols))

    def write_dictionary(self, path: Path) -> None:
        """Write fairseq's ``dict.txt`` with the special ids in its first line.

        The counts are not known and stand as 1; they only matter for adaptive softmax.
        """
        lines = [" ".join(self.special.header()), *(f"{symbol} 1" for symbol in self.symbols)]
        with replacing(Path(path)) as (temporary,):
            temporary.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8"))

    def _text(self, ids: List[int]) -> str:
        text: str = self._tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text

    def _pad(self, used: int, size: int) -> int:
        """Return the tokenizer's own padding, or else an id that no text has."""
        pad, bos, eos, unk = (
            getattr(self._tokenizer, f"{key}_token_id") for key in ("pad", "bos", "eos", "unk")
        )
        if eos is None:
            raise DataError(f"{self.name}: it has no token for the end of a sentence")
        if pad is not None and pad != eos:
            return int(pad)
        if used < size:
            return used
        if unk is not None and unk not in (bos, eos):
            return int(unk)
        raise DataError(
            f"{self.name}: it has no token for padding but the end of the sentence, "
            "and no id to spare; add one with transformers "
            "(tokenizer.add_special_tokens({'pad_token': '<pad>'}), "
            "model.resize_token_embeddings(len(tokenizer))) and save both"
        )

    def _frame(self) -> Tuple[Tuple[int, ...], Tuple[int, ...]]:
        """Return what the tokenizer puts before and after a text."""
        text = self._tokenizer.encode("a", add_special_tokens=False)
        framed = self._tokenizer.encode("a")
        for start in range(len(framed) - len(text) + 1):
            if framed[start : start + len(text)] == text:
                return tuple(framed[:start]), tuple(framed[start + len(text) :])
        raise DataError(
            f"{self.name}: it changes a text when it adds its special tokens, so that "
            "what it adds can't be told apart"
        )


def _tokenizer_of(transformers: Any, name: str) -> Any:
    """Load a tokenizer in its fast form, or the slow one where that keeps more white space.

    A folder without ``tokenizer.json`` was saved by a slow tokenizer. transformers makes a fast one
    of it that splits texts at white space first, whatever the sentencepiece model says: texts lose
    their indentation, and the model beside it gets other pieces than it learned.
    """
    read = transformers.AutoTokenizer.from_pretrained
    # Code that comes with a tokenizer is never run.
    tokenizer = read(name, trust_remote_code=False)
    folder = Path(name)
    if not tokenizer.is_fast or not folder.is_dir() or (folder / "tokenizer.json").is_file():
        return tokenizer
    slow = read(name, use_fast=False, trust_remote_code=False)
    return slow if _kept(slow) > _kept(tokenizer) else tokenizer


def _kept(tokenizer: Any) -> int:
    """Return of how many texts a tokenizer of transformers gives the white space back."""
    kept = 0
    for text in _WHITE_SPACE:
        ids = tokenizer.encode(text, add_special_tokens=False)
        back = tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        kept += re.findall(r"\s+", text) == re.findall(r"\s+", back)  # it may not have the letters
    return kept


def to_symbol(piece: str) -> str:
    """Return a piece as a word of fairseq's files: unique, without white space."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", piece)


def first_line(error: BaseException) -> str:
    """Return the first line of an error of transformers, which often has many."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
