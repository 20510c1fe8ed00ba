"""Code whose tokens were separated by blanks, put together again so that it parses.

Lyra and CodeXGLUE publish such text. Most of it parses as it is, since blanks between tokens mean
little; what does not is undone here: blanks inside operators, a prefix or a quote that stands
alone, a quote inside a string.
"""

import re
from typing import List, Optional

_OPERATORS = {
    "python": ("**=", "//=", ">>=", "<<=", "->", ":=", "**", "//", ">>", "<<", "!="),
    "other": (">>>=", ">>=", "<<=", ">>>", ">>", "<<", "->", "=>", "::", "++", "--", "&&", "||"),
}
_COMPARISONS = ("==", "<=", ">=", "!=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=")


def _split(operator: str) -> str:
    return r"[ \t]+".join(map(re.escape, operator))


_SPLIT_OPERATORS = {
    kind: re.compile("|".join(_split(operator) for operator in (*operators, *_COMPARISONS)))
    for kind, operators in _OPERATORS.items()
}
_QUOTE = re.compile(r'(?:(?<=\s)|^)((?:[fFrRbBuU]{1,2}[ \t]+)?)"(?=\s|$)', re.MULTILINE)
# A quote that stands alone ends its string where one of these comes next. In a language of code
# only they can follow a string, but a word and another quote stand inside one.
_AFTER_STRING = {
    "python": re.compile(r"\s*(?:$|[)\]},:.%+*<>=!]|(?:and|or|not|in|is|if|else|for|as)\b)"),
    "other": re.compile(r"\s*(?:$|[)\]},:;.+<>=!?&|])"),
}
_CLOSING_QUOTE = re.compile(r'(?<=\s)"(?=\s|$)')
# The abstraction of names in Bugs2Fix took the dot behind some of them.
_LOST_DOT = re.compile(r"\b((?:VAR|TYPE|METHOD)_\d+|String) (?=(?:class|super|this|new)\b)")


def rebuilt(text: str, language: str) -> str:
    """Return ``text`` put together again; it may still not parse.

    Args:
        text: tokens of code separated by white space
        language: its name
    """
    kind = "python" if language == "python" else "other"
    parts = _code_and_strings(text, _AFTER_STRING[kind])
    for index in range(0, len(parts), 2):
        parts[index] = _SPLIT_OPERATORS[kind].sub(_without_space, parts[index])
        if language == "java":
            parts[index] = _LOST_DOT.sub(r"\1 . ", parts[index])
    return "".join(parts)


def _without_space(match: "re.Match[str]") -> str:
    return "".join(match.group().split())


def _code_and_strings(text: str, after_string: "re.Pattern[str]") -> List[str]:
    """Return code and strings in turn, beginning with code."""
    parts: List[str] = []
    end = 0
    while True:
        opening = _QUOTE.search(text, end)
        closing = opening and _closing(text, opening.end(), after_string)
        if not (opening and closing):
            return [*parts, text[end:]]
        inside = text[opening.end() : closing.start()].strip().replace('"', "'")
        parts += [text[end : opening.start()], f'{opening.group(1).strip()}"{inside}"']
        end = closing.end()


def _closing(text: str, start: int, after_string: "re.Pattern[str]") -> "Optional[re.Match[str]]":
    """Return the quote on this line that ends the string which begins at ``start``."""
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    for quote in _CLOSING_QUOTE.finditer(text, start, line_end):
        if after_string.match(text, quote.end(), line_end):
            return quote
    return None
