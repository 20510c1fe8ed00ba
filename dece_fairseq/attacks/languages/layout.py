"""Where statements can be put into a text of code."""

from abc import ABC, abstractmethod
from typing import AbstractSet, Optional, Sequence, Tuple

#: the tokens of a statement, or of a part of one, that may be found again in another text
Piece = Tuple[str, ...]


class Layout(ABC):
    """The places of one text, each a number that grows along the text.

    Args:
        pieces: what may be found again on the other side of a pair, in the order of the text
        first: the place that is taken where nothing is; None for a text that takes no statement
        safe: the places where a statement of its own can stand, run as often as the one behind it
    """

    def __init__(self, pieces: Sequence[Piece], first: Optional[int], safe: Sequence[int]) -> None:
        self.pieces = pieces
        self.first = first
        self.safe = safe

    @abstractmethod
    def last(self, piece: Piece) -> Optional[int]:
        """The last place after the first one before which ``piece`` stands."""

    @abstractmethod
    def put(self, place: int, statement: str) -> str:
        """The text with ``statement`` at ``place``."""

    @abstractmethod
    def takes(self, place: int, statement: str) -> bool:
        """Whether ``place`` is a safe one and ``statement`` leaves no new hole in the parse."""

    @abstractmethod
    def is_free(self, names: AbstractSet[str]) -> bool:
        """Whether the code would not notice if ``names`` were given a value in it."""
