"""Where two texts differ."""

from typing import NamedTuple


class Region(NamedTuple):
    """A part of a text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the part."""
        return text[self.start : self.end]

    def replaced(self, text: str, part: str) -> str:
        """Return ``text`` with another part here."""
        return text[: self.start] + part + text[self.end :]


def changed(before: str, after: str) -> Region:
    """Return the part of ``after`` that is not in ``before``, from the first such character on."""
    first = _same(before, after)
    last = _same(before[first:][::-1], after[first:][::-1])
    return Region(first, len(after) - last)


def _same(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginnings."""
    pairs = enumerate(zip(one, other))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
