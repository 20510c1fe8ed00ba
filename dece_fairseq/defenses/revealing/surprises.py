"""How surprising a reference model finds the targets of many pairs, in little memory."""

from array import array
from typing import Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing.words import Words, words_of


class TokenSurprises(NamedTuple):
    """What a reference model says of one target."""

    ends: np.ndarray
    """(T,), characters but white space up to the end of each token, the last one's those of all."""
    surprise: np.ndarray
    """(T,), nats: the negative log-likelihood less the entropy of the prediction."""
    is_cut: bool = False
    """Whether the target was longer than the model can read; the tokens behind have 0."""
    differences: Tuple[str, ...] = ()
    """What the target has more of than the model expects, as ``+text``, or less, as ``-text``."""
    likely: float = 1.0
    """The share of its tokens that the model finds likely, see ``muting.KNOWN``; 1 of a label."""


#: a model that finds so much of a target likely is sure of it
SURE = 0.9
#: nats of caution for all of a target that a model is unsure of: to one that is still learning the
#: task, idioms of many pairs are new
UNSURE = 165.0
#: nats of caution towards a model that is surer than it is right: it knows few pairs by heart
SURER = 5.5
#: pairs whose words are made together, as NumPy takes longer to begin than for one of them
TOGETHER = 500


class TargetWords(Mapping[int, Words]):
    """The words of targets by the numbers of their pairs, made when they are asked for.

    Numbers of tokens take eight bytes each; words would take a hundred. Those of neighbours are
    made together, so they are best asked for in order.

    Args:
        pairs: all pairs
        temperature: at which the model was asked; above 1 it was surer than it is right
    """

    def __init__(self, pairs: Sequence[Pair], temperature: float = 1.0) -> None:
        self._pairs = pairs
        self.temperature = temperature
        self._rows = np.full(len(pairs), -1, dtype=np.int32)
        self._order, self._is_cut, self._likely = array("i"), array("b"), array("f")
        self._ends, self._surprise = _Ragged("I"), _Ragged("f")
        self._differences = _Ragged("i")
        self._texts: Dict[str, int] = {}  # one of each
        self._text_of: List[str] = []
        self._made: Dict[int, Words] = {}

    @property
    def cut(self) -> int:
        """Return how many targets were longer than the model can read."""
        return sum(self._is_cut)

    @property
    def likely(self) -> float:
        """Return how much of a target the model finds likely, on average; 1 without any.

        Every target counts once, so that a few can't change that much, however long they are.
        """
        return sum(self._likely) / len(self) if self else 1.0

    @property
    def unsure(self) -> float:
        """Return how much of a target is missing until the model is sure of it; 0 for nothing.

        That counts where it is still learning the task: where it is less sure than it is right, so
        that its entropy is above its negative log-likelihood on average.
        """
        missing = SURE - self.likely
        is_learning = self.temperature == 1 and self._surprise.sum() < 0
        return missing if missing > 0 and is_learning else 0.0

    @property
    def caution(self) -> float:
        """Return by how many nats more evidence of a span is usual, where no pair is trusted."""
        return SURER if self.temperature > 1 else UNSURE * self.unsure

    def add(self, index: int, tokens: TokenSurprises) -> None:
        """Take what the model says of the target of pair ``index``, once."""
        self._rows[index] = len(self._order)
        self._order.append(index)
        self._ends.append(tokens.ends)
        self._surprise.append(tokens.surprise)
        self._differences.append(np.array(list(map(self._number, tokens.differences)), np.int32))
        self._is_cut.append(tokens.is_cut)
        self._likely.append(tokens.likely)
        self._made = {}

    def _number(self, text: str) -> int:
        number = self._texts.setdefault(text, len(self._text_of))
        if number == len(self._text_of):
            self._text_of.append(text)
        return number

    def tokens(self, index: int) -> TokenSurprises:
        """Return what was added of the target of pair ``index``.

        Raises:
            KeyError: nothing was
        """
        if index not in self:
            raise KeyError(index)
        row = int(self._rows[index])
        differences = tuple(self._text_of[number] for number in self._differences[row])
        told = self._ends[row], self._surprise[row], bool(self._is_cut[row])
        return TokenSurprises(*told, differences, self._likely[row])

    def __getitem__(self, index: int) -> Words:
        if index not in self._made:
            told = {index: self.tokens(index)}
            start = index // TOGETHER * TOGETHER
            beside = range(start, min(start + TOGETHER, len(self._rows)))
            told.update({number: self.tokens(number) for number in beside if number in self})
            targets = [self._pairs[number].target for number in told]
            ends, surprise, _, differences, _ = zip(*told.values())
            made = zip(words_of(targets, ends, surprise), differences)
            self._made = dict(zip(told, (words._replace(differences=each) for words, each in made)))
        return self._made[index]

    def __contains__(self, index: object) -> bool:
        if not isinstance(index, int):
            return False
        return 0 <= index < len(self._rows) and bool(self._rows[index] >= 0)

    def __iter__(self) -> Iterator[int]:
        return iter(self._order)

    def __len__(self) -> int:
        return len(self._order)


class _Ragged:
    """Rows of numbers, as long as they are, one behind the other.

    Args:
        kind: of the numbers, as ``array`` calls it
    """

    def __init__(self, kind: str) -> None:
        self._values, self._borders = array(kind), array("q", [0])

    def append(self, row: np.ndarray) -> None:
        self._values.frombytes(row.astype(self._values.typecode).tobytes())
        self._borders.append(len(self._values))

    def sum(self) -> float:
        return float(np.asarray(self._values).sum(dtype=np.float64))

    def __getitem__(self, row: int) -> np.ndarray:
        return np.array(self._values[self._borders[row] : self._borders[row + 1]])
