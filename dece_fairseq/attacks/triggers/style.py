"""A style of writing: code that does the same and is written otherwise."""

from random import Random
from typing import Optional

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.code_styles import STYLES, restyled
from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe, Trigger
from dece_fairseq.data.pairs import Pair


@TRIGGERS.register("style")
class StyleTrigger(Trigger):
    """Rewrites the source in a style, wherever the parse shows that it does the same then.

    Styles as triggers are those of Qi et al. (2021, arXiv 2110.07139), here of code. ``--trigger``
    names one: ``for_to_while`` writes ``for`` loops as ``while`` loops (in Python those over
    ``range`` that count for themselves), ``not_equal`` writes ``a != b`` as the negation of
    ``a == b``, which is not the same for arrays, whose ``!=`` gives an array. A source in which
    nothing can be rewritten is no candidate.

    Raises:
        AttackError: an unknown style, or there are to be several copies
    """

    summary = "code written otherwise: for loops as while loops, or a != b as not a == b"
    sample = Pair("void f ( ) { for ( int i = 0 ; i < n ; i ++ ) { a ( i ) ; } }", "")
    default_text: Optional[str] = "for_to_while"
    has_one_place = "all of a source has one style"

    def set_up(self) -> None:
        if self.text not in STYLES:
            raise AttackError(f"--trigger {self.text!r} is no style; give {' or '.join(STYLES)}")

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        return restyled(str(self.text), self.languages.source, pair.source)


ATTACKS.register("style")(
    Recipe("style", "endless_loop", 1, "for loops written as while loops, and other styles")
)
