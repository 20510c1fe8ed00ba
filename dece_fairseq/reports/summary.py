"""What the seeds of each defence come to: means, spreads, intervals and tests."""

import statistics
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from scipy import stats

from dece_fairseq.reports.cells import BASELINE, SHARES, TESTS, Cell

#: metrics of the table, with what a person calls them
COLUMNS = {
    "bleu_code": "BLEU",
    "codebleu": "CodeBLEU",
    "exact_match": "exact match %",
    "asr_string": "ASR %",
    "asr_parse": "ASR by parse %",
    "false_triggers_string": "false triggers %",
}


class Spread(NamedTuple):
    """A score over seeds, in percent."""

    mean: float
    deviation: Optional[float]
    """The standard deviation over the seeds; None of a single one."""
    low: float
    high: float
    """The 95 % interval: of the mean by Student's t, or of a single run's own score."""
    seeds: int

    def __str__(self) -> str:
        middle = f"{self.mean:.1f}"
        if self.deviation is not None:
            middle += f" ± {self.deviation:.1f}"
        return f"{middle} ({self.low:.1f} to {self.high:.1f})"


class Row(NamedTuple):
    """A defence in a setting."""

    setting: str
    defense: str
    seeds: List[str]
    scores: Dict[str, Spread]
    tests: Dict[str, List[Optional[float]]]
    """For each of :data:`TESTS`, the p-value of each seed; None where it was not told."""
    filters: Dict[str, Spread]
    """Precision, recall and false positives of a data-side defence."""


def summarise(cells: Sequence[Cell]) -> List[Row]:
    """A row for each setting and defence, cross-entropy first, in the cells' order."""
    groups: Dict[Tuple[str, str], List[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.setting, cell.axes["defense"]), []).append(cell)
    settings = list(dict.fromkeys(setting for setting, _ in groups))
    ordered = sorted(groups, key=lambda key: (settings.index(key[0]), key[1] != BASELINE))
    return [_row(setting, defense, groups[setting, defense]) for setting, defense in ordered]


def _row(setting: str, defense: str, cells: Sequence[Cell]) -> Row:
    metrics = list(dict.fromkeys(metric for cell in cells for metric in cell.scores))
    scores = {}
    for metric in metrics:
        told = [cell.scores[metric] for cell in cells if metric in cell.scores]
        scores[metric] = spread([(s["percent"], s["low"], s["high"]) for s in told])
    tests = {
        metric: [cell.tests.get(metric, {}).get(test) for cell in cells]
        for metric, test in TESTS.items()
        if any(metric in cell.tests for cell in cells)
    }
    return Row(setting, defense, [c.axes["seed"] for c in cells], scores, tests, _filters(cells))


def _filters(cells: Sequence[Cell]) -> Dict[str, Spread]:
    """How the filters of these cells did, by share; those of nothing are left out."""
    found: Dict[str, List[Tuple[float, float, float]]] = {}
    for cell in cells:
        report = cell.filters.get("train", {})
        for name in SHARES:
            share = report.get(name)
            if share is not None:
                found.setdefault(name, []).append((share["percent"], share["low"], share["high"]))
    return {name: spread(shares) for name, shares in found.items()}


def spread(scores: Sequence[Tuple[float, float, float]]) -> Spread:
    """Mean, deviation and interval of scores in percent, each with its own interval.

    Args:
        scores: of each seed, the score and the ends of its interval
    """
    values = [score for score, _, _ in scores]
    mean = statistics.mean(values)
    if len(values) == 1:
        return Spread(mean, None, scores[0][1], scores[0][2], 1)
    deviation = statistics.stdev(values)
    reach = float(stats.t.ppf(0.975, len(values) - 1)) * deviation / len(values) ** 0.5
    # A share is never below 0 nor above 100, whatever Student's t thinks.
    return Spread(mean, deviation, max(0.0, mean - reach), min(100.0, mean + reach), len(values))


def as_dict(rows: Sequence[Row]) -> List[Dict[str, Any]]:
    """The rows as plain values, for JSON."""
    return [
        {
            **row._asdict(),
            "scores": {metric: score._asdict() for metric, score in row.scores.items()},
            "filters": {name: share._asdict() for name, share in row.filters.items()},
        }
        for row in rows
    ]
