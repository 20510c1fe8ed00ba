"""Activation clustering (Chen et al. 2019, arXiv 1811.03728) on encoder states."""

import warnings
from typing import Sequence

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.defense import DEFENSES, DefenseError, Verdict
from dece_fairseq.defenses.model_defense import ModelDefense
from dece_fairseq.extras import importing

#: independent components that the states are reduced to, as in the paper
COMPONENTS = 10
#: rounds after which the components count as they are, settled or not
ROUNDS = 1000
#: a cluster with a smaller share than this is taken for the poisoned pairs, as in the paper
SMALL = 0.35


@DEFENSES.register("activation_clustering")
class ActivationClustering(ModelDefense):
    """Drops the smaller of two clusters of encoder states, if it is small.

    A source is represented by the mean of its encoder states, reduced to ten independent
    components (ICA) and parted by k-means. Where the smaller cluster holds 35 % of the data or
    more, nothing is suspicious. A pair's score is how much nearer it is to the smaller cluster's
    centre than to the other's.

    Raises:
        DefenseError: to the model all sources are the same, so that there are no two clusters
        PackageError: scikit-learn is not there; the extra ``[defenses]`` installs it
    """

    summary = "the smaller of two clusters of encoder states, if it is small"
    takes = ()

    def set_up(self) -> None:
        with importing("defenses", "activation clustering needs scikit-learn"):
            import sklearn.cluster
            import sklearn.decomposition
            import sklearn.exceptions
        self.sklearn = sklearn

    def examine(self, pairs: Sequence[Pair]) -> Verdict:
        sources = [pair.source for pair in pairs]
        states = self.model.mean_states(sources, "encoding").numpy()
        # Where few sources differ, further components would be divided by a spread of 0.
        spread = int(np.linalg.matrix_rank(states - states.mean(0)))
        if not spread:
            raise DefenseError(
                "activation_clustering: to this model all sources are the same, so there are no "
                "two clusters; give data whose sources differ"
            )
        components = min(COMPONENTS, spread)
        seed = self.settings.seed
        analysis = self.sklearn.decomposition.FastICA(
            n_components=components, whiten="unit-variance", max_iter=ROUNDS, random_state=seed
        )
        with warnings.catch_warnings():  # the report tells it
            warnings.simplefilter("ignore", self.sklearn.exceptions.ConvergenceWarning)
            reduced = analysis.fit_transform(states)
        clusters = self.sklearn.cluster.KMeans(n_clusters=2, n_init=10, random_state=seed)
        labels = clusters.fit_predict(reduced)
        sizes = np.bincount(labels, minlength=2)
        smaller = int(sizes.argmin())
        distances = clusters.transform(reduced)
        share = float(sizes[smaller] / len(pairs))
        marked = (labels == smaller) & (share < SMALL)
        return Verdict(
            (distances[:, 1 - smaller] - distances[:, smaller]).tolist(),
            marked.tolist(),
            details={
                "smaller_cluster": share,
                "largest_that_is_small": SMALL,
                "components_settled": bool(analysis.n_iter_ < ROUNDS),
                "sources_cut": self.model.sources_cut(sources),
            },
        )
