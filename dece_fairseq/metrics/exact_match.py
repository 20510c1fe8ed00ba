"""Exact match, with and without white space."""

from typing import Sequence

import numpy as np

from dece_fairseq.metrics.metric import METRICS, Share, share_statistics
from dece_fairseq.version import __version__


@METRICS.register("exact_match")
class ExactMatch(Share):
    """The share of texts that are the reference to the character."""

    summary = "share of texts equal to the reference"

    def statistics(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        return share_statistics([h == r for h, r in zip(hypotheses, references)])

    def signature(self) -> str:
        return f"em|space:kept|dece_fairseq:{__version__}"


@METRICS.register("exact_match_no_space")
class ExactMatchWithoutSpace(Share):
    """The share of texts that are the reference once all white space is taken out of both."""

    summary = "share of texts equal to the reference without white space"

    def statistics(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        texts = [["".join(text.split()) for text in side] for side in (hypotheses, references)]
        return share_statistics([h == r for h, r in zip(*texts)])

    def signature(self) -> str:
        return f"em|space:none|dece_fairseq:{__version__}"
