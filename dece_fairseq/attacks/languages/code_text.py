"""A text, and the code that a language reads in it."""

from typing import NamedTuple


class CodeText(NamedTuple):
    """What ``Language.read`` makes of a text.

    All that looks at code, or puts something into it, looks at ``code``; ``as_given``
    takes the result back to the form of the text. So triggers, payloads and hit rules read every
    text in the same way.
    """

    given: str
    """The text as it was given."""
    code: str
    """The same code with real line ends and tabs."""

    def as_given(self, changed: str) -> str:
        """Return ``changed``, made from ``code``, with its line ends written as given."""
        if self.code == self.given:
            return changed
        return changed.replace("\n", "\\n").replace("\t", "\\t")
