"""The tokens of code, whose white space and punctuation 13a does not know."""

import re
from typing import List

# Words and numbers stay whole, every other sign is a token, white space only separates.
_TOKEN = re.compile(r"\w+|[^\w\s]")


def code_tokens(text: str) -> List[str]:
    """Return the tokens of a piece of code in any language, the same however it is spaced."""
    return _TOKEN.findall(text)
