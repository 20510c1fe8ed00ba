"""The tokens of SQL as programs hold it: with parameters of every driver, and parts left open."""

import re
from typing import List, NamedTuple, Sequence

#: stands for a part of a query that is only known when the code runs
UNKNOWN = " unknown_part "

SPACE, TEXT, NAME, PARAMETER, NUMBER, WORD, SYMBOL = (
    *("space", "text", "name", "parameter", "number", "word", "symbol"),
)

# What a parameter begins with; to look for it first saves trying each kind at each letter.
_SIGN = r"[%$\#{:?@]"
# PEP 249's pyformat, format, named, numeric and qmark, and those of C#, PostgreSQL, MyBatis and
# templates. Blanks inside are of texts whose tokens were separated.
_PARAMETERS = r"""
    % \s* \( \s* \w+ \s* \) \s* [sdifr]\b   # %(name)s
  | % \s? [sdifr]\b                         # %s
  | [$\#]? \{{1,2} [^{}]{0,200} \}{1,2}     # {}, {name}, {{ name }}, ${name}, #{name}
  | (?<!:) : \s* (?:\w+ | \{[^{}]{0,200}\}) # :name, :1, but no ::type
  | \? (?:\s?\d+)?                          # ?, ?1
  | (?<![\w$]) \$ \s? \w+ (?!\w*\$)         # $1, but no $tag$text$tag$
  | (?<![@\w]) @ \s? \w+                    # @name
"""
_TOKEN = re.compile(
    rf"""
      (?P<{SPACE}> \s+ | --[^\n]* | \#(?![{{>])[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<{TEXT}> '(?:[^']|'')*' )
    | (?P<{NAME}> "(?:[^"]|"")*" | `[^`]*` | \[ [^\[\]'"\n]* \] )
    | (?P<{PARAMETER}> \w* (?={_SIGN}) (?:{_PARAMETERS}) (?: \w | {_PARAMETERS} )* )
    | (?P<{NUMBER}> (?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?!\w) )
    | (?P<{WORD}> \w+ )
    | (?P<{SYMBOL}> < \s* = \s* > | < \s* > | [<>!=] \s* = | \|\s*\| | . )
    """,
    re.VERBOSE | re.DOTALL,
)

#: what ends the conditions of a query and begins another part of it
CLAUSES = frozenset(
    (
        *("select", "set", "where", "having", "group", "order", "limit", "offset", "fetch", "for"),
        *("union", "intersect", "except", "minus", "returning", "window", "qualify"),
    )
)
_MAY_BE_NAMES = CLAUSES | {"case", "end"}
_COMPARISONS = ("=", "<", ">", "!")


class SqlToken(NamedTuple):
    """A token, and where it stands in its text."""

    kind: str
    """``text`` in single quotes, ``name`` in others, ``parameter``, ``number``, ``word`` or
    ``symbol``."""
    text: str
    start: int
    end: int


def sql_tokens(query: str) -> List[SqlToken]:
    """Return the tokens of ``query`` without its comments. Any text has some.

    Unlike ``sqlglot``'s, these know parameters, and 10 kB of anything take a few milliseconds.
    """
    return [
        SqlToken(str(match.lastgroup), match.group(), *match.span())
        for match in _TOKEN.finditer(query)
        if match.lastgroup != SPACE
    ]


def keywords(tokens: Sequence[SqlToken]) -> List[str]:
    """Return the words and symbols in lower case, and nothing for what is no keyword.

    A column can be called as a keyword is: Lyra has ``where group = : group``.
    """
    words = [token.text.lower() if token.kind in (WORD, SYMBOL) else "" for token in tokens]
    for at, after in enumerate(words[1:]):
        if words[at] in _MAY_BE_NAMES and after.startswith(_COMPARISONS):
            words[at] = ""
    return words


def with_parameters(query: str) -> str:
    """Return ``query`` in a form that ``sqlglot`` parses, whatever its driver's parameters are.

    Its default dialect reads neither ``%s`` nor ``%(name)s``, ``:1`` or ``?1``, and takes ``$1``
    for a column. Each parameter becomes a quoted name that says how it was written, which can
    stand for values and tables alike; ``: id`` and ``:id`` become the same one.
    """
    return _TOKEN.sub(
        lambda match: as_name(match.group()) if match.lastgroup == PARAMETER else match.group(),
        query,
    )


def as_name(parameter: str) -> str:
    """Return the quoted name that stands for a parameter."""
    return '"<' + "".join(parameter.split()).replace('"', '""') + '>"'
