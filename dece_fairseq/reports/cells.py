"""The cells of an experiment as rows: what each was, and what came of it."""

import json
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

from dece_fairseq.data.pairs import DataError
from dece_fairseq.scoring.errors import OutputError
from dece_fairseq.scoring.training_log import Epoch, read_training_log

#: the folders of a cell, from ``cells`` on
AXES = ("dataset", "trusted", "attack", "rate", "defense", "seed")
#: what cells with the same poison have in common
SETTING = ("dataset", "trusted", "attack", "rate")
BASELINE = "cross_entropy"


class Cell(NamedTuple):
    """One run of one defence."""

    folder: Path
    axes: Dict[str, str]
    """A value for each of :data:`AXES`."""
    scores: Dict[str, Dict[str, Any]]
    """What ``scripts/evaluate.py`` says of each metric."""
    tests: Dict[str, Dict[str, Any]]
    """The paired tests against cross-entropy, by metric."""
    filters: Dict[str, Any]
    """What a data-side defence says of itself, or nothing."""
    epochs: List[Epoch]
    """The figures of each epoch, where the cell was trained."""

    @property
    def setting(self) -> str:
        """Dataset, trusted pairs, attack and rate as one name."""
        return "/".join(self.axes[axis] for axis in SETTING)

    def score(self, metric: str) -> Optional[float]:
        """A score in percent; None where it was not told."""
        return self.scores[metric]["percent"] if metric in self.scores else None


def read_cells(folder: Path) -> List[Cell]:
    """All finished cells below ``folder/cells``, in the order of their axes.

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


def _read(path: Path, folder: Path) -> Cell:
    axes = dict(zip(AXES, path.relative_to(folder / "cells").parts))
    scores = {score["metric"]: score for score in _json(path / "result.json")["scores"]}
    tests: Dict[str, Dict[str, Any]] = {}
    if (path / "compare.json").is_file():
        tests = {test["metric"]: test for test in _json(path / "compare.json")["comparisons"]}
    epochs: List[Epoch] = []
    if (path / "train.log").is_file():
        try:
            epochs = read_training_log(path / "train.log")
        except OutputError as error:
            raise DataError(str(error)) from error
    reports = {
        name: _json(path / f"{name}.csv.report.json")
        for name in ("train", "test_triggered_cleaned", "test_cleaned")
        if (path / f"{name}.csv.report.json").is_file()
    }
    return Cell(path, axes, scores, tests, reports, epochs)


def _json(path: Path) -> Dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} can't be read: {error}; run its cell again") from error
    if not isinstance(content, dict):
        raise DataError(
            f"{path}: a JSON {type(content).__name__}, not an object; run its cell again"
        )
    return content
