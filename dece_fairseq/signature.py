"""What reproduces a number, on one line, in the manner of sacrebleu's signatures (Post 2018)."""

import re
from typing import Any, Match

from dece_fairseq.version import version

#: what would end a property or the line, and what marks such a character
_RESERVED = re.compile(r"[%|\x00-\x1f\x7f\x85\u2028\u2029]")


def joined(**properties: Any) -> str:
    """Return ``name:value|name:value``, with ``|``, ``%`` and line ends in values as in URLs.

    Args:
        properties: names and values, in their order
    """
    return "|".join(
        f"{name}:{_RESERVED.sub(_escaped, str(value))}" for name, value in properties.items()
    )


def _escaped(found: "Match[str]") -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


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
