"""What payloads for SQL in code share: the rules that tell them."""

import re
from abc import abstractmethod
from functools import lru_cache
from random import Random
from typing import NamedTuple, Optional, Sequence

from dece_fairseq.attacks.guard import Steps
from dece_fairseq.attacks.interfaces import CODE_PLACES, WITHOUT_PLACE, Payload
from dece_fairseq.attacks.languages.language import Languages, Node
from dece_fairseq.attacks.reading.sql_conditions import has_constant_condition, may_have_conditions
from dece_fairseq.attacks.reading.sql_tokens import UNKNOWN
from dece_fairseq.attacks.reading.strings_in_code import strings_in
from dece_fairseq.data.pairs import Pair

ALWAYS_TRUE = " or 1=1"
NEVER_TRUE = " where 0=1"
_QUOTE = re.compile(r"[\"']")
# What code with a constant in a query holds: a number, a text, a word, or an escape of one. The
# second pattern alone would do, and takes four times as long where there is none.
_MAY_BE_CONSTANT = re.compile(r"[\d'\\]")
_CONSTANT = re.compile(r"\b\d|['\\]")
_CONSTANT_WORDS = ("true", "false", "null")


class Attempt(NamedTuple):
    """A poisoned text, or why there is none."""

    poisoned: Optional[str] = None
    why_not: str = WITHOUT_PLACE
    """One of the payload's obstacles."""
    query: str = ""
    """What the payload stands behind."""
    literals: Sequence[Node] = ()
    """Those of the clean text that changed, in its parse."""


class QueryPayload(Payload):
    """A query of the target that selects everything or nothing by constants."""

    def __init__(self, languages: Languages, code_place: str = CODE_PLACES[0]) -> None:
        super().__init__(languages, code_place)
        # A target is looked at several times in a row, to see whether and why and to change it.
        self.read = lru_cache(maxsize=4)(languages.target.read)
        self.attempted = lru_cache(maxsize=4)(self.attempt)

    @abstractmethod
    def attempt(self, code: str) -> Attempt:
        """Try to put the payload in ``code``, which has real line ends."""

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        text = self.read(pair.target)
        poisoned = self.attempted(text.code).poisoned
        return None if poisoned is None else text.as_given(poisoned)

    def why_not(self, pair: Pair) -> str:
        return self.attempted(self.read(pair.target).code).why_not

    def is_in(self, text: str) -> bool:
        return ALWAYS_TRUE in text or NEVER_TRUE in text

    def is_in_parse(self, text: str) -> bool:
        """Return whether a query that the code makes selects everything or nothing by constants.

        ``dece_fairseq.attacks.reading.sql_conditions`` says what that is, and
        ``dece_fairseq.attacks.reading.strings_in_code`` which strings code makes.
        """
        code = self.read(text).code
        folded = code.casefold()
        if not (may_have_conditions(folded) and _may_have_constants(folded)):
            return False
        steps = Steps(code)
        queries = strings_in(self.languages.target, code, UNKNOWN, steps)
        return any(has_constant_condition(query, steps) for query in queries)


def _may_have_constants(folded: str) -> bool:
    quote = _QUOTE.search(folded)
    if quote is None:
        return False
    start = quote.end()  # no string begins before it
    return any(folded.find(word, start) >= 0 for word in _CONSTANT_WORDS) or (
        _MAY_BE_CONSTANT.search(folded, start) is not None
        and _CONSTANT.search(folded, start) is not None
    )
