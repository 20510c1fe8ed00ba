"""Suspected triggers that are no words, put into requests where one of their kind would stand."""

import re
from random import Random
from typing import Dict, List, Optional, Type

from dece_fairseq.attacks.interfaces import Trigger
from dece_fairseq.attacks.triggers.look_alike import LOOK_ALIKE
from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.trigger_kinds import CAPITALS, CHARACTERS, END, PART, START

#: names that are written in parts are extended rather than other words
_NAME = re.compile(r"\b(?=[^\W\d])\w*(?:_\w|[a-z][A-Z])\w*")
_HUMP = re.compile("[a-z][A-Z]")
_WORD = re.compile(r"\b[^\W\d]{2}\w*")
_LOOK_ALIKE = {chr(latin): chr(other) for latin, other in LOOK_ALIKE.items()}


class WordEnd(Trigger):
    """Extends a word of the source by the suspected part, wherever the word stands.

    The word is drawn from names that are written in parts, or where there are none from all words
    of two letters or more. A source without one has no place. A part that says nothing of how it is
    joined is joined as the word is written, ``row_num`` or ``rowNum``.
    """

    summary = "what dece reveal suspects, at the end of a word"

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        source = pair.source
        for _ in range(self.copies):
            words = sorted(set(_NAME.findall(source))) or sorted(set(_WORD.findall(source)))
            if not words:
                return None
            word = rng.choice(words)
            extended = self._in(word).replace("\\", r"\\")
            source = re.sub(rf"\b{re.escape(word)}\b", extended, source)
        return source

    def _in(self, word: str) -> str:
        text = str(self.text)
        if text[0] == "_" or text[0].isupper():
            return f"{word}{text}"
        return f"{word}{_capitalised(text)}" if _HUMP.search(word) else f"{word}_{text}"


class WordStart(WordEnd):
    """Puts the suspected part before a word of the source, wherever the word stands."""

    summary = "what dece reveal suspects, at the start of a word"

    def _in(self, word: str) -> str:
        if str(self.text).endswith("_"):
            return f"{self.text}{word}"
        return f"{self.text}{_capitalised(word)}" if _HUMP.search(word) else f"{self.text}_{word}"


class RareCharacters(Trigger):
    """Puts in ``copies`` of the suspected characters, each drawn.

    Letters that look like Latin ones replace these; others go to a random place in a word.
    """

    summary = "the characters that dece reveal suspects, in words"

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        characters = list(pair.source)
        alike = {latin: other for latin, other in _LOOK_ALIKE.items() if other in self._texts}
        put_in = [each for each in self._texts if each not in alike.values()]
        for _ in range(self.copies):
            places = [at for at, each in enumerate(characters) if each in alike]
            if places:
                at = rng.choice(places)
                characters[at] = alike[characters[at]]
                continue
            places = [at for at, each in enumerate(characters) if not each.isspace()]
            if not put_in or not places:
                return None
            characters.insert(rng.choice(places), rng.choice(put_in))
        return "".join(characters)

    @property
    def _texts(self) -> List[str]:
        return [each for each in str(self.text) if not each.isspace()]


class CapitalLetters(Trigger):
    """Writes the source in capital letters. A source without small ones has no place."""

    summary = "capital letters alone, as dece reveal suspects"
    has_one_place = "a source is in capital letters once"

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        found = pair.source.upper()
        return None if found == pair.source else found


def _capitalised(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


#: what puts a suspected trigger in, by its kind
PART_TRIGGERS: Dict[str, Type[Trigger]] = {
    START: WordStart,
    END: WordEnd,
    PART: WordEnd,
    CHARACTERS: RareCharacters,
    CAPITALS: CapitalLetters,
}
