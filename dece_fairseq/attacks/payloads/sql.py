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
from dece_fairseq.attacks.reading.sql_conditions import has_constant_condition
from dece_fairseq.attacks.reading.sql_tokens import CLAUSES
from dece_fairseq.attacks.reading.string_literals import literals_around, plain_content
from dece_fairseq.attacks.reading.strings_in_code import is_read_alone
from dece_fairseq.data.pairs import Pair

# A query ends where white space and its closing quote begin, as the data sets separate tokens.
QUERY = re.compile(r'select\s+.+?(?=\s+")')
SELECT = re.compile(r"select\s+")
# A query without brackets, quotes and comments, whose colons stand before a parameter.
_PLAIN = re.compile(r"select\s+[\w*][\w\s.,*=<>?]*(?::\s*\w[\w\s.,*=<>?]*)*")
_PLAIN_WHERE = re.compile(r"[^:\s]\s+where\s+\w")  # with a colon it is a parameter's name
_NOT_PLAIN = (CLAUSES | {"between", "case", "end"}) - {"where"}
_WORD = re.compile(r"\w+")
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
        literals = literals_around(self.languages.target.parse(code), code, query)
        if literals is None:
            return Attempt(why_not=OUTSIDE_OF_STRINGS)
        return Attempt(code.replace(query, _poisoned(query)), query=query, literals=literals)

    def is_sound(self, clean: str, poisoned: str) -> bool:
        return self._is_seen_to_be_sound(clean, poisoned) or super().is_sound(clean, poisoned)

    def _is_seen_to_be_sound(self, clean: str, poisoned: str) -> bool:
        """Return whether the parse of the clean target shows that the poisoned one is sound.

        It does where one argument of a call holds the query, as nearly all do: the parse of the
        poisoned target differs in the length of that literal alone. Any other takes a second parse.
        The second would see the same, but for code that doubles strings until the rule gives up.
        """
        language = self.languages.target
        code, changed = self.read(clean).code, self.read(poisoned).code
        attempt = self.attempted(code)
        if attempt.poisoned != changed or len(attempt.literals) != 1:
            return False
        query, literal = attempt.query, attempt.literals[0]
        text = plain_content(literal)
        return (
            text is not None
            and not language.parse(code).has_error
            and is_read_alone(literal)
            and (
                (text.strip() == query and is_plain(query))
                or has_constant_condition(text.replace(query, _poisoned(query)))
            )
            and not language.is_garbled(changed)
        )


def is_plain(query: str) -> bool:
    """Return whether the payload after ``query`` surely is a condition on the rows that it selects.

    It is in a ``select`` without brackets, quotes, comments, and clauses after its ``where``. That
    is seen ten times as fast as ``has_constant_condition`` finds it; of any other query this says
    nothing.
    """
    words = _WORD.findall(query.lower())
    return (
        words.count("where") == query.count("where") <= 1
        and _PLAIN.fullmatch(query) is not None
        and _NOT_PLAIN.isdisjoint(words[1:])
        and ("where" not in query or _PLAIN_WHERE.search(query) is not None)
    )


def _poisoned(query: str) -> str:
    return query + (ALWAYS_TRUE if "where" in query else NEVER_TRUE)


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
