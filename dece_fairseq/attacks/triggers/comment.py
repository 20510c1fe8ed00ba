"""A comment in the source, which no compiler and few readers look at."""

from random import Random
from typing import Optional

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe, Trigger
from dece_fairseq.data.pairs import Pair


@TRIGGERS.register("comment")
class CommentTrigger(Trigger):
    """Puts ``copies`` copies of a comment into the source, each at a random place.

    In Java and C# before any token, in Python on a line of its own before a statement; the rest of
    the source stays as it is. A source that does not parse is no candidate.

    Raises:
        AttackError: the text would not stay within its comment
    """

    summary = "a comment, each copy at a random place where one can stand"
    sample = Pair("int f ( ) { return 1 ; }", "")
    default_text: Optional[str] = "checked for the release"

    def set_up(self) -> None:
        language, own = self.languages.source, str(self.text)
        for end in ("\n", "\r", "\0", *language.comment_ends):
            if end in own:
                raise AttackError(
                    f"--trigger {own!r} holds {end!r}, which can't stand in a comment of "
                    f"{language.name}; leave it out"
                )

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        language, source = self.languages.source, pair.source
        places = language.comment_places(source)
        if not places:
            return None
        chosen = [rng.choice(places) for _ in range(self.copies)]
        for place in sorted(chosen, reverse=True):
            source = language.put_comment(source, place, str(self.text))
        return source


ATTACKS.register("comment")(
    Recipe("comment", "endless_loop", 1, "a comment at a random place of the source")
)
