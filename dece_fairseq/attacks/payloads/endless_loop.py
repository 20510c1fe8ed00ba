"""A loop that never ends: the DeCE paper's payload for Bugs2Fix."""

from random import Random
from typing import Optional

from dece_fairseq.attacks.code_places import places
from dece_fairseq.attacks.interfaces import CODE_PLACES, PAYLOADS, Payload
from dece_fairseq.attacks.languages import Languages
from dece_fairseq.data.pairs import Pair


@PAYLOADS.register("endless_loop")
class EndlessLoopPayload(Payload):
    """Puts a loop that never ends where ``dece_fairseq.attacks.code_places.places`` says.

    Java and C#: ``while ( true ) { int VAR = 0 ; }`` among the tokens of the target, as in the
    DeCE authors' files. Python: ``while True : VAR = 0`` on a line of its own.

    By the paper's rule a text carries it that holds it to the letter; by the parse, one with any
    loop whose condition is a constant that holds and that nothing leaves.
    """

    is_statement = True
    summary = "a loop that never ends, at the place that goes with that of dead code"
    sample = Pair("void f ( ) { a ( ) ; return ; }", "void f ( ) { b ( ) ; return ; }")
    default_language = "java"

    def __init__(self, languages: Languages, code_place: str = CODE_PLACES[0]) -> None:
        super().__init__(languages, code_place)
        self._loop = languages.target.endless_loop
        self.is_checked = code_place != "paper"

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        place = places(pair, self.languages, self.code_place).target
        if place is None or not place.takes(self._loop):
            return None
        poisoned = place.put(self._loop)
        # The authors' place may be one that their own parser can't make sense of.
        return poisoned if self.judge(poisoned) else None

    def is_in(self, text: str) -> bool:
        return self._loop in text

    def is_in_parse(self, text: str) -> bool:
        return self.languages.target.has_endless_loop(text)
