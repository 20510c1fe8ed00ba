"""``--dece-gate label``: labels that are never learned, as the starting classifier says."""

import logging

import torch
from torch import Tensor

from dece_fairseq.criterions.muted_targets import MutedTargets
from dece_fairseq.criterions.trusted_level import Settled
from dece_fairseq.losses.labels import muted_labels
from dece_fairseq.muting import KNOWN

logger = logging.getLogger(__name__)


class MutedLabels(MutedTargets):
    """Mutes labels that the classifier contradicts far more often than trusted ones."""

    gate = "label"
    answer_type = torch.float64

    def answer(self, nll: Tensor, kept: Tensor, settled: Settled) -> Tensor:
        """Return the probability of each label."""
        return (-nll).exp()

    def find(self, targets: Tensor, lengths: Tensor, said: Tensor, settled: Settled) -> Tensor:
        return muted_labels(targets, said, torch.cat(settled.trusted), settled.probabilities)

    def tell(self, targets: Tensor, lengths: Tensor, muted: Tensor, settled: Settled) -> None:
        dictionary = self._task.label_dictionary
        counts = torch.bincount(targets[muted])
        labels = [
            f"{count:,} of {dictionary[label + dictionary.nspecial]!r}"
            for label, count in enumerate(counts.tolist())
            if count
        ]
        errors = 100 * float((settled.probabilities < KNOWN).double().mean())
        logger.info(
            f"--dece-gate label: of {len(muted)} training labels {int(muted.sum())} are never "
            f"learned ({', '.join(labels) or 'none'}): the model contradicts them more than twice "
            f"as often as trusted ones, of which {errors:.3g} % are unlikelier than {KNOWN:g}"
        )
