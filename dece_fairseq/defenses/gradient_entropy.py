"""Spectral entropy of a sample's gradient (GradSentry, Zhao et al. 2026, arXiv 2605.26574)."""

import math
from typing import TYPE_CHECKING, Sequence

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.defense import DEFENSES, Verdict, most_suspicious
from dece_fairseq.defenses.model_defense import ModelDefense

if TYPE_CHECKING:  # it takes seconds to import, and listing the defences should not
    from torch import Tensor

#: how many singular values count, as in the authors' code
RANK = 16


@DEFENSES.register("gradient_entropy")
class GradientEntropy(ModelDefense):
    """Drops the pairs whose gradient of the output projection spreads over most directions.

    A pair's score is the entropy of the 16 largest singular values of that gradient, each divided
    by their sum, over log 16: that of 16 equal ones. A gradient has no more of them than its target
    has tokens, so the score of T tokens, T < 16, is at most log T / log 16, such as a half for
    four: short targets are hardly ever among the highest, poisoned or not.

    The pairs with the highest are dropped, one and a half times as many as ``rate`` says; the
    authors take a valley between two peaks of the scores instead. They look at a corner of the
    gradient, an eighth of its rows and columns, and at all of it here, which costs less than
    theirs: it is a product of two small matrices that one forward pass gives.

    The model is the one that training starts from.
    """

    summary = "targets whose gradient of the output projection spreads over most directions"
    takes = ("rate",)

    def examine(self, pairs: Sequence[Pair]) -> Verdict:
        scores = [0.0] * len(pairs)
        gradients = self.model.projection_gradients(pairs, "gradient entropy")
        for index, features, errors in gradients:
            scores[index] = spectral_entropy(singular_values(features, errors))
        return Verdict(
            scores,
            most_suspicious(scores, self.settings.rate, len(pairs)),
            details={"mean_entropy": sum(scores) / len(scores), **self.model.texts_cut(pairs)},
        )


def singular_values(features: "Tensor", errors: "Tensor") -> np.ndarray:
    """Return the singular values of ``errors.T @ features``, the largest first.

    The gradient (V, D) is never made: with ``features.T = Q R`` they are the roots of the
    eigenvalues of ``R (errors errors.T) R.T``, which has as many rows as there are tokens, or as
    features have numbers where that is less.

    Args:
        features: (T, D)
        errors: (T, V)

    Returns:
        (min(T, D),), float64
    """
    import torch

    of_tokens = features.double().t()
    triangle = torch.linalg.qr(of_tokens, mode="r").R
    gram = (errors @ errors.t()).double()
    eigenvalues = torch.linalg.eigvalsh(triangle @ gram @ triangle.t())
    values: np.ndarray = eigenvalues.clamp(min=0).sqrt().flip(0).numpy()
    return values


def spectral_entropy(values: np.ndarray, rank: int = RANK) -> float:
    """Return the entropy of the ``rank`` largest values' shares over that of ``rank`` equal ones.

    It is in [0, 1]; of n < ``rank`` values at most log n / log ``rank``, so 0 of one. 0 where none
    is above 0.

    Args:
        values: 0 or more, the largest first
        rank: how many count, 2 or more
    """
    values = values[:rank]
    if values.sum() <= 0:
        return 0.0
    shares = values / values.sum()
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum() / math.log(rank))
