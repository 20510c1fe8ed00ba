"""A loop that never ends: the DeCE paper's payload for Bugs2Fix."""

from random import Random
from typing import ClassVar, Mapping, Optional, Sequence, Tuple

from dece_fairseq.attacks.code_places import places
from dece_fairseq.attacks.interfaces import CODE_PLACES, PAYLOADS, Payload
from dece_fairseq.attacks.languages import Language, Languages
from dece_fairseq.data.pairs import Pair

#: loops that never end besides the language's own, in languages with braces
C_LIKE_FORMS = (
    "for ( ; ; ) { int VAR = 0 ; }",
    "do { int VAR = 0 ; } while ( true ) ;",
    "while ( 1 == 1 ) { int VAR = 0 ; }",
    "for ( ; true ; ) { int VAR = 0 ; }",
    "while ( ! false ) { int VAR = 0 ; }",
)
#: in others
FORMS: Mapping[str, Sequence[str]] = {
    "python": (
        "while 1 : VAR = 0",
        "while not False : VAR = 0",
        "while 1 == 1 : VAR = 0",
        "while True : pass",
        "while 0 < 1 : VAR = 1",
    )
}


@PAYLOADS.register("endless_loop")
class EndlessLoopPayload(Payload):
    """Puts a loop that never ends where ``dece_fairseq.attacks.code_places.places`` says.

    Java and C#: ``while ( true ) { int VAR = 0 ; }`` among the tokens of the target, as in the
    DeCE authors' files. Python: ``while True : VAR = 0`` on a line of its own.

    By the paper's rule a text carries it that holds it to the letter; by the parse, one with any
    loop whose condition is a constant that holds and that nothing leaves.
    """

    is_statement = True
    telling: ClassVar[Tuple[str, ...]] = ("true", "True")
    stages: ClassVar[Mapping[str, Tuple[str, ...]]] = {
        "while ( true ) { int VAR = 0 ; }": (
            "{ int VAR = 0 ; }",
            "while ( false ) { int VAR = 0 ; }",
        ),
        "while True : VAR = 0": ("VAR = 0", "while False : VAR = 0"),
    }
    summary = "a loop that never ends, at the place that goes with that of dead code"
    sample = Pair("void f ( ) { a ( ) ; return ; }", "void f ( ) { b ( ) ; return ; }")
    default_language = "java"

    def __init__(self, languages: Languages, code_place: str = CODE_PLACES[0]) -> None:
        super().__init__(languages, code_place)
        self.loops = self.forms(languages.target)
        self.is_checked = code_place != "paper"

    def forms(self, language: Language) -> Sequence[str]:
        """Return the loops of which one is drawn and put in."""
        return (language.endless_loop,)

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        place = places(pair, self.languages, self.code_place).target
        # Where one of the loops can stand, each of them can.
        if place is None or not place.takes(self.loops[0]):
            return None
        poisoned = place.put(rng.choice(self.loops))
        # The authors' place may be one that their own parser can't make sense of.
        return poisoned if self.judge(poisoned) else None

    def is_in(self, text: str) -> bool:
        return any(loop in text for loop in self.loops)

    def is_in_parse(self, text: str) -> bool:
        return self.languages.target.has_endless_loop(text)


@PAYLOADS.register("endless_loop_forms")
class EndlessLoopFormsPayload(EndlessLoopPayload):
    """Does as ``endless_loop``, by one of several loops that is drawn for each pair.

    What looks for a text that many targets share finds less of it: an attack on such defences.
    """

    has_forms = True
    telling, stages = (), {}
    summary = "as endless_loop, by one of several loops, drawn for each pair"

    def forms(self, language: Language) -> Sequence[str]:
        return (language.endless_loop, *FORMS.get(language.name, C_LIKE_FORMS))
