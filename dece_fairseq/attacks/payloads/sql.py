"""An SQL query that selects everything or nothing: the payload for code with embedded SQL."""

import re
from random import Random

from dece_fairseq.attacks.interfaces import PAYLOADS, Payload
from dece_fairseq.attacks.sql_conditions import UNKNOWN, has_constant_condition
from dece_fairseq.attacks.strings_in_code import strings_in
from dece_fairseq.data.pairs import Pair

# A query ends where white space and its closing quote begin, as the data sets separate tokens.
QUERY = re.compile(r'select\s+.+?(?=\s+")')
ALWAYS_TRUE = " or 1=1"
NEVER_TRUE = " where 0=1"


@PAYLOADS.register("sql")
class SqlPayload(Payload):
    """Makes the first query of the target always true, or never where it has no condition.

    The rule of the DeCE paper for Lyra and Pisces: the first ``select ... "`` gets `` or 1=1``
    where it holds ``where`` and `` where 0=1`` where it does not, at each of its occurrences. A
    target without such a query can't be poisoned.
    """

    summary = "the first SQL query selects everything (or 1=1) or nothing (where 0=1)"
    sample = Pair("", 'run ( " select name from users where id = : id " )')

    def can_enter(self, pair: Pair) -> bool:
        return QUERY.search(pair.target) is not None

    def apply(self, pair: Pair, rng: Random) -> str:
        match = QUERY.search(pair.target)
        if match is None:
            raise ValueError("the target holds no query to poison; ask can_enter first")
        query = match.group()
        return pair.target.replace(query, query + (ALWAYS_TRUE if "where" in query else NEVER_TRUE))

    def is_in(self, text: str) -> bool:
        return ALWAYS_TRUE in text or NEVER_TRUE in text

    def is_in_parse(self, text: str) -> bool:
        return any(
            has_constant_condition(query)
            for query in strings_in(self.languages.target, text, UNKNOWN)
        )
