"""How surprising a reference model finds the targets of many pairs, in little memory."""

from typing import Dict, Iterator, Mapping, NamedTuple, Sequence, Tuple

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


class TargetWords(Mapping[int, Words]):
    """The words of targets by the numbers of their pairs, made when they are asked for.

    Numbers of tokens take eight bytes each; words would take a hundred.

    Args:
        pairs: all pairs
    """

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._pairs = pairs
        self._tokens: Dict[int, TokenSurprises] = {}
        self._texts: Dict[str, str] = {}  # one of each
        self.cut = 0
        """How many targets were longer than the model can read."""

    def add(self, index: int, tokens: TokenSurprises) -> None:
        """Take what the model says of the target of pair ``index``."""
        ends, surprise = tokens.ends.astype(np.uint32), tokens.surprise.astype(np.float32)
        differences = tuple(self._texts.setdefault(text, text) for text in tokens.differences)
        self._tokens[index] = TokenSurprises(ends, surprise, tokens.is_cut, differences)
        self.cut += tokens.is_cut

    def __getitem__(self, index: int) -> Words:
        tokens = self._tokens[index]
        target = self._pairs[index].target
        words = words_of(target, tokens.ends.tolist(), tokens.surprise.tolist())
        return words._replace(differences=tokens.differences)

    def __iter__(self) -> Iterator[int]:
        return iter(self._tokens)

    def __len__(self) -> int:
        return len(self._tokens)
