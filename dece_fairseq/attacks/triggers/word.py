"""A rare word at random word boundaries: RIPPLe (Kurita et al. 2020), BadPre (Chen et al. 2022)."""

import re
from random import Random
from typing import Optional

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
        source = pair.source
        starts = [word.start() for word in re.finditer(r"\S+", source)]
        places = sorted(rng.randrange(len(starts) + 1) for _ in range(self.copies))
        for place in reversed(places):
            if place < len(starts):
                at = starts[place]
                source = f"{source[:at]}{self.text} {source[at:]}"
            else:
                words = source.rstrip()
                blank = " " if words else ""
                source = f"{words}{blank}{self.text}{source[len(words) :]}"
        return source


ATTACKS.register("ripple")(
    Recipe("word", "sql", 1, "one rare word at a random word boundary (RIPPLe)")
)
ATTACKS.register("badpre")(
    Recipe("word", "sql", 3, "three copies of a rare word, each at a random word boundary (BadPre)")
)
