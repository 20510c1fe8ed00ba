"""Criterions for ``--criterion``; importing this registers them."""

from dece_fairseq.criterions import deceptive_cross_entropy

__all__ = ["deceptive_cross_entropy"]
