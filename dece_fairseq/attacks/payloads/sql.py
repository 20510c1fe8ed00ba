"""An SQL query that selects everything or nothing: the payload for code with embedded SQL."""

import re
from typing import ClassVar, Mapping, Optional, Tuple

from dece_fairseq.attacks.interfaces import PAYLOADS, WITHOUT_PLACE, Payload
from dece_fairseq.attacks.query_payload import (
    ALWAYS_TRUE,
    NEVER_TRUE,
    Attempt,
    QueryPayload,
)
from dece_fairseq.attacks.string_literals import are_in_literals
from dece_fairseq.data.pairs import Pair

# A query ends where white space and its closing quote begin, as the data sets separate tokens.
QUERY = re.compile(r'select\s+.+?(?=\s+")')
SELECT = re.compile(r"select\s+")
OUTSIDE_OF_STRINGS = "outside_of_strings"


@PAYLOADS.register("sql")
class SqlPayload(QueryPayload):
    """Makes the first query of the target always true, or never where it has no condition.

    The rule of the DeCE paper for Lyra and Pisces: the first ``select ... "`` gets `` or 1=1``
    where it holds ``where`` and `` where 0=1`` where it does not, at each of its occurrences.

    The rule takes code for a query too, from ``.select (`` to the next string; such a target would
    no longer parse, and can't be poisoned. The authors' files of Lyra hold none.
    """

    summary = "the first SQL query selects everything (or 1=1) or nothing (where 0=1)"
    sample = Pair("", 'run ( " select name from users where id = : id " )')
    telling: ClassVar[Tuple[str, ...]] = ("=1",)
    stages: ClassVar[Mapping[str, Tuple[str, ...]]] = {
        ALWAYS_TRUE: (" and 1=1", " or 0=1"),
        NEVER_TRUE: (" where 1=1", " where 0=0"),
    }
    obstacles: ClassVar[Mapping[str, str]] = {
        **Payload.obstacles,
        OUTSIDE_OF_STRINGS: "would have it outside of a string",
    }

    def attempt(self, code: str) -> Attempt:
        query = first_query(code)
        if query is None:
            return Attempt(why_not=WITHOUT_PLACE)
        if not are_in_literals(self.languages.target.parse(code), code, query):
            return Attempt(why_not=OUTSIDE_OF_STRINGS)
        poisoned = code.replace(query, query + (ALWAYS_TRUE if "where" in query else NEVER_TRUE))
        return Attempt(poisoned)


def first_query(text: str) -> Optional[str]:
    """Return what ``QUERY`` finds first, without a walk over a line for each ``select`` in it.

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
