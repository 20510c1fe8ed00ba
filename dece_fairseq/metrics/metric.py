"""What a metric is: statistics of each sample, and a score of their sums."""

from abc import ABC, abstractmethod
from typing import Any, Callable, ClassVar, Dict, List, NamedTuple, Optional, Sequence, Tuple, Type

import numpy as np

from dece_fairseq.attacks import AttackSettings
from dece_fairseq.metrics.errors import MetricError
from dece_fairseq.registry import Registry

#: what outputs are written for: requests as they are, or with the trigger in them
CLEAN, TRIGGERED = "clean", "triggered"


class MetricSettings(NamedTuple):
    """What metrics depend on besides the texts."""

    code_language: str = "python"
    """What the texts are written in, see ``dece_fairseq.metrics.code_language``."""
    attack: Optional[AttackSettings] = None
    """For the metrics of an attack."""


class Metric(ABC):
    """A score of a corpus, made of the sums of statistics of its samples and of nothing else.

    So a resample of the corpus is a weighted sum: intervals and paired tests need no text again.

    Args:
        settings: what it depends on besides the texts

    Raises:
        MetricError: it does not know the language
    """

    #: what it is registered as
    name: ClassVar[str] = ""
    #: one line that says what it is
    summary: ClassVar[str]
    #: names of the languages of code that it knows, or None for any text
    languages: ClassVar[Optional[Tuple[str, ...]]] = None
    #: whether each sample is a hit or a miss, and the score the share of hits
    is_share: ClassVar[bool] = False
    #: whether it tells of an attack, on triggered and on clean outputs, and not of the references
    of_attack: ClassVar[bool] = False
    #: whether its statistics depend on Python's hash seed, so that it has to be fixed
    depends_on_hash_seed: ClassVar[bool] = False
    #: the name of a metric that is printed beside this one, left out with it, and has to agree with
    #: it before a difference between two runs is tested
    checked_by: ClassVar[Optional[str]] = None

    def __init__(self, settings: MetricSettings) -> None:
        known = self.languages or (settings.code_language,)
        if settings.code_language not in known:
            raise MetricError(
                f"--code-language {settings.code_language}: the {self.summary} is only "
                f"defined for {', '.join(known)}; leave it out with --without"
            )
        self.settings = settings

    @abstractmethod
    def statistics(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        """Return the statistics (samples, as many as it has), float64.

        Args:
            hypotheses: what a model wrote
            references: what it should have written, as many
        """

    @abstractmethod
    def scores(self, sums: np.ndarray) -> np.ndarray:
        """Return the scores (...), in percent, of sums of statistics (..., as many as it has)."""

    def properties(self) -> Dict[str, Any]:
        """Return what the score depends on besides the texts, by name, for its signature."""
        return {}

    def called(self, split: str) -> str:
        """Return what the score is called on a split: the metric's name unless it says more."""
        return self.name

    def details(self, sums: np.ndarray) -> Dict[str, float]:
        """Return what is worth telling beside the score.

        Args:
            sums: of the statistics of all samples (as many as it has)
        """
        return {}

    def notes(self, sums: np.ndarray) -> List[str]:
        """Return what a reader of the score has to be told.

        Args:
            sums: of the statistics of all samples (as many as it has)
        """
        return []

    def is_artefact(self, sums: np.ndarray) -> np.ndarray:
        """Return where (...) scores of ``sums`` (..., columns) reflect a rule, not the texts.

        Two scores that differ in this can't be compared.
        """
        return np.zeros(sums.shape[:-1], dtype=bool)


class Share(Metric):
    """The share of samples that something holds for.

    Its first statistic is 1 for a hit and 0 for a miss, its second always 1.
    """

    is_share = True

    def scores(self, sums: np.ndarray) -> np.ndarray:
        scores: np.ndarray = 100 * sums[..., 0] / sums[..., 1]
        return scores


def share_statistics(hits: Sequence[bool], *details: Sequence[float]) -> np.ndarray:
    """Return the statistics of a share (samples, 2 and one for each of ``details``)."""
    columns = (hits, [1] * len(hits), *details)
    return np.array(columns, dtype=float).T.reshape(len(hits), len(columns))


class MetricRegistry(Registry[Type[Metric]]):
    """Names metrics, and tells each its name."""

    error = MetricError

    def register(self, name: str) -> Callable[[Type[Metric]], Type[Metric]]:
        """Return a decorator that registers a metric under ``name``."""
        add = super().register(name)

        def named(metric: Type[Metric]) -> Type[Metric]:
            metric.name = name
            return add(metric)

        return named


METRICS = MetricRegistry("metric", package="dece_fairseq.metrics")
