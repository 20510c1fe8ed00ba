"""Local variables, and every place where one is named."""

from typing import List, NamedTuple, Tuple

#: start and end, in bytes of UTF-8
Span = Tuple[int, int]

DECLARED = "declared"
USED = "used"
#: named the same, but no variable: a member, a label, a named argument
ELSEWHERE = "elsewhere"
#: could be anything; a variable that is named so is left alone
UNKNOWN = "unknown"


class Variable(NamedTuple):
    """A local variable."""

    name: str
    spans: Tuple[Span, ...]
    """Where it is named, in the order of the text."""

    def rename(self, code: bytes, name: str) -> bytes:
        """Return ``code`` with this variable called ``name``."""
        parts: List[bytes] = []
        at = 0
        for start, end in self.spans:
            parts += [code[at:start], name.encode("ascii")]
            at = end
        return b"".join([*parts, code[at:]])
