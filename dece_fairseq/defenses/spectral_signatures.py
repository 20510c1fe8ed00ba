"""Spectral signatures (Tran et al. 2018, arXiv 1811.00636) on encoder states."""

from typing import Sequence

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.defense import DEFENSES, Verdict, most_suspicious
from dece_fairseq.defenses.model_defense import ModelDefense


@DEFENSES.register("spectral_signatures")
class SpectralSignatures(ModelDefense):
    """Drops the pairs that lie farthest along the direction in which encoder states vary most.

    A source is represented by the mean of its encoder states, less the mean over all data. Its
    score is its squared projection on the first right singular vector. The pairs with the highest
    are dropped, one and a half times as many as ``rate`` says.
    """

    summary = "sources far out along the main direction in which encoder states vary"
    takes = ("rate",)

    def examine(self, pairs: Sequence[Pair]) -> Verdict:
        import torch

        sources = [pair.source for pair in pairs]
        states = self.model.mean_states(sources, "encoding").double()
        centred = states - states.mean(0)
        _, singular_values, directions = torch.linalg.svd(centred, full_matrices=False)
        scores = (centred @ directions[0]).square().tolist()
        explained = float(singular_values[0] ** 2 / singular_values.square().sum().clamp(min=1e-30))
        return Verdict(
            scores,
            most_suspicious(scores, self.settings.rate, len(pairs)),
            details={
                "explained_by_direction": explained,
                "sources_cut": self.model.sources_cut(sources),
            },
        )
