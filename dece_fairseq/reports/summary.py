"""What the seeds of each defence come to: means, spreads, intervals and tests."""

from statistics import mean
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from dece_fairseq.metrics.hits import REFERENCES_HIT
from dece_fairseq.metrics.score import Score
from dece_fairseq.metrics.seeds import Spread, spread
from dece_fairseq.reports.cells import BASELINE, SHARES, TESTS, Cell

#: metrics of the table, with what a person calls them
COLUMNS = {
    "bleu_code": "BLEU",
    "codebleu": "CodeBLEU",
    "codebleu_parts": "CodeBLEU parts",
    "exact_match": "exact match %",
    "asr_string": "ASR %",
    "asr_parse": "ASR by parse %",
    "false_triggers_string": "false triggers %",
}
#: metrics that are to be read beside another
CHECKS = {"codebleu": "codebleu_parts"}


class Row(NamedTuple):
    """A defence in a setting."""

    setting: str
    defense: str
    seeds: List[str]
    scores: Dict[str, Spread]
    tests: Dict[str, List[Optional[float]]]
    """For each of ``TESTS``, the p-value of each seed; None where it was not told."""
    references: Dict[str, float]
    """For each ASR, what share of the references its rule tells for hits, in percent."""
    filters: Dict[str, Spread]
    """Precision, recall and false positives of a data-side defence."""


def summarise(cells: Sequence[Cell]) -> List[Row]:
    """Return a row for each setting and defence, cross-entropy first, in the cells' order."""
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
        scores[metric] = spread(told)
    tests = {
        metric: [cell.tests.get(metric, {}).get(test) for cell in cells]
        for metric, test in TESTS.items()
        if any(metric in cell.tests for cell in cells)
    }
    seeds = [cell.axes["seed"] for cell in cells]
    return Row(setting, defense, seeds, scores, tests, _references(cells), _filters(cells))


def _references(cells: Sequence[Cell]) -> Dict[str, float]:
    """Return, by metric, the mean share of references that are hits, where cells have it."""
    found: Dict[str, List[float]] = {}
    for cell in cells:
        for metric, score in cell.scores.items():
            share = score.details.get(REFERENCES_HIT)
            if share is not None and metric.startswith("asr_"):
                found.setdefault(metric, []).append(share)
    return {metric: mean(shares) for metric, shares in found.items()}


def _filters(cells: Sequence[Cell]) -> Dict[str, Spread]:
    """Return how the filters of these cells did, by share, without shares of nothing."""
    found: Dict[str, List[Score]] = {}
    for cell in cells:
        report = cell.filters.get("train", {})
        for name in SHARES:
            share = report.get(name)
            if share is not None:
                found.setdefault(name, []).append(filter_score(cell, name, share))
    return {name: spread(shares) for name, shares in found.items()}


def filter_score(cell: Cell, name: str, share: Mapping[str, Any]) -> Score:
    """Return a share that a filter's report tells of the training pairs."""
    return Score.from_dict({**share, "run": cell.axes["defense"], "split": "train", "metric": name})


def as_dict(rows: Sequence[Row]) -> List[Dict[str, Any]]:
    """Return the rows as plain values, for JSON."""
    return [
        {
            **row._asdict(),
            "scores": {metric: score._asdict() for metric, score in row.scores.items()},
            "filters": {name: share._asdict() for name, share in row.filters.items()},
        }
        for row in rows
    ]
