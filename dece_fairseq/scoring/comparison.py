"""How the scores of two runs on the same samples differ, and whether by more than chance."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from dece_fairseq.scoring import resampling
from dece_fairseq.scoring.errors import OutputError
from dece_fairseq.scoring.ids import Id, as_ranges
from dece_fairseq.scoring.metrics import Metric
from dece_fairseq.scoring.metrics.hits import called


class Scored(NamedTuple):
    """What is kept of a run's outputs for one split once they are scored: no text."""

    name: str
    split: str
    ids: List[Id]
    references: np.ndarray
    """A hash of each sample's reference."""
    metrics: Dict[str, Metric]
    statistics: Dict[str, np.ndarray]
    bootstrapped: Dict[str, np.ndarray]
    """Scores on the resamples of each metric that is no share."""
    attack: Optional[str]
    """Its signature, where one is known."""


def compare(one: Scored, other: Scored, trials: int, seed: int) -> List[Dict[str, Any]]:
    """Paired tests of ``other`` against ``one``, for every metric that both have.

    Shares by McNemar's exact test, all else by paired bootstrap and approximate randomisation.

    Args:
        one: the baseline
        other: another run on the same samples, resampled with the same seed
        trials: of approximate randomisation
        seed: of approximate randomisation

    Raises:
        OutputError: the ids or the references are not the same; the message lists the ids
    """
    _check(one, other)
    names = [
        name
        for name, metric in one.metrics.items()
        if name in other.metrics and (not metric.of_attack or one.attack == other.attack)
    ]
    no_shares = [name for name in names if not one.metrics[name].is_share]
    swapped = _swapped_scores(one, other, no_shares, trials, seed) if no_shares else {}
    results = []
    for name in names:
        result: Dict[str, Any] = {"baseline": one.name, "run": other.name, "split": one.split}
        result["metric"] = called(name, one.split)
        result["difference"] = difference = _score(other, name) - _score(one, name)
        if one.metrics[name].is_share:
            hits, other_hits = (scored.statistics[name][:, 0] for scored in (one, other))
            result["mcnemar"] = resampling.mcnemar(hits, other_hits)
        else:
            scores, other_scores = (scored.bootstrapped[name] for scored in (one, other))
            result["low"], result["high"] = resampling.interval(other_scores - scores)
            result["paired_bootstrap"] = resampling.paired_bootstrap(
                scores, other_scores, difference
            )
            scores, other_scores = swapped[name]
            result["approximate_randomisation"] = resampling.approximate_randomisation(
                scores, other_scores, difference
            )
        results.append(result)
    return results


def split_columns(sums: np.ndarray, parts: Sequence[np.ndarray]) -> List[np.ndarray]:
    """Undoes the joining of ``parts`` side by side, for sums of their rows."""
    return np.split(sums, np.cumsum([part.shape[1] for part in parts])[:-1], axis=1)


def _score(scored: Scored, name: str) -> float:
    return float(scored.metrics[name].scores(scored.statistics[name].sum(axis=0)))


def _swapped_scores(
    one: Scored, other: Scored, names: Sequence[str], trials: int, seed: int
) -> Dict[str, List[np.ndarray]]:
    parts = [one.statistics[name] for name in names]
    both = resampling.swapped_sums(
        np.concatenate(parts, axis=1),
        np.concatenate([other.statistics[name] for name in names], axis=1),
        trials,
        seed,
    )
    return {
        name: [one.metrics[name].scores(columns) for columns in systems]
        for name, *systems in zip(names, *(split_columns(sums, parts) for sums in both))
    }


def _check(one: Scored, other: Scored) -> None:
    names = f"{one.name} and {other.name} ({one.split})"
    if one.ids != other.ids:
        alone = [set(a.ids).difference(b.ids) for a, b in ((one, other), (other, one))]
        raise OutputError(
            f"{names} have not the same samples; ids in one of them alone: "
            + "; ".join(
                f"{run.name}: {as_ranges(ids)}" for run, ids in zip((one, other), alone) if ids
            )
        )
    differ = np.flatnonzero(one.references != other.references)
    if len(differ):
        raise OutputError(
            f"{names} have not the same references, ids "
            f"{as_ranges([one.ids[index] for index in differ])}"
        )
