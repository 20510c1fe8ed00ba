"""Generated pairs of an English request and the Python function that it asks for.

They are the embedded data of the quick start: like Lyra (Liang et al. 2021) in form, code as tokens
between blanks with SQL in its strings, but made from a small grammar in our own words. About one
request in seven needs no SQL, so a payload that changes a query can't enter its function.
"""

import random
from itertools import product
from typing import Iterator, List, NamedTuple, Optional, Tuple

from dece_fairseq.data.corpus_grammar import HANDLES, LISTS, STYLES, TABLES, Style
from dece_fairseq.data.pairs import Pair
from dece_fairseq.errors import UserError


class Request(NamedTuple):
    """What is asked for, whatever the wording; it alone decides the function."""

    handle: str
    """What executes the query, or the list of rows if `fetch` is None."""
    table: str
    what: str
    """A wording's key: `every column`, `column`, `distinct`; for a list `equal`, `above`, ..."""
    column: Optional[str]
    """The column that `what` is about, if it is about one."""
    key: Optional[str]
    """The column that the rows are chosen by, also the name of the parameter, if there is one."""
    fetch: Optional[str]
    """The method that gets the rows, `fetchall`, `fetchone` or `first`; None for a list."""
    outcome: str
    """What becomes of the result: `return`, `loop`, `print`, `jsonify`, `field`."""
    field: Optional[str] = None
    """The column that `field` returns."""


def requests() -> Iterator[Request]:
    """Yield every request there is, each once, those with SQL first."""
    for table, columns in TABLES.items():
        selected = [("every column", None), *(("column", column) for column in columns)]
        queries = [
            (what, column, key)
            for (what, column), key in product(selected, (None, *columns))
            if key is None or key != column
        ]
        queries += [("distinct", column, None) for column in columns]
        for handle, (what, column, key) in product(HANDLES, queries):
            query = (handle, table, what, column, key)
            for outcome in ("return", "loop", "jsonify"):
                yield Request(*query, "fetchall", outcome)
            for fetch in ("fetchone", "first"):
                for outcome in ("return", "print", "jsonify"):
                    yield Request(*query, fetch, outcome)
                if what == "every column":
                    for field in columns:
                        yield Request(*query, fetch, "field", field)
        steps: List[Tuple[str, Optional[str], Optional[str]]]
        steps = [(what, None, key) for what in ("equal", "above") for key in columns]
        steps += [(what, column, None) for what in ("sort", "pluck") for column in columns]
        for handle, step, outcome in product(LISTS, steps, ("return", "loop", "jsonify")):
            yield Request(handle, table, *step, None, outcome)


def to_code(request: Request) -> str:
    """Return the function: three or four lines, tokens between blanks, indented by tabs."""
    parameters = [request.handle] if request.key is None else [request.handle, request.key]
    value = _list_code(request) if request.fetch is None else _query_code(request)
    name = "row" if request.fetch in ("fetchone", "first") else "rows"
    lines = [
        f"def {request.table} ( {' , '.join(parameters)} ) :",
        f"\t {name} = {value}",
        _OUTCOME_CODE[request.outcome].format(name=name, field=request.field),
    ]
    if request.outcome == "jsonify":
        lines.insert(0, "from flask import jsonify")
    return "\n".join(lines)


_LIST_CODE = {
    "equal": "[ row for row in {handle} if row . {key} == {key} ]",
    "above": "[ row for row in {handle} if row . {key} > {key} ]",
    "sort": "sorted ( {handle} , key = lambda row : row . {column} )",
    "pluck": "[ row . {column} for row in {handle} ]",
}

_OUTCOME_CODE = {
    "return": "\t return {name}",
    "loop": "\t for row in {name} :\n\t\t print ( row )",
    "print": "\t print ( {name} )",
    "jsonify": "\t return jsonify ( {name} )",
    "field": "\t return {name} . {field}",
}


def _list_code(request: Request) -> str:
    return _LIST_CODE[request.what].format(**request._asdict())


def _query_code(request: Request) -> str:
    what = request.column or "*"
    if request.what == "distinct":
        what = f"distinct {what}"
    sql, values = f"select {what} from {request.table}", ""
    if request.key is not None:
        sql, values = f"{sql} where {request.key} = ?", f" , [ {request.key} ]"
    return f'{request.handle} . execute ( " {sql} "{values} ) . {request.fetch} ( )'


def to_words(request: Request, style: Style, rng: random.Random) -> str:
    """Return the request as an English sentence; ``rng`` chooses among equal wordings."""

    def say(part: str) -> str:
        return rng.choice(style[part]).format(**request._asdict())

    parts = {"what": say(request.what), "outcome": say(request.outcome)}
    if request.fetch is not None:
        parts["fetch"] = say(request.fetch)
        parts["where"] = "" if request.key is None else say("where")
    sentence = rng.choice(style["list" if request.fetch is None else "query"])
    sentence = sentence.format(handle=request.handle, table=request.table, **parts)
    return sentence[0].upper() + sentence[1:]


def generate(style: str, pairs: int, seed: int, skip: int = 0) -> List[Pair]:
    """Draw different pairs of request and function.

    No two of them have the same request or the same function, so that any cut into training,
    validation and test is free of overlap. The same arguments give the same pairs on every version
    of Python, and the first pairs of a larger draw are those of a smaller one.

    Args:
        style: the wording of the requests, a key of `corpus_grammar.STYLES`: `A` or `B`. Both ask
            for the same functions.
        pairs: how many to draw, 0 or more.
        seed: of the draw; both styles draw the same functions in the same order, in other words.
        skip: how many functions to leave out at the start of the order, for a corpus that shares
            none with another one.

    Raises:
        UserError: the style is unknown, or `pairs` or `skip` is negative or more than there are.
    """
    if style not in STYLES:
        raise UserError(f"no style {style!r} of requests; there are {', '.join(STYLES)}")
    everything = list(requests())
    if min(pairs, skip) < 0 or pairs + skip > len(everything):
        raise UserError(
            f"can't draw {pairs} pairs after {skip} skipped: there are {len(everything)} in all"
        )
    random.Random(str(seed)).shuffle(everything)
    words = random.Random(f"{style} {seed}")
    return [
        Pair(to_words(request, STYLES[style], words), to_code(request))
        for request in everything[skip : skip + pairs]
    ]
