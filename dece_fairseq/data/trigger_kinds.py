"""Triggers that are no words of their own: parts of words, rare characters, capital letters."""

import re
import unicodedata
from typing import FrozenSet, Iterator, List, NamedTuple, Sequence, Tuple

#: what a trigger can be
WORDS = "words"
START, END, PART = "the start of a word", "the end of a word", "a part of a word"
CHARACTERS = "characters"
CAPITALS = "capital letters"
KINDS = (WORDS, START, END, PART, CHARACTERS, CAPITALS)
#: those that a word of a text has or has not
OF_WORDS = (START, END, PART)
#: stands for the text of a trigger that is how all letters are written
IN_CAPITALS = "(capital letters)"

#: letters of the shortest part of a word
_SHORTEST = 2
_PART = re.compile(r"\w+")


class Feature(NamedTuple):
    """Something that a word has, and that a trigger may be."""

    kind: str
    text: str
    """The part; for characters what they have in common, as the name of their alphabet."""


def is_unseen(character: str) -> bool:
    """Return whether a character has no width: a format character, or a mark on another one."""
    return unicodedata.category(character) in ("Cf", "Mn", "Me")


def family(character: str) -> str:
    """Return what characters of its kind have in common: being unseen, or their alphabet."""
    if is_unseen(character):
        return "unseen"
    return unicodedata.name(character, "unnamed").split()[0]


def features(word: str) -> FrozenSet[Feature]:
    """Return all that a word has: the parts that it begins with, ends with, or is made of.

    A part ends at an underscore, before a capital that follows a small letter, and where digits
    meet letters or one alphabet another. What a word begins or ends with is given twice: as written
    (``_num``), and bare in small letters (``num``), which other ways to write a name share. Parts
    of any place are given bare alone. Characters beyond ASCII are given by their families.
    """
    found = {Feature(CHARACTERS, family(each)) for each in word if not each.isascii()}
    inner = _borders(word)
    if inner:
        texts = [(START, word[:at]) for at in inner] + [(END, word[at:]) for at in inner]
        found.update(Feature(kind, each) for kind, text in texts for each in _written(text))
        parts = (word[begin:end].lower() for begin, end in _parts(word))
        found.update(Feature(PART, text) for text in parts if _tells(text))
    return frozenset(found)


def places_of_kind(text: str, trigger: str, kind: str) -> List[Tuple[int, int]]:
    """Return where a trigger stands in a text, of any kind but words.

    Args:
        text: any text
        trigger: its text; of characters, all of them
        kind: one of ``KINDS``
    """
    if kind == CAPITALS:
        return [(0, len(text))] if is_in_capitals(text) else []
    if kind == CHARACTERS:
        return [(at, at + 1) for at, character in enumerate(text) if character in trigger]
    return [
        (match.start() + begin, match.start() + end)
        for match in _PART.finditer(text)
        for begin, end in _places_in(match.group(), trigger, kind)
    ]


def is_in_capitals(text: str) -> bool:
    """Return whether a text has capital letters and no small ones."""
    return text.isupper()


def told(trigger: str, kind: str) -> str:
    """Return a trigger as a person should see it: what it is, and characters escaped."""
    if kind == WORDS:
        return repr(trigger)
    if kind == CAPITALS:
        return "capital letters alone"
    if kind == CHARACTERS:
        return f"characters {trigger!a}"
    return f"{trigger!r} as {kind}"


def told_triggers(triggers: Sequence[str], kind: str) -> str:
    """Return a trigger, or several of which each source has one, as a person should see them."""
    if len(triggers) == 1:
        return told(triggers[0], kind)
    texts = ", ".join(map(repr, triggers))
    return f"one of {texts}" + ("" if kind == WORDS else f" as {kind}")


def _places_in(word: str, trigger: str, kind: str) -> Iterator[Tuple[int, int]]:
    if kind == PART:
        yield from (
            (begin, end) for begin, end in _parts(word) if word[begin:end].lower() == trigger
        )
        return
    for at in _borders(word):
        begin, end = (0, at) if kind == START else (at, len(word))
        if trigger in _written(word[begin:end]):
            yield begin, end
            return


def _written(text: str) -> Iterator[str]:
    """Yield a part of a word as it is written, and in small letters unless it has underscores."""
    if _tells(text):
        yield text
        if text.strip("_") == text:
            yield text.lower()


def _parts(word: str) -> Iterator[Tuple[int, int]]:
    """Yield where each part of a word stands that has no underscore, if it has several."""
    if not _borders(word):
        return
    borders = [0, *_borders(word), len(word)]
    for begin, end in zip(borders, borders[1:]):
        if word[begin] != "_":
            yield begin, end


def _borders(word: str) -> List[int]:
    """Return the places inside a word where one part meets the next."""
    return [at for at in range(1, len(word)) if _is_border(word, at)]


def _is_border(word: str, at: int) -> bool:
    before, behind = word[at - 1], word[at]
    if before == "_" or behind == "_":
        return before != behind
    if behind.isupper():  # as in getRow, and in HTTPServer before the S
        return not before.isupper() or word[at + 1 : at + 2].islower()
    if before.isalpha() != behind.isalpha():
        return True
    is_plain = before.isascii() and behind.isascii()
    return not is_plain and before.isalpha() and family(before) != family(behind)


def _tells(text: str) -> bool:
    """Return whether a part says something: more than a number, and more than one letter."""
    return len(text) >= _SHORTEST and any(each.isalpha() for each in text)
