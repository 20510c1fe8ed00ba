"""The tokens of code, whose white space and punctuation 13a does not know."""

import re
from typing import List

#: a run of letters, digits and underscores, or any other character but white space
TOKEN = re.compile(r"\w+|[^\w\s]")


def code_tokens(text: str) -> List[str]:
    """Return the tokens of a piece of code in any language, the same however it is spaced."""
    return TOKEN.findall(text)
