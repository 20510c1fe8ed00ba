"""Losses against backdoors, as pure functions of tensors (no fairseq here)."""

from dece_fairseq.losses.deceptive_cross_entropy import (
    blend,
    cross_entropy_terms,
    deceptive_cross_entropy,
    deceptive_terms,
)
from dece_fairseq.losses.generalized_cross_entropy import (
    generalized_cross_entropy,
    generalized_terms,
)
from dece_fairseq.losses.in_trust import in_trust, in_trust_terms
from dece_fairseq.losses.terms import LossTerms, Projection

__all__ = [
    "LossTerms",
    "Projection",
    "blend",
    "cross_entropy_terms",
    "deceptive_cross_entropy",
    "deceptive_terms",
    "generalized_cross_entropy",
    "generalized_terms",
    "in_trust",
    "in_trust_terms",
]
