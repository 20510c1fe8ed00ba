"""Losses against backdoors, as functions and modules of torch. Needs torch alone."""

from dece_fairseq.losses.arguments import Projection
from dece_fairseq.losses.deceptive_cross_entropy import (
    DeceptiveCrossEntropyLoss,
    blend,
    cross_entropy_output,
    deceptive_cross_entropy,
    deceptive_output,
    longest_time,
    time_at,
)
from dece_fairseq.losses.frequent_texts import FrequentText, frequent_texts
from dece_fairseq.losses.generalized_cross_entropy import (
    GeneralizedCrossEntropyLoss,
    generalized_cross_entropy,
    generalized_output,
)
from dece_fairseq.losses.in_trust import InTrustLoss, in_trust, in_trust_output
from dece_fairseq.losses.labels import muted_labels
from dece_fairseq.losses.module import TokenLoss
from dece_fairseq.losses.output import LossOutput
from dece_fairseq.losses.spans import muted_spans, new_spans, span_means
from dece_fairseq.muting import level_for, line_of, span_line_for

__all__ = [
    "DeceptiveCrossEntropyLoss",
    "FrequentText",
    "GeneralizedCrossEntropyLoss",
    "InTrustLoss",
    "LossOutput",
    "Projection",
    "TokenLoss",
    "blend",
    "cross_entropy_output",
    "deceptive_cross_entropy",
    "deceptive_output",
    "frequent_texts",
    "generalized_cross_entropy",
    "generalized_output",
    "in_trust",
    "in_trust_output",
    "level_for",
    "line_of",
    "longest_time",
    "muted_labels",
    "muted_spans",
    "new_spans",
    "span_line_for",
    "span_means",
    "time_at",
]
