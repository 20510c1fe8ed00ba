"""Labels of a classifier that are not to be learned: the model contradicts them too often.

A label is one of few, so a flipped one can't be told by its text, as a payload of words can. But a
model that knows the task contradicts it, and contradicts trusted labels as surely far less often.
"""

import torch
from torch import Tensor

from dece_fairseq.losses.spans import NEW
from dece_fairseq.muting import KNOWN


def muted_labels(
    labels: Tensor, probabilities: Tensor, trusted: Tensor, trusted_probabilities: Tensor
) -> Tensor:
    """Return which doubtful labels are too unlikely, too often.

    Each label has a line of its own, as an attacker flips to one: the highest probability up to
    which it stands, among all doubtful labels, more than ``NEW`` times as often as among the
    trusted ones. It is below ``KNOWN``. Where the model errs as often on trusted text, nothing is
    muted but what it contradicts more surely than it ever contradicts a trusted label.

    Args:
        labels: (N,), the doubtful ones
        probabilities: (N,), of each, in [0, 1]
        trusted: (M,), the labels of trusted text
        trusted_probabilities: (M,)

    Returns:
        (N,), bool
    """
    muted = torch.zeros_like(labels, dtype=torch.bool)
    for label in torch.unique(labels):
        unlikely = (labels == label) & (probabilities < KNOWN)
        lines = probabilities[unlikely].sort().values
        known = trusted_probabilities[trusted == label].to(lines).sort().values
        doubtful_below = torch.searchsorted(lines, lines, right=True)
        trusted_below = torch.searchsorted(known, lines, right=True)
        too_often = doubtful_below * len(trusted) > NEW * trusted_below * len(labels)
        if too_often.any():
            muted |= unlikely & (probabilities <= lines[too_often].max())
    return muted
