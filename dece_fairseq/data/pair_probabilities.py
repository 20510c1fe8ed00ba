"""How likely each pair of the training data was in each epoch, as files in the save dir.

``--record-probabilities`` writes them, one a worker: ``pair_probabilities.csv`` by the first,
``pair_probabilities.1.csv`` by the second, and so on. A line is a pair in an epoch.
"""

import csv
import re
from pathlib import Path
from typing import Iterable, Iterator, List, NamedTuple, Optional, TextIO, Tuple

import numpy as np

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import replacing

COLUMNS = ("epoch", "batch", "pair", "probability", "least_likely")
#: so many of a target's tokens, those that are least likely, make the column ``least_likely``
LEAST_LIKELY = 4
#: a probability of 1, as half precision may round it
HIGHEST = 1.01
_NAME = re.compile(r"pair_probabilities(?:\.(\d+))?\.csv")


class PairProbability(NamedTuple):
    """A line."""

    epoch: int
    batch: int
    """How many batches the epoch had seen, this one included."""
    pair: int
    probability: float
    """Geometric mean of the probabilities of the target's tokens."""
    least_likely: float
    """The same of the ``LEAST_LIKELY`` tokens with the lowest."""


def path_of(save_dir: Path, worker: int) -> Path:
    """Return where a worker, counted from 0, writes."""
    return save_dir / f"pair_probabilities{f'.{worker}' if worker else ''}.csv"


class ProbabilityWriter:
    """Appends lines as training goes on.

    A training that resumes repeats what came after its checkpoint, and one that starts anew all of
    it: before its first line it drops those that it will write again, or those of a training that
    it replaces. What is written is in the file at once, so that a kill loses nothing.

    Args:
        save_dir: fairseq's ``--save-dir``
        worker: the number of this worker, from 0
        workers: how many there are
    """

    def __init__(self, save_dir: Path, worker: int = 0, workers: int = 1) -> None:
        self.save_dir, self.worker, self.workers = save_dir, worker, workers
        self._file: Optional[TextIO] = None

    def write(self, lines: Iterable[PairProbability]) -> None:
        """Append the lines of a batch; later calls are of the same batch or of later ones."""
        lines = list(lines)
        if not lines:
            return
        if self._file is None:
            self._file = self._open(lines[0])
        csv.writer(self._file, lineterminator="\n").writerows(
            [*line[:3], f"{line.probability:.6g}", f"{line.least_likely:.6g}"] for line in lines
        )
        self._file.flush()

    def _open(self, first: PairProbability) -> TextIO:
        self.save_dir.mkdir(parents=True, exist_ok=True)
        own = path_of(self.save_dir, self.worker)
        paths = [own]
        if self.worker == 0:  # and for workers that there are no longer
            others = _files(self.save_dir)
            paths += [path for worker, path in others if worker >= self.workers]
        for path in paths:
            kept = _before(path, first) if path.exists() else []
            with replacing(path) as (new,), new.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([COLUMNS, *kept])
        return own.open("a", encoding="utf-8", newline="")


def _before(path: Path, first: PairProbability) -> List[List[str]]:
    """Return the rows of a file that a training which goes on with ``first`` won't write again."""
    now = (first.epoch, first.batch)
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows, None)
        # A kill may have cut off the last one.
        return [
            row for row in rows if len(row) == len(COLUMNS) and (int(row[0]), int(row[1])) < now
        ]


def _files(save_dir: Path) -> List[Tuple[int, Path]]:
    """Return the numbers of workers and their files, in order."""
    named = ((_NAME.fullmatch(path.name), path) for path in save_dir.glob("pair_prob*.csv"))
    return sorted((int(match[1] or 0), path) for match, path in named if match)


class Dynamics(NamedTuple):
    """How likely each pair was in epoch 1, 2, ...; nan where it was not trained on."""

    probability: np.ndarray
    """(E, N), float32: geometric mean of the probabilities of the target's tokens."""
    least_likely: np.ndarray
    """(E, N), float32: the same of the ``LEAST_LIKELY`` tokens with the lowest."""


def read_dynamics(save_dir: Path, pairs: int, epochs: int) -> Dynamics:
    """Return the first ``epochs`` epochs of a training with ``--record-probabilities``.

    Where several workers tell of a pair, the one counts that came to it first: the others had it as
    a dummy, to fill up an update at the end of the epoch.

    Args:
        save_dir: fairseq's ``--save-dir`` of that training
        pairs: how many pairs the training split has
        epochs: how many to read

    Raises:
        DataError: nothing was recorded, or fewer epochs, or it is of other data
    """
    files = _files(save_dir)
    if not files:
        raise DataError(
            f"--save-dir {save_dir}: holds no {path_of(save_dir, 0).name}; train with one of this "
            "package's criterions and --record-probabilities"
        )
    probability, least = np.full((2, epochs, pairs), np.nan, dtype=np.float32)
    batches = np.full((epochs, pairs), np.iinfo(np.int32).max, dtype=np.int32)
    for _, path in files:
        for line in _lines(path):
            if not 0 <= line.pair < pairs:
                raise DataError(
                    f"{path}: tells of pair {line.pair}, but there are {pairs} pairs; name the "
                    "data that the training was on"
                )
            at = (line.epoch - 1, line.pair)
            if 1 <= line.epoch <= epochs and line.batch < batches[at]:
                batches[at], probability[at], least[at] = line.batch, line[3], line[4]
    recorded = int((~np.isnan(probability)).any(1).sum())
    if recorded < epochs:
        raise DataError(
            f"--save-dir {save_dir}: tells of {recorded} of the first {epochs} epochs; train for "
            "as many, from the first on with --record-probabilities"
        )
    return Dynamics(probability, least)


def _lines(path: Path) -> Iterator[PairProbability]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        if tuple(next(rows, ())) != COLUMNS:
            raise DataError(f"{path}: doesn't begin with the columns {', '.join(COLUMNS)}")
        for number, row in enumerate(rows, start=2):
            try:
                epoch, batch, pair, probability, least = row
                line = PairProbability(
                    int(epoch), int(batch), int(pair), float(probability), float(least)
                )
                if not all(0 <= value <= HIGHEST for value in line[3:]):
                    raise ValueError(f"{probability} and {least} are to be probabilities")
            except ValueError as error:
                raise DataError(
                    f"{path}, line {number}: not as --record-probabilities writes it ({error}); if "
                    "the training was killed, resume it, which mends the file"
                ) from error
            yield line
