"""The cells of an experiment as rows: what each was, and what came of it."""

import math
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from dece_fairseq.data.errors import DataError
from dece_fairseq.metrics.hits import REFERENCES_HIT
from dece_fairseq.metrics.metric import CLEAN, TRIGGERED
from dece_fairseq.metrics.score import Score
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.training_log import Epoch, read_training_log
from dece_fairseq.reports.json_files import read_object

#: the folders of a cell, from ``cells`` on
AXES = ("dataset", "trusted", "attack", "rate", "defense", "seed")
#: what cells with the same poison have in common
SETTING = ("dataset", "trusted", "attack", "rate")
BASELINE = "cross_entropy"
#: what a filter's report tells of what it found
SHARES = ("precision", "recall", "false_positive_rate")
#: what to do about a file of a cell that is broken
AGAIN = "run its cell again"
#: metrics whose paired tests against cross-entropy are shown, with the test
TESTS = {"bleu_code": "approximate_randomisation", "asr_string": "mcnemar"}


class Cell(NamedTuple):
    """One run of one defence."""

    folder: Path
    axes: Dict[str, str]
    """A value for each of ``AXES``."""
    scores: Dict[str, Score]
    """What ``dece evaluate`` says of each metric."""
    tests: Dict[str, Dict[str, Any]]
    """The paired tests against cross-entropy, by metric."""
    filters: Dict[str, Any]
    """What a data-side defence says of itself, or nothing."""
    epochs: List[Epoch]
    """The figures of each epoch, where the cell was trained."""

    @property
    def setting(self) -> str:
        """Return data set, trusted pairs, attack and rate as one name."""
        return "/".join(self.axes[axis] for axis in SETTING)

    def score(self, metric: str) -> Optional[float]:
        """Return a score in percent; None where the cell has none."""
        return self.scores[metric].percent if metric in self.scores else None


def read_cells(folder: Path) -> List[Cell]:
    """Return all finished cells below ``folder/cells``, in the order of their axes.

    Raises:
        DataError: there is no finished cell, or a file of one is not what it should be
    """
    cells = [
        _read(path.parent, folder) for path in sorted(folder.glob("cells/*/*/*/*/*/*/result.json"))
    ]
    if not cells:
        raise DataError(
            f"{folder}: no finished cell (cells/{'/'.join(map(str.upper, AXES))}/result.json); run "
            "the workflow first, or name the folder of another plan"
        )
    return cells


def unfinished(folder: Path) -> List[Path]:
    """Return the folders of cells below ``folder/cells`` that have no result yet, in order."""
    cells = sorted(path for path in folder.glob("cells/*/*/*/*/*/*") if path.is_dir())
    return [path for path in cells if not (path / "result.json").is_file()]


def _read(path: Path, folder: Path) -> Cell:
    axes = dict(zip(AXES, path.relative_to(folder / "cells").parts))
    scores = _by_metric(path / "result.json", "scores")
    broken = [metric for metric, score in scores.items() if not is_score(score)]
    tests: Dict[str, Dict[str, Any]] = {}
    if (path / "compare.json").is_file():
        tests = _by_metric(path / "compare.json", "comparisons")
    for metric, test in TESTS.items():
        p = tests.get(metric, {}).get(test)
        if not (p is None or is_number(p)):
            broken.append(f"{test} of {metric}")
    epochs: List[Epoch] = []
    if (path / "train.log").is_file():
        try:
            epochs = read_training_log(path / "train.log")
        except OutputError as error:
            raise DataError(str(error)) from error
    reports = {
        name: read_object(path / f"{name}.csv.report.json", AGAIN)
        for name in ("train", "test_triggered_cleaned", "test_cleaned")
        if (path / f"{name}.csv.report.json").is_file()
    }
    shares = {name: reports.get("train", {}).get(name) for name in SHARES}
    broken += [name for name, share in shares.items() if not (share is None or is_score(share))]
    if broken:
        raise DataError(f"{path}: {', '.join(broken)} can't be read; {AGAIN}")
    told = {metric: cell_score(axes, score) for metric, score in scores.items()}
    return Cell(path, axes, told, tests, reports, epochs)


def _by_metric(path: Path, key: str) -> Dict[str, Dict[str, Any]]:
    """Return the entries of a list in a file, by their metric."""
    entries = read_object(path, AGAIN).get(key)
    if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries):
        named = [entry for entry in entries if isinstance(entry.get("metric"), str)]
        found = {entry["metric"]: entry for entry in named}
        if len(found) == len(entries):
            return found
    raise DataError(f"{path}: no {key}, each with a metric of its own; {AGAIN}")


def cell_score(axes: Mapping[str, str], values: Mapping[str, Any]) -> Score:
    """Return a score of a cell, whose run is called as its defence.

    Args:
        axes: the cell's
        values: what ``is_score`` holds of, and its metric
    """
    split = TRIGGERED if values["metric"].startswith("asr_") else CLEAN
    return Score.from_dict({"split": split, **values, "run": axes["defense"]})


def is_score(score: Any) -> bool:
    """Return whether it has percent and an interval or none, and if it has hits, of how many."""
    if not isinstance(score, dict):
        return False
    ends = [score.get(name, math.nan) for name in ("low", "high")]
    if ends != [None, None] and not all(map(is_number, ends)):
        return False
    hits, total = score.get("hits"), score.get("total")
    if hits is not None and not (type(hits) is type(total) is int and 0 <= hits <= total):
        return False
    if not all(isinstance(score.get(name, ""), str) for name in ("split", "signature")):
        return False
    details = score.get("details", {})
    if not isinstance(details, dict) or not is_number(details.get(REFERENCES_HIT, 0)):
        return False
    return is_number(score.get("percent"))


def is_number(value: Any) -> bool:
    """Return whether it can be reckoned with: JSON may hold NaN and infinities too."""
    return type(value) in (int, float) and math.isfinite(value)
