"""What reproduces a score, on one line, in the manner of sacrebleu's signatures (Post 2018)."""

from typing import Any

from dece_fairseq.version import version


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
        parts = [f"{name}:{value}" for name, value in self.properties.items()]
        return "|".join([self.name, *parts, f"v:{version()}"])
