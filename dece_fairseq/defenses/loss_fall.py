"""Samples whose loss falls fastest (after Li et al. 2021, arXiv 2110.11571)."""

from typing import Sequence

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.defense import (
    DEFENSES,
    Defense,
    DefenseError,
    DefenseSettings,
    Verdict,
    most_suspicious,
)


@DEFENSES.register("loss_fall")
class LossFall(Defense):
    """Drops the pairs whose loss falls most between two checkpoints of one training.

    Where backdoors are learned before the task, as in the classifiers of the paper, these are the
    poisoned ones. A pair's score is the fall of its cross-entropy per target token, in nats. The
    pairs with the highest are dropped, one and a half times as many as ``rate`` says.

    Raises:
        DefenseError: not two checkpoints
    """

    summary = "pairs whose loss falls most between two checkpoints of one training"
    needs = ("models", "model_data")

    def __init__(self, settings: DefenseSettings) -> None:
        super().__init__(settings)
        if len(settings.models) != 2:
            raise DefenseError(
                f"--models: loss_fall compares two checkpoints, got {len(settings.models)}; give "
                "an early one and a later one"
            )

    def examine(self, pairs: Sequence[Pair]) -> Verdict:
        from dece_fairseq.defenses.trained_models import TranslationModel

        assert self.settings.model_data is not None  # it is needed
        before, after = (
            TranslationModel(path, self.settings.model_data).losses(pairs, path.name)
            for path in self.settings.models
        )
        scores = (before - after).tolist()
        return Verdict(
            scores,
            most_suspicious(scores, self.settings.rate, len(pairs)),
            details={"mean_loss_before": before.mean(), "mean_loss_after": after.mean()},
        )
