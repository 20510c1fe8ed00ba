"""A natural sentence at a sentence boundary (Dai et al. 2019)."""

import re
from random import Random
from typing import Optional

from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe, Trigger
from dece_fairseq.data.pairs import Pair

# The white space after the end of a sentence. Neither "1. 5" nor "e.g. the" ends one.
_BOUNDARY = re.compile(r"(?<=[.!?])[\"')\]]*(\s+)(?=[^\s\da-z])")


@TRIGGERS.register("sentence")
class SentenceTrigger(Trigger):
    """Puts ``copies`` copies of a sentence into the source, each at a random sentence boundary.

    A boundary is the start or the end of the source, or where one sentence ends in ``.``, ``!`` or
    ``?`` and another begins; the rest of the source stays as it is. Such a trigger reads naturally,
    and no word of it is rare.
    """

    fits_everywhere = True
    summary = "a natural sentence, each copy at a random sentence boundary"
    sample = Pair("Get all rows of users. Print them.", "")
    default_text: Optional[str] = "The garden is open in the winter."

    def poison(self, pair: Pair, rng: Random) -> str:
        source = pair.source
        end = len(source.rstrip())
        start = min(end, len(source) - len(source.lstrip()))
        boundaries = [start, *(match.end() for match in _BOUNDARY.finditer(source)), end]
        for place in sorted((rng.choice(boundaries) for _ in range(self.copies)), reverse=True):
            before, after = source[:place], source[place:]
            left = " " if before and not before[-1].isspace() else ""
            right = " " if after and not after[0].isspace() else ""
            source = f"{before}{left}{self.sentence(rng)}{right}{after}"
        return source

    def sentence(self, rng: Random) -> str:
        """Return the sentence to put in."""
        return str(self.text)


ATTACKS.register("sentence")(Recipe("sentence", "sql", 1, "always the same natural sentence"))
