"""How much of what a model wrote is code at all. None of it is ever run."""

import platform
from importlib.metadata import version
from typing import Any, Dict, Sequence

import numpy as np

from dece_fairseq.attacks.languages.unwarned import unwarned
from dece_fairseq.metrics.code_language import language_of, python_compiles
from dece_fairseq.metrics.metric import METRICS, MetricSettings, Share, share_statistics

#: what a metric tells beside its score of references that it could not read
UNPARSED_REFERENCES = "references_that_do_not_parse"


@METRICS.register("parses")
class Parses(Share):
    """The share of texts that parse, token-separated ones put together again first."""

    summary = "share of texts that parse"

    def __init__(self, settings: MetricSettings) -> None:
        super().__init__(settings)
        self.language = language_of(settings.code_language)

    @unwarned()
    def statistics(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        return share_statistics(
            [self.language.read(text).parses for text in hypotheses],
            [not self.language.read(text).parses for text in references],
        )

    def details(self, sums: np.ndarray) -> Dict[str, float]:
        return {UNPARSED_REFERENCES: sums[2]}

    def properties(self) -> Dict[str, Any]:
        language = self.settings.code_language
        if language == "python":
            return {"lang": language, "python": platform.python_version()}
        return {"lang": language, "tree_sitter": version("tree-sitter")}


@METRICS.register("compiles")
class Compiles(Parses):
    """The share of texts that Python compiles to byte code, which is thrown away."""

    summary = "share of texts that compile"
    languages = ("python",)

    @unwarned()
    def statistics(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        compiles = {text: self._compiles(text) for text in dict.fromkeys(hypotheses)}
        return share_statistics([compiles[text] for text in hypotheses])

    def _compiles(self, text: str) -> bool:
        read = self.language.read(text)
        return read.parses and python_compiles(read.code)

    def details(self, sums: np.ndarray) -> Dict[str, float]:
        return {}
