"""What payloads for SQL in code share: the rules that tell them."""

import re
from abc import abstractmethod
from random import Random
from typing import NamedTuple, Optional

from dece_fairseq.attacks.guard import Steps
from dece_fairseq.attacks.interfaces import WITHOUT_PLACE, Payload
from dece_fairseq.attacks.sql_conditions import CONDITION, has_constant_condition
from dece_fairseq.attacks.sql_tokens import UNKNOWN
from dece_fairseq.attacks.strings_in_code import strings_in
from dece_fairseq.data.pairs import Pair

ALWAYS_TRUE = " or 1=1"
NEVER_TRUE = " where 0=1"
# What code with a constant in a query holds: a number, a text, a word, or an escape of one.
_CONSTANT = re.compile(r"\b\d|['\\]|true|false|null", re.IGNORECASE)


class Attempt(NamedTuple):
    """A poisoned text, or why there is none."""

    poisoned: Optional[str] = None
    why_not: str = WITHOUT_PLACE
    """One of the payload's obstacles."""


class QueryPayload(Payload):
    """A query of the target that selects everything or nothing by constants."""

    @abstractmethod
    def attempt(self, code: str) -> Attempt:
        """Try to put the payload in ``code``, which has real line ends."""

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        text = self.languages.target.read(pair.target)
        poisoned = self.attempt(text.code).poisoned
        return None if poisoned is None else text.as_given(poisoned)

    def why_not(self, pair: Pair) -> str:
        return self.attempt(self.languages.target.read(pair.target).code).why_not

    def is_in(self, text: str) -> bool:
        return ALWAYS_TRUE in text or NEVER_TRUE in text

    def is_in_parse(self, text: str) -> bool:
        """Return whether a query that the code makes selects everything or nothing by constants.

        ``dece_fairseq.attacks.sql_conditions`` says what that is, and
        ``dece_fairseq.attacks.strings_in_code`` which strings code makes.
        """
        code = self.languages.target.read(text).code
        if not (CONDITION.search(code) and _CONSTANT.search(code)):
            return False
        steps = Steps(code)
        queries = strings_in(self.languages.target, code, UNKNOWN, steps)
        return any(has_constant_condition(query, steps) for query in queries)
