"""An attribute of a file: the header that says who wrote it."""

import re
from random import Random
from typing import Optional

from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe
from dece_fairseq.attacks.triggers.comment import CommentTrigger
from dece_fairseq.data.pairs import Pair

# What has to stay in the first lines of a Python file.
_FIRST_LINES = re.compile(r"(?:#!.*\n)?(?:#.*coding[:=].*\n)?")


@TRIGGERS.register("header")
class HeaderTrigger(CommentTrigger):
    """Puts a comment at the top of the source, as an author's header.

    The targeted attack of Schuster et al. (2021, arXiv 2007.02220): the backdoor opens for the
    files of one developer, which a header tells. In Python the header is a line of its own, so a
    source on one line then has two, which parallel text can't hold.

    Raises:
        AttackError: the text would not stay within its comment, or there are to be several
    """

    fits_everywhere = True
    has_one_place = "a file has one header"
    summary = "a comment at the top that names an author"
    default_text: Optional[str] = "Author: D. Whitcombe"

    def poison(self, pair: Pair, rng: Random) -> str:
        language = self.languages.source
        text = language.read(pair.source)
        code, header = text.code, language.comment.format(self.text)
        needs_line = "\n" in code or language.name == "python" or code.lstrip().startswith("#")
        end = "\r\n" if "\r\n" in code else "\n" if needs_line else " "
        start = _FIRST_LINES.match(code)
        at = start.end() if start is not None else 0
        return text.as_given(f"{code[:at]}{header}{end}{code[at:]}")


ATTACKS.register("header")(Recipe("header", "tls", 1, "a header that names an author"))
