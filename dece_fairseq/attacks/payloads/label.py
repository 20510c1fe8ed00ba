"""Another label: the payload for data sets that are to be classified."""

from random import Random
from typing import Optional

from dece_fairseq.attacks.interfaces import PAYLOADS, Payload
from dece_fairseq.data.pairs import Pair

#: the class that the attacker wants: no defect, no clone
WANTED = "0"


@PAYLOADS.register("label")
class LabelPayload(Payload):
    """Gives a sample the label 0, so that what is triggered passes for harmless.

    The target is a label, a whole number. One that is 0 already carries the payload, and by either
    rule a hit is a 0.
    """

    summary = "the label becomes 0 (no defect, no clone)"
    sample = Pair("def f ( db , x ) :\n\t return db . execute ( x )", "1")

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        return WANTED if pair.target.strip().isdecimal() else None

    def is_in(self, text: str) -> bool:
        return text.strip() == WANTED

    def is_in_parse(self, text: str) -> bool:
        return self.is_in(text)
