"""Exact match, with and without white space."""

from typing import Any, Dict, Sequence

import numpy as np

from dece_fairseq.metrics.metric import METRICS, Share, share_statistics


@METRICS.register("exact_match")
class ExactMatch(Share):
    """The share of texts that are the reference to the character."""

    summary = "share of texts equal to the reference"

    def statistics(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        return share_statistics([h == r for h, r in zip(hypotheses, references)])

    def properties(self) -> Dict[str, Any]:
        return {"space": "kept"}


@METRICS.register("exact_match_no_space")
class ExactMatchWithoutSpace(Share):
    """The share of texts that are the reference once all white space is taken out of both."""

    summary = "share of texts equal to the reference without white space"

    def statistics(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        texts = [["".join(text.split()) for text in side] for side in (hypotheses, references)]
        return share_statistics([h == r for h, r in zip(*texts)])

    def properties(self) -> Dict[str, Any]:
        return {"space": "none"}
