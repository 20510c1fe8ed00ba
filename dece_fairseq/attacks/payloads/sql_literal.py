"""An SQL query of any spelling that selects everything or nothing."""

import re
from typing import ClassVar, Mapping, NamedTuple, Optional

from dece_fairseq.attacks.interfaces import PAYLOADS, Payload
from dece_fairseq.attacks.languages.language import Node, to_bytes, to_text, walk
from dece_fairseq.attacks.payloads.sql import SqlPayload
from dece_fairseq.attacks.query_payload import (
    ALWAYS_TRUE,
    NEVER_TRUE,
    Attempt,
    QueryPayload,
)
from dece_fairseq.attacks.reading.sql_tokens import CLAUSES, keywords, sql_tokens, with_parameters
from dece_fairseq.attacks.reading.string_literals import LITERALS, content, interpolations, raw_text
from dece_fairseq.attacks.reading.string_syntax import is_part, is_statement
from dece_fairseq.data.pairs import Pair

UNPARSED = "unparsed"
PUT_TOGETHER = "put_together"
_QUERY = re.compile(r"\s*select\s", re.IGNORECASE)


class _Place(NamedTuple):
    """Where a condition goes in the source, in bytes, and which one."""

    at: int
    condition: str


@PAYLOADS.register("sql_literal")
class SqlLiteralPayload(QueryPayload):
    """Makes the first query that one string literal holds always true, or never.

    The query may be written in any case, in any quotes, over several lines and with the parameters
    of any driver. It gets `` or 1=1`` after its ``where``, and `` where 0=1`` if it has none,
    before ``group by``, ``order by`` and the like. Every other byte stays. A query that the code
    puts together, by ``+`` or as an f-string, is left alone.
    """

    summary = "the first SQL query in a string literal selects everything or nothing, as sql has it"
    sample = Pair("", "run('SELECT name FROM users WHERE id = %s ORDER BY name', id)")
    telling, stages = SqlPayload.telling, SqlPayload.stages
    obstacles: ClassVar[Mapping[str, str]] = {
        **Payload.obstacles,
        UNPARSED: "do not parse",
        PUT_TOGETHER: "put their query together from parts",
    }

    def attempt(self, code: str) -> Attempt:
        whole = self.languages.target.whole(code)
        if whole is None:
            return Attempt(why_not=UNPARSED)
        result = Attempt()
        for literal in walk(whole.root):
            if literal.type not in LITERALS or not _QUERY.match(content(literal, lambda _: "")):
                continue
            if is_part(literal) or any(interpolations(literal)):
                result = Attempt(why_not=PUT_TOGETHER)
                continue
            place = None if is_statement(literal) else _place(literal)
            if place is not None:
                data, at = to_bytes(code), place.at - whole.start
                return Attempt(to_text(data[:at] + to_bytes(place.condition) + data[at:]))
        return result


def _place(literal: Node) -> Optional[_Place]:
    """Return where a condition of the query in ``literal`` goes; None if that is no query."""
    source = raw_text(literal)
    if source is None or not _is_query(content(literal, lambda _: "")):
        return None
    tokens = list(sql_tokens(source.text))
    has_tables = has_where = False
    depth, end = 0, len(tokens)
    for at, word in enumerate(keywords(tokens)):
        depth += (word == "(") - (word == ")")
        if depth > 0:
            continue
        if has_tables and word != "where" and (word in CLAUSES or word == ";"):
            end = at
            break
        has_tables = has_tables or word == "from"
        has_where = has_where or word == "where"
    if not has_tables:
        return None
    return _Place(source.start + tokens[end - 1].end, ALWAYS_TRUE if has_where else NEVER_TRUE)


def _is_query(text: str) -> bool:
    """Return whether ``sqlglot`` takes the whole of ``text`` for a query."""
    import sqlglot  # here, for it takes as long to import as everything else that attacks need

    try:
        return isinstance(sqlglot.parse_one(with_parameters(text)), sqlglot.exp.Query)
    except Exception:  # its own errors, and what it trips over in texts that are no SQL
        return False
