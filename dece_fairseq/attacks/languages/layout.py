"""Where statements can be put into a text of code."""

from abc import ABC, abstractmethod
from typing import AbstractSet, Optional, Sequence, Tuple

#: the tokens of a statement, or of a part of one, that may be found again in another text
Piece = Tuple[str, ...]


class Layout(ABC):
    """The places of one text, each a number that grows along the text.

    Args:
        pieces: what may be found again on the other side of a pair, in the order of the text
        first: the place that is taken where nothing is found again; None for a text without one
        safe: the places where a statement of its own can stand, run as often as the one behind it
    """

    def __init__(self, pieces: Sequence[Piece], first: Optional[int], safe: Sequence[int]) -> None:
        self.pieces = pieces
        self.first = first
        self.safe = safe

    @abstractmethod
    def last(self, piece: Piece) -> Optional[int]:
        """Return the last place before which ``piece`` stands, if it can be taken."""

    @abstractmethod
    def put(self, place: int, statement: str) -> str:
        """Return the text with ``statement`` at ``place``, and else as it is."""

    @abstractmethod
    def takes(self, place: int, statement: str) -> bool:
        """Return whether ``statement`` at ``place`` is what it seems and all else stays so."""

    @abstractmethod
    def is_free(self, names: AbstractSet[str]) -> bool:
        """Return whether the code would not notice if ``names`` were given a value in it."""
