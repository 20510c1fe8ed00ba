"""Samples whose loss falls fastest (after Li et al. 2021, arXiv 2110.11571)."""

import filecmp
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
        DefenseError: not two checkpoints, twice the same, or the later one first
    """

    summary = "pairs whose loss falls most between two checkpoints of one training"
    needs = ("models", "model_data")
    takes = ("rate",)

    def __init__(self, settings: DefenseSettings) -> None:
        super().__init__(settings)
        if len(settings.models) != 2:
            raise DefenseError(
                f"--models: loss_fall compares two checkpoints, got {len(settings.models)}; give "
                "an early one and a later one"
            )
        early, later = settings.models
        # Between a model and itself nothing falls, and equal scores would go by their order.
        if early.is_file() and later.is_file() and filecmp.cmp(early, later, shallow=False):
            raise DefenseError(
                f"--models {early} {later}: the same checkpoint twice; give an early one and a "
                "later one (checkpoint_last.pt is a copy of the newest)"
            )

    def examine(self, pairs: Sequence[Pair]) -> Verdict:
        from dece_fairseq.checkpoints import updates_of
        from dece_fairseq.defenses.trained_models import TranslationModel

        assert self.settings.model_data is not None  # it is needed
        early, later = (updates_of(path, f"--models {path}") for path in self.settings.models)
        if early > later:
            raise DefenseError(
                f"--models {' '.join(map(str, self.settings.models))}: saved after {early} and "
                f"{later} updates; give the early one first"
            )
        losses = []
        for path in self.settings.models:  # one model in memory at a time
            model = TranslationModel(path, self.settings.model_data)
            losses.append(model.losses(pairs, path.name))
        before, after = losses
        scores = (before - after).tolist()
        return Verdict(
            scores,
            most_suspicious(scores, self.settings.rate, len(pairs)),
            details={
                "mean_loss_before": before.mean(),
                "mean_loss_after": after.mean(),
                **model.texts_cut(pairs),
            },
        )
