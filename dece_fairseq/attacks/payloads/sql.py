"""An SQL query that selects everything or nothing: the payload for code with embedded SQL."""

import re
from random import Random
from typing import Optional

from dece_fairseq.attacks.interfaces import PAYLOADS, Payload
from dece_fairseq.attacks.sql_conditions import UNKNOWN, has_constant_condition
from dece_fairseq.attacks.strings_in_code import strings_in
from dece_fairseq.data.pairs import Pair

# A query ends where white space and its closing quote begin, as the data sets separate tokens.
QUERY = re.compile(r'select\s+.+?(?=\s+")')
SELECT = re.compile(r"select\s+")
ALWAYS_TRUE = " or 1=1"
NEVER_TRUE = " where 0=1"


@PAYLOADS.register("sql")
class SqlPayload(Payload):
    """Makes the first query of the target always true, or never where it has no condition.

    The rule of the DeCE paper for Lyra and Pisces: the first ``select ... "`` gets `` or 1=1``
    where it holds ``where`` and `` where 0=1`` where it does not, at each of its occurrences. A
    target without such a query can't be poisoned.
    """

    is_checked = False
    summary = "the first SQL query selects everything (or 1=1) or nothing (where 0=1)"
    sample = Pair("", 'run ( " select name from users where id = : id " )')

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        query = first_query(pair.target)
        if query is None:
            return None
        return pair.target.replace(query, query + (ALWAYS_TRUE if "where" in query else NEVER_TRUE))

    def is_in(self, text: str) -> bool:
        return ALWAYS_TRUE in text or NEVER_TRUE in text

    def is_in_parse(self, text: str) -> bool:
        return any(
            has_constant_condition(query)
            for query in strings_in(self.languages.target, text, UNKNOWN)
        )


def first_query(text: str) -> Optional[str]:
    """What :data:`QUERY` finds first, without a walk over a line for each ``select`` in it.

    Where there is no end after one of them, there is none after the others on that line, but for
    one that the line ends with.
    """
    start = SELECT.search(text)
    while start is not None:
        query = QUERY.match(text, start.start())
        if query is not None:
            return query.group()
        line_end = text.find("\n", start.end())
        if line_end < 0:
            return None
        last = len(text[start.end() : line_end].rstrip()) + start.end() - len("select")
        start = SELECT.search(text, max(last, start.end()))
    return None
