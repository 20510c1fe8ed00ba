"""The record of how likely pairs were: written by several workers, killed, resumed, read back."""

from pathlib import Path
from typing import List, Tuple

import numpy as np
import pytest

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pair_probabilities import (
    PairProbability,
    ProbabilityWriter,
    path_of,
    read_dynamics,
)

Batch = Tuple[int, int, List[int]]


def lines(epoch: int, batch: int, pairs: List[int], of: float = 0.0) -> List[PairProbability]:
    """Each pair of a batch, with a probability that tells epoch and pair."""
    return [
        PairProbability(epoch, batch, pair, of or epoch / 10 + pair / 100, epoch / 100)
        for pair in pairs
    ]


def write(save_dir: Path, *batches: Batch, worker: int = 0, workers: int = 1) -> None:
    """Write what one process comes to, in order."""
    writer = ProbabilityWriter(save_dir, worker, workers)
    for batch in batches:
        writer.write(lines(*batch))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    save_dir = tmp_path / "a" / "b"
    write(save_dir, (1, 1, [2, 0]), (1, 2, [1]), (2, 1, [1, 0]), (3, 1, [0]))
    dynamics = read_dynamics(save_dir, pairs=4, epochs=2)
    expected = [[0.10, 0.11, 0.12, np.nan], [0.20, 0.21, np.nan, np.nan]]
    np.testing.assert_allclose(dynamics.probability, expected, rtol=1e-6)
    least = [[0.01, 0.01, 0.01, np.nan], [0.02, 0.02, np.nan, np.nan]]
    np.testing.assert_allclose(dynamics.least_likely, least, rtol=1e-6)


def test_a_resumed_training_replaces_what_it_repeats(tmp_path: Path) -> None:
    """Killed in the second batch of epoch 2, it goes on with a checkpoint of the first."""
    write(tmp_path, (1, 1, [0]), (1, 2, [1]), (2, 1, [1]), (2, 2, [0]))
    with path_of(tmp_path, 0).open("a") as file:
        file.write("2,3,7")  # cut off
    write(tmp_path, (2, 2, [1, 0]))
    text = path_of(tmp_path, 0).read_text()
    assert [line.split(",")[:3] for line in text.splitlines()[1:]] == [
        ["1", "1", "0"],
        ["1", "2", "1"],
        ["2", "1", "1"],
        ["2", "2", "1"],
        ["2", "2", "0"],
    ]


def test_a_training_that_starts_anew_leaves_nothing_of_the_last(tmp_path: Path) -> None:
    """It has one worker where the last had three."""
    for worker in range(3):
        write(tmp_path, (1, 1, [worker]), (2, 1, [worker]), worker=worker, workers=3)
    write(tmp_path, (1, 1, [4]))
    dynamics = read_dynamics(tmp_path, pairs=5, epochs=1)
    assert np.isnan(dynamics.probability[0]).tolist() == [True, True, True, True, False]
    with pytest.raises(DataError, match="tells of 1 of the first 2 epochs"):
        read_dynamics(tmp_path, pairs=5, epochs=2)


def test_several_workers_and_their_dummies(tmp_path: Path) -> None:
    """At the end of the epoch the second worker has its first batch again, as a dummy."""
    write(tmp_path, (1, 1, [0]), (1, 2, [1]), worker=0, workers=2)
    second = ProbabilityWriter(tmp_path, 1, 2)
    second.write(lines(1, 1, [2]))
    second.write(lines(1, 2, [2], of=0.9))
    dynamics = read_dynamics(tmp_path, pairs=3, epochs=1)
    np.testing.assert_allclose(dynamics.probability, [[0.10, 0.11, 0.12]], rtol=1e-6)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no pair_probabilities.csv; .*--record-prob"):
        read_dynamics(tmp_path, pairs=2, epochs=1)
    write(tmp_path, (1, 1, [2]))
    with pytest.raises(DataError, match="tells of pair 2, but there are 2 pairs"):
        read_dynamics(tmp_path, pairs=2, epochs=1)
    path = path_of(tmp_path, 0)
    path.write_text(path.read_text() + "1,2\n")
    with pytest.raises(DataError, match=r"pair_probabilities\.csv, line 3: "):
        read_dynamics(tmp_path, pairs=9, epochs=1)
    for wrong in ("nan", "-0.1", "2", "inf"):
        write(tmp_path, (1, 1, [0, 1]))
        lines = path.read_text().splitlines()
        path.write_text("\n".join([*lines[:2], f"1,1,1,0.5,{wrong}"]) + "\n")
        with pytest.raises(DataError, match=rf"line 3: .*0\.5 and {wrong} are to be prob"):
            read_dynamics(tmp_path, pairs=9, epochs=1)
    path.write_text("a,b\n")
    with pytest.raises(DataError, match="doesn't begin with the columns epoch, batch"):
        read_dynamics(tmp_path, pairs=9, epochs=1)
