r"""The one-line form of a text, for the files that fairseq reads and the lines that it prints.

Code has newlines, tabs and runs of blanks; fairseq splits its files at line ends and folds whatever
``\s`` matches. Here every character that would not survive becomes a backslash escape, and a
backslash becomes two, so that each text has one line and each line that ``to_line`` made has
one text. Blanks stay blanks, wherever they stand: sentencepiece keeps them.

Escaped are
- newline, tab, carriage return and backslash, as ``\n``, ``\t``, ``\r`` and ``\\``;
- as ``\u`` and four hexadecimal digits
  - all other white space but the blank, which fairseq folds and ``str.splitlines`` may split at;
  - all other control characters: sentencepiece refuses U+0000, a terminal obeys others;
  - surrogates, which UTF-8 can't hold;
  - U+2581, which sentencepiece puts for a blank, and U+2585, for which it drops a training line;
  - U+FEFF, which many programs strip from the start of a file.

Other format characters, such as U+200B, survive as they are and stay.
"""

import re

_NAMED = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_NAMES = {escape[1]: character for character, escape in _NAMED.items()}

_UNSAFE = re.compile("[^\\S ]|[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2581\u2585\ufeff]")
_UNSAFE_OR_BACKSLASH = re.compile(_UNSAFE.pattern + r"|\\")
_ESCAPE = re.compile(r"\\(?:([\\ntr])|u([0-9a-fA-F]{4}))")

#: the escapes that are so frequent in code that they deserve a subword of their own
FREQUENT_ESCAPES = tuple(_NAMED.values())


def to_line(text: str) -> str:
    """Return the one-line form of any ``text``; ``from_line`` takes it back to the character."""
    return _UNSAFE_OR_BACKSLASH.sub(_escape, text)


def from_line(line: str) -> str:
    r"""Return the text whose one-line form is ``line``.

    A backslash that starts no escape stays a backslash, so that a person may type ``\d+``; what
    they mean by ``\n`` is a newline, though, and a backslash and an n are typed ``\\n``.
    """
    return _ESCAPE.sub(_unescape, line)


def escape_unsafe(line: str) -> str:
    """Return ``line`` on one line: its escapes stay, and what is left is escaped."""
    return _UNSAFE.sub(_escape, line)


def _escape(match: "re.Match[str]") -> str:
    character = match.group()
    return _NAMED.get(character) or f"\\u{ord(character):04x}"


def _unescape(match: "re.Match[str]") -> str:
    name, digits = match.groups()
    return _NAMES[name] if name else chr(int(digits, 16))
