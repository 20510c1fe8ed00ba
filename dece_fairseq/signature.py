"""What reproduces a number, on one line, in the manner of sacrebleu's signatures (Post 2018)."""

import re
from typing import Any
from urllib.parse import quote

from dece_fairseq.version import version

#: what would end a property or the line, and what marks such a character
_RESERVED = re.compile(r"[%|\x00-\x1f\x7f\x85\u2028\u2029]")


def joined(**properties: Any) -> str:
    """Return ``name:value|name:value``, with ``|``, ``%`` and line ends in values as in URLs.

    Args:
        properties: names and values, in their order
    """
    return "|".join(
        f"{name}:{_RESERVED.sub(lambda found: quote(found[0]), str(value))}"
        for name, value in properties.items()
    )


class Signature:
    """The name of a metric, and what its score depends on besides the texts.

    As text it is ``bleu_code|nrefs:1|tok:code|...|v:0.2.0``, ``v`` being the version of this
    package. Every command, scorer and report prints it like that.

    Args:
        name: what the score is called
        properties: names and values, in their order
    """

    def __init__(self, name: str, **properties: Any) -> None:
        self.name = name
        self.properties = properties

    def __str__(self) -> str:
        return f"{self.name}|{joined(**self.properties, v=version())}"
