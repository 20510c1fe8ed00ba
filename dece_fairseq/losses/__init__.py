"""Losses against backdoors, as pure functions of tensors (no fairseq here)."""

from dece_fairseq.losses.deceptive_cross_entropy import (
    DeceptiveLoss,
    Projection,
    blend,
    deceptive_cross_entropy,
    deceptive_terms,
)

__all__ = ["DeceptiveLoss", "Projection", "blend", "deceptive_cross_entropy", "deceptive_terms"]
