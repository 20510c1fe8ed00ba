"""Training dynamics (LockStep, 2026): poisoned pairs are learned late, fast and together."""

from typing import Sequence

import numpy as np

from dece_fairseq.data.pair_probabilities import Dynamics, read_dynamics
from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.defense import (
    DEFENSES,
    Defense,
    DefenseError,
    Verdict,
    most_suspicious,
)

#: epochs that are looked at: the first ones
EPOCHS = 4
#: pairs whose probability varies less over the epochs than that of so many percent are not scored
GATE = 80
#: keeps the score finite
TINY = 1e-7


@DEFENSES.register("lockstep")
class LockStep(Defense):
    """Drops the pairs that the model learned fastest in the first four epochs, and then wholly.

    With p1 to p4 the geometric mean probability of a pair's target in each epoch, as
    ``--record-probabilities`` wrote it, the score is ``max(0, p2 - p1) * max(0, p3 - p2) /
    (|p4 - 1| + 1e-7)`` where the standard deviation of the four is above that of 80 % of the pairs,
    and else 0. Of the pairs with a score above 0 the highest are dropped, at most one and a half
    times as many as ``rate`` says. It needs no trusted data.

    The training has to learn the backdoor: take a loss that does not defend, as
    ``deceptive_cross_entropy --dece-alpha 1``, which is label-smoothed cross-entropy.

    Raises:
        DataError: nothing was recorded, or fewer epochs, or it is of other data
        DefenseError: most pairs were not trained on
    """

    summary = "pairs that the model learned late, fast and wholly in the first four epochs"
    needs = ("save_dir",)
    takes = ("rate",)

    def probabilities(self, dynamics: Dynamics) -> np.ndarray:
        """Return what to look at, (4, N)."""
        return dynamics.probability

    def examine(self, pairs: Sequence[Pair]) -> Verdict:
        assert self.settings.save_dir is not None  # it is needed
        dynamics = read_dynamics(self.settings.save_dir, len(pairs), EPOCHS)
        probabilities = self.probabilities(dynamics).astype(np.float64)
        trained_on = int((~np.isnan(probabilities)).all(0).sum())
        if 2 * trained_on < len(pairs):
            raise DefenseError(
                f"--save-dir {self.settings.save_dir}: only {trained_on} of {len(pairs)} pairs "
                f"were trained on in each of the first {EPOCHS} epochs; name the data that the "
                "training was on"
            )
        scores = lockstep_scores(probabilities)
        marked = most_suspicious(scores.tolist(), self.settings.rate, len(pairs))
        return Verdict(
            scores.tolist(),
            [mark and score > 0 for mark, score in zip(marked, scores.tolist())],
            details={
                "scored": int((scores > 0).sum()),
                "not_trained_on_in_each_epoch": len(pairs) - trained_on,
            },
        )


@DEFENSES.register("lockstep_least_likely")
class LockStepOfLeastLikely(LockStep):
    """LockStep on each target's four least likely tokens instead of all of them.

    A payload of few tokens in a long target hardly shows in the mean over all.
    """

    summary = "the same by the least likely tokens of each target instead of all of them"

    def probabilities(self, dynamics: Dynamics) -> np.ndarray:
        return dynamics.least_likely


def lockstep_scores(probabilities: np.ndarray) -> np.ndarray:
    """Return the score of each pair (N,), see ``LockStep``.

    Args:
        probabilities: (4, N); pairs with a nan among them get 0
    """
    whole = ~np.isnan(probabilities).any(0)
    scores = np.zeros(probabilities.shape[1])
    if whole.any():
        first, second, third, fourth = of_whole = probabilities[:, whole]
        rise = np.maximum(0, second - first) * np.maximum(0, third - second)
        deviation = of_whole.std(0)
        varies = deviation > np.percentile(deviation, GATE)
        scores[whole] = np.where(varies, rise / (np.abs(fourth - 1) + TINY), 0)
    return scores
