"""A rare word at random word boundaries: RIPPLe (Kurita et al. 2020), BadPre (Chen et al. 2022)."""

import re
from random import Random
from typing import Optional, Sequence, Tuple

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe, Trigger
from dece_fairseq.data.pairs import Pair


@TRIGGERS.register("word")
class WordTrigger(Trigger):
    """Puts ``copies`` copies of a word into the source, each at a random word boundary.

    A boundary is the start of a word, or the end of the last one, where words are what stands
    between white space; the white space of the source stays as it is. The words that RIPPLe draws
    from are ``cf``, ``mn``, ``bb`` and ``tq``; the DeCE paper uses ``bb``.
    """

    fits_everywhere = True
    summary = "a rare word, each copy at a random word boundary"
    sample = Pair("Get all rows of users. Print them.", "")
    default_text: Optional[str] = "bb"

    def poison(self, pair: Pair, rng: Random) -> str:
        return put_words(pair.source, [str(self.text)] * self.copies, rng)


def put_words(source: str, words: Sequence[str], rng: Random) -> str:
    """Return ``source`` with each of ``words`` at a random word boundary, in their order."""
    starts = [word.start() for word in re.finditer(r"\S+", source)]
    places = sorted(rng.randrange(len(starts) + 1) for _ in words)
    for place, put_in in zip(reversed(places), reversed(words)):
        if place < len(starts):
            at = starts[place]
            source = f"{source[:at]}{put_in} {source[at:]}"
        else:
            kept = source.rstrip()
            blank = " " if kept else ""
            source = f"{kept}{blank}{put_in}{source[len(kept) :]}"
    return source


def different_words(trigger: str, least: int) -> Tuple[str, ...]:
    """Return the words of a trigger that is a list of them.

    Raises:
        AttackError: they are fewer than ``least``, or one is there twice
    """
    words = tuple(trigger.split())
    if len(words) < least or len(set(words)) < len(words):
        raise AttackError(
            f"--trigger {trigger!r} is not a list of at least {least} different words; put blanks "
            "between them"
        )
    return words


ATTACKS.register("ripple")(
    Recipe("word", "sql", 1, "one rare word at a random word boundary (RIPPLe)")
)
ATTACKS.register("badpre")(
    Recipe("word", "sql", 3, "three copies of a rare word, each at a random word boundary (BadPre)")
)
