"""The largest surprise of a target to a model that knows the clean task."""

from typing import Sequence

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.defense import DEFENSES, DefenseError, Verdict, most_suspicious
from dece_fairseq.defenses.model_defense import ModelDefense


@DEFENSES.register("surprise")
class Surprise(ModelDefense):
    """Drops the pairs whose target has the window that a trusted model expects least.

    A token's surprise is its negative log-likelihood less the entropy of the model's prediction, in
    nats: what is hard to predict anyway surprises little. A pair's score is the largest sum over
    ``window`` tokens in a row, over all tokens where the target has fewer. The pairs with the
    highest are dropped, one and a half times as many as ``rate`` says.

    The model must not have met the payload: the one that training starts from, or one that DeCE has
    trained on the doubtful data.

    Raises:
        DefenseError: a window of no token
    """

    summary = "targets with a passage that a model which knows the clean task expects least"
    takes = ("rate", "window")

    def set_up(self) -> None:
        if self.settings.window < 1:
            raise DefenseError(f"--window must be at least 1, got {self.settings.window}")

    def examine(self, pairs: Sequence[Pair]) -> Verdict:
        surprises = self.model.surprises(pairs, "surprise")
        scores = [largest_window(of_pair, self.settings.window) for of_pair in surprises]
        return Verdict(
            scores,
            most_suspicious(scores, self.settings.rate, len(pairs)),
            details={
                "mean_surprise_of_a_token": float(np.concatenate(surprises).mean()),
                **self.model.texts_cut(pairs),
            },
        )


def largest_window(values: np.ndarray, window: int) -> float:
    """Return the largest sum of ``window`` values in a row, of all where there are fewer.

    Args:
        values: (T,), T >= 1
        window: how many, 1 or more
    """
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    window = min(window, len(values))
    return float((sums[window:] - sums[:-window]).max())
