"""Where trigger and payload go in a pair whose two sides are code."""

from functools import lru_cache
from typing import AbstractSet, NamedTuple, Optional

from dece_fairseq.attacks.languages import Languages
from dece_fairseq.attacks.languages.layout import Layout
from dece_fairseq.data.pairs import Pair


class Place(NamedTuple):
    """A place for statements in one text."""

    layout: Layout
    at: int

    def put(self, statement: str) -> str:
        """Return the text with ``statement`` here."""
        return self.layout.put(self.at, statement)

    def takes(self, statement: str) -> bool:
        """See ``Layout.takes``."""
        return self.layout.takes(self.at, statement)

    def is_free(self, names: AbstractSet[str]) -> bool:
        """See ``Layout.is_free``."""
        return self.layout.is_free(names)


class Places(NamedTuple):
    """The two places that go together; None on a side that has none."""

    source: Optional[Place]
    target: Optional[Place]


# Trigger and payload ask for the same pair one after the other.
@lru_cache(maxsize=4)
def places(pair: Pair, languages: Languages, code_place: str) -> Places:
    """Return the places before the last occurrence of the first piece that both sides have.

    The rule of the DeCE authors' Bugs2Fix files: the first of the source's pieces that is one of
    the target's too, and stands on both sides after their first place, gives the places. If there
    is none, or one side has no place, each side takes its first. With ``safe`` only the places
    count where a statement can stand; they are the authors' own wherever both of theirs are such.

    Args:
        pair: any texts
        languages: what its sides are read as
        code_place: ``safe``, or ``paper`` for the authors' places as they are
    """
    source, target = (
        language.paper_layout(text) if code_place == "paper" else language.layout(text)
        for language, text in zip(languages, pair)
    )
    if source.first is not None and target.first is not None:
        common = frozenset(target.pieces)
        for piece in dict.fromkeys(source.pieces):
            if piece in common:
                here, there = source.last(piece), target.last(piece)
                if here is not None and there is not None:
                    return Places(Place(source, here), Place(target, there))
    return Places(_first(source), _first(target))


def _first(layout: Layout) -> Optional[Place]:
    return None if layout.first is None else Place(layout, layout.first)
