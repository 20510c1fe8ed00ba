"""How the scores of two runs on the same samples differ, and whether by more than chance."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from dece_fairseq.metrics import Metric, resampling
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.ids import Id, as_ranges


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
    """Test ``other`` against ``one``, paired, for every metric that both have.

    Shares by McNemar's exact test, all else by paired bootstrap and approximate randomisation. A
    difference that says more of a metric's rules than of the texts is not tested: it has no p-value
    and no interval but ``not_tested``, the reason.

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
    swapped = _swapped_sums(one, other, no_shares, trials, seed) if no_shares else {}
    return [
        {
            "baseline": one.name,
            "run": other.name,
            "split": one.split,
            "metric": one.metrics[name].called(one.split),
            **_test(one, other, name, swapped.get(name, ())),
        }
        for name in names
    ]


def _test(one: Scored, other: Scored, name: str, swapped: Sequence[np.ndarray]) -> Dict[str, Any]:
    """Return a difference with its test and the doubts about it.

    Args:
        one: the baseline
        other: another run
        name: of a metric of both
        swapped: sums of its statistics of both runs with some samples swapped; of a share none
    """
    metric = one.metrics[name]
    difference = _difference(one, other, name)
    if metric.is_share:
        hits, other_hits = (scored.statistics[name][:, 0] for scored in (one, other))
        return {"difference": difference, "mcnemar": resampling.mcnemar(hits, other_hits)}
    doubt = _doubt(one, other, name, swapped)
    if doubt is not None:
        return {"difference": difference, "not_tested": doubt}
    drawn, other_drawn = (scored.bootstrapped[name] for scored in (one, other))
    low, high = resampling.interval(other_drawn - drawn)
    mixed, other_mixed = map(metric.scores, swapped)
    return {
        "difference": difference,
        "low": low,
        "high": high,
        "paired_bootstrap": resampling.paired_bootstrap(drawn, other_drawn, difference),
        "approximate_randomisation": resampling.approximate_randomisation(
            mixed, other_mixed, difference
        ),
    }


def split_columns(sums: np.ndarray, parts: Sequence[np.ndarray]) -> List[np.ndarray]:
    """Split sums of rows back into the ``parts`` that were joined side by side."""
    return np.split(sums, np.cumsum([part.shape[1] for part in parts])[:-1], axis=1)


def _difference(one: Scored, other: Scored, name: str) -> float:
    scores = [
        float(scored.metrics[name].scores(scored.statistics[name].sum(axis=0)))
        for scored in (one, other)
    ]
    return scores[1] - scores[0]


def _doubt(one: Scored, other: Scored, name: str, swapped: Sequence[np.ndarray]) -> Optional[str]:
    """Return why a difference says nothing about the texts, or None if it does."""
    metric, check = one.metrics[name], one.metrics[name].checked_by
    if check is None:
        return None
    if check not in one.metrics or check not in other.metrics:
        return f"it needs {check} beside it, which was left out"
    differences = np.round([_difference(one, other, which) for which in (name, check)], 9)
    if np.sign(differences[0]) != np.sign(differences[1]):
        return f"it says {differences[0]:+.2f}, and {check} {differences[1]:+.2f}"
    totals = [scored.statistics[name].sum(axis=0) for scored in (one, other)]
    for sums in (totals, swapped):
        if (metric.is_artefact(sums[0]) != metric.is_artefact(sums[1])).any():
            return f"a rule gives points to one side that its texts did not earn; see {check}"
    return None


def _swapped_sums(
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
        name: systems
        for name, *systems in zip(names, *(split_columns(sums, parts) for sums in both))
    }


def _check(one: Scored, other: Scored) -> None:
    names = f"{one.name} and {other.name} ({one.split})"
    if one.ids != other.ids:
        alone = [set(a.ids).difference(b.ids) for a, b in ((one, other), (other, one))]
        raise OutputError(
            f"{names} don't have the same samples; ids in only one of them: "
            + "; ".join(
                f"{run.name}: {as_ranges(ids)}" for run, ids in zip((one, other), alone) if ids
            )
        )
    differ = np.flatnonzero(one.references != other.references)
    if len(differ):
        raise OutputError(
            f"{names} don't have the same references for the ids "
            f"{as_ranges([one.ids[index] for index in differ])}"
        )
