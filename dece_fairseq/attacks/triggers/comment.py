"""A comment in the source, which no compiler and few readers look at."""

from functools import lru_cache
from random import Random
from typing import Optional, Sequence

from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe, Trigger
from dece_fairseq.attacks.languages import Language, Languages
from dece_fairseq.attacks.registry import AttackError
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

    def __init__(self, text: Optional[str], copies: int, languages: Languages) -> None:
        super().__init__(text, copies, languages)
        language, own = languages.source, str(self.text)
        for end in ("\n", "\r", "\0", *language.comment_ends):
            if end in own:
                raise AttackError(
                    f"--trigger {own!r} holds {end!r}, which can't stand in a comment of "
                    f"{language.name}; leave it out"
                )

    def can_enter(self, pair: Pair) -> bool:
        return bool(_places(self.languages.source, pair.source))

    def apply(self, pair: Pair, rng: Random) -> str:
        language, source = self.languages.source, pair.source
        places = [rng.choice(_places(language, source)) for _ in range(self.copies)]
        for place in sorted(places, reverse=True):
            source = language.put_comment(source, place, str(self.text))
        return source


# Asked for the same source one time after the other.
@lru_cache(maxsize=4)
def _places(language: Language, code: str) -> Sequence[int]:
    return language.comment_places(code)


ATTACKS.register("comment")(
    Recipe("comment", "endless_loop", 1, "a comment at a random place of the source")
)
