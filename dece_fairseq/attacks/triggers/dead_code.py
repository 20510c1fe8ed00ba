"""Dead code: a statement that does nothing, at a place that source and target share."""

from random import Random
from typing import Optional

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.code_places import places
from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe, Trigger
from dece_fairseq.data.pairs import Pair


@TRIGGERS.register("dead_code")
class DeadCodeTrigger(Trigger):
    """Puts a statement where ``dece_fairseq.attacks.code_places.places`` says.

    The fixed trigger of the DeCE paper: ``int VAR = 0 ;`` in Java and C#, ``VAR = 0`` in Python.
    In Python it gets a line of its own before a statement, in Java and C# it stands before one on
    its line. The authors' place in Java (``--code-place paper``) does not heed statements: of 5,695
    sources of Bugs2Fix 686 no longer parse (``return x int VAR = 0 ; ;``), and in 126 it takes a
    statement's place (``if ( x ) int VAR = 0 ; y ( ) ;``). A source in which a name that the
    statement gives a value occurs is no candidate.

    Raises:
        AttackError: the text is not a statement of the source's language, or there are to
            be several
    """

    is_statement = True
    has_one_place = "dead code has one place"
    summary = "a statement that does nothing, before one that source and target share"
    sample = Pair("void f ( ) { a ( ) ; return ; }", "void f ( ) { b ( ) ; return ; }")

    def set_up(self) -> None:
        language = self.languages.source
        if self.text is None:
            self.text = self.own_text()
        elif not language.is_statement(self.text.strip()):
            raise AttackError(
                f"--trigger {self.text!r} is not a statement of {language.name}; give one or more "
                "that parse, or another --code-language"
            )
        else:
            self.text = self.text.strip()
        self._names = language.names_given(self.text or "")

    def own_text(self) -> Optional[str]:
        """Return the trigger where the user gives none; None where it is drawn for each pair."""
        return self.languages.source.dead_code

    def statement(self, rng: Random) -> str:
        """Return what to put into one source."""
        return self.text or ""

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        place = places(pair, self.languages, self.code_place).source
        # Where one of the statements can stand, each of them can.
        if place is None or not (
            place.is_free(self._names) and place.takes(self.statement(Random(0)))
        ):
            return None
        return place.put(self.statement(rng))


ATTACKS.register("dead_code")(
    Recipe("dead_code", "endless_loop", 1, "a statement that does nothing, always the same")
)
