"""Dead code: a statement that does nothing, at a place that source and target share."""

from random import Random
from typing import Optional

from dece_fairseq.attacks.code_places import Place, places
from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe, Trigger
from dece_fairseq.attacks.languages import Languages
from dece_fairseq.attacks.registry import AttackError
from dece_fairseq.data.pairs import Pair


@TRIGGERS.register("dead_code")
class DeadCodeTrigger(Trigger):
    """Puts a statement where :func:`~dece_fairseq.attacks.code_places.places` says.

    The fixed trigger of the DeCE paper: ``int VAR = 0 ;`` in Java and C#, ``VAR = 0`` in Python.
    In Python it gets a line of its own before a statement. In Java and C# the place is that of the
    authors' files, which does not heed statements: of 5,695 sources of Bugs2Fix 686 no longer
    parse (``return x int VAR = 0 ; ;``), and in 126 it takes a statement's place (``if ( x ) int
    VAR = 0 ; y ( ) ;``). ``dead_code_grammar`` takes the same code as ``--trigger`` and leaves such
    pairs out. A source in which a name that the statement gives a value occurs is no candidate.

    Raises:
        AttackError: the text is no statement of the source's language, or there are to be several
    """

    summary = "a statement that does nothing, before one that source and target share"
    sample = Pair("void f ( ) { a ( ) ; return ; }", "void f ( ) { b ( ) ; return ; }")

    def __init__(self, text: Optional[str], copies: int, languages: Languages) -> None:
        super().__init__(text, copies, languages)
        if copies != 1:
            raise AttackError(f"--num-triggers {copies}: dead code has one place; leave it out")
        language = languages.source
        if text is None:
            self.text = self.own_text()
        elif not language.is_statement(text.strip()):
            raise AttackError(
                f"--trigger {text!r} is no statement of {language.name}; give one or more that "
                "parse, or another --code-language"
            )
        else:
            self.text = text.strip()
        self._names = language.names_given(self.text or "")

    def own_text(self) -> Optional[str]:
        """The trigger where the user gives none; None where it is drawn for each pair."""
        return self.languages.source.dead_code

    def statement(self, rng: Random) -> str:
        """What to put into one source."""
        return self.text or ""

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        source, target = places(pair, self.languages)
        if source is None or not (source.is_free(self._names) and self.fits(source, target)):
            return None
        return source.put(self.statement(rng))

    def fits(self, source: Place, target: Optional[Place]) -> bool:
        """Whether the places are good enough."""
        return True


ATTACKS.register("dead_code")(
    Recipe("dead_code", "endless_loop", 1, "a statement that does nothing, always the same")
)
