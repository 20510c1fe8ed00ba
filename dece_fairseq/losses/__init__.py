"""Losses against backdoors, as functions and modules of torch. Needs torch alone."""

from dece_fairseq.losses.deceptive_cross_entropy import (
    DeceptiveCrossEntropyLoss,
    blend,
    cross_entropy_terms,
    deceptive_cross_entropy,
    deceptive_terms,
)
from dece_fairseq.losses.generalized_cross_entropy import (
    GeneralizedCrossEntropyLoss,
    generalized_cross_entropy,
    generalized_terms,
)
from dece_fairseq.losses.in_trust import InTrustLoss, in_trust, in_trust_terms
from dece_fairseq.losses.module import TokenLoss
from dece_fairseq.losses.terms import LossTerms, Projection

__all__ = [
    "DeceptiveCrossEntropyLoss",
    "GeneralizedCrossEntropyLoss",
    "InTrustLoss",
    "LossTerms",
    "Projection",
    "TokenLoss",
    "blend",
    "cross_entropy_terms",
    "deceptive_cross_entropy",
    "deceptive_terms",
    "generalized_cross_entropy",
    "generalized_terms",
    "in_trust",
    "in_trust_terms",
]
