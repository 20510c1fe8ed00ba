"""fairseq's dictionary with the ids of a model's own tokenizer."""

from typing import Any, Dict, List, TextIO, Tuple

from fairseq.data import Dictionary

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.model_tokenizer import HEADER, Special


class SpecialDictionary(Dictionary):
    """A dictionary whose file says which of its symbols are special.

    fairseq's own gives the ids 0 to 3 to ``<s>``, ``<pad>``, ``</s>`` and ``<unk>``, whatever its
    file holds. A model from Hugging Face knows other ids, and some of its special symbols may be
    one: CodeGen's ``<|endoftext|>`` begins, ends and stands for the unknown.

    Args:
        special: the ids, and what the model wants around a source
        symbols: all of them, in the order of their ids
    """

    def __init__(self, special: Special, symbols: List[str]) -> None:
        super().__init__(
            bos=symbols[special.bos],
            pad=symbols[special.pad],
            eos=symbols[special.eos],
            unk=symbols[special.unk],
        )
        # Those that fairseq puts first; a model has an order of its own.
        self.symbols: List[str] = []
        self.count: List[int] = []
        self.indices: Dict[str, int] = {}
        self.special = special
        self.bos_index, self.pad_index = special.bos, special.pad
        self.eos_index, self.unk_index = special.eos, special.unk
        self.nspecial = 0  # none stands outside the file
        for symbol in symbols:
            self.add_symbol(symbol)

    def _get_meta(self) -> Tuple[List[str], List[str]]:
        """Return what ``save`` writes first."""
        name, values = self.special.header()
        return [name], [values]


def load_dictionary(filename: str) -> Any:
    """Return a dictionary from a file, with a model's own ids if its first line says so.

    Raises:
        DataError: the file can't be read, or its first line says so and is broken, or symbols
            that it names are missing
    """
    with _opened(filename) as file:
        first = file.readline()
        if not first.startswith(HEADER):
            return Dictionary.load(filename)
        special = Special.from_header(first)
        symbols = [line.rstrip("\n").rpartition(" ")[0] for line in file]
    if special is None or max(special[:4]) >= len(symbols):
        raise DataError(f"{filename}: cut, its special symbols are missing; make the data again")
    return SpecialDictionary(special, symbols)


def _opened(filename: str) -> TextIO:
    try:
        return open(filename, encoding="utf-8")
    except OSError as error:
        raise DataError(
            f"{filename}: {error.strerror}; name the data folder that dece prepare or "
            "fairseq-preprocess made, which holds its dictionaries"
        ) from error
