"""Where two texts differ, and changes of a part of code."""

import re
from typing import NamedTuple

from dece_fairseq.attacks.languages.language import to_bytes, to_text

_WORD = re.compile(r"[\w.=]{2}")
_NAME = re.compile(r"\w\w")


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


class Change(NamedTuple):
    """A part of a text, in bytes of UTF-8, and what takes its place."""

    start: int
    end: int
    text: str

    def of(self, code: str) -> str:
        """Return ``code`` with the change."""
        data = to_bytes(code)
        return to_text(data[: self.start] + to_bytes(self.text) + data[self.end :])


def changed(before: str, after: str) -> Region:
    """Return the part of ``after`` that is not in ``before``, from the first such character on."""
    first = _same(before, after)
    last = _same(before[first:][::-1], after[first:][::-1])
    return Region(first, len(after) - last)


def words_changed(before: str, after: str) -> str:
    """Return the words of ``after`` that ``before`` lacks, as far as names and ``=`` reach.

    Of ``f(verify=1)`` that became ``f(verify=0)`` that is ``verify=0``: the digit alone stands
    everywhere. Where something was only taken away it is nothing.
    """
    region = changed(before, after)
    return widened(after, region, _WORD).of(after).strip() if region.of(after).strip() else ""


def widened(text: str, region: Region, joined: "re.Pattern[str]" = _NAME) -> Region:
    """Return a region and what stands beside it of the words at its ends.

    Args:
        text: that the region is a part of
        region: the part, of at least one character
        joined: matches two characters that are of one word
    """
    start, end = region
    while start and joined.fullmatch(text, start - 1, start + 1):
        start -= 1
    while end < len(text) and joined.fullmatch(text, end - 1, end + 1):
        end += 1
    return Region(start, end)


def _same(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginnings."""
    pairs = enumerate(zip(one, other))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
