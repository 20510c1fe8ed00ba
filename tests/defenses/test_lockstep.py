"""LockStep's formula on tiny numbers, its gate, and who is left out."""

from pathlib import Path

import numpy as np
import pytest

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pair_probabilities import PairProbability, ProbabilityWriter
from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses import DEFENSES, DefenseError, DefenseSettings
from dece_fairseq.defenses.lockstep import lockstep_scores


def test_scores_by_hand() -> None:
    """Ten pairs, of which the two that vary most pass the gate."""
    steady = np.full((4, 8), 0.5)
    learned = np.array([[0.1, 0.3, 0.9, 0.99], [0.0, 0.5, 0.6, 1.0]]).T
    scores = lockstep_scores(np.hstack([learned, steady]))
    assert scores[0] == pytest.approx(0.2 * 0.6 / (0.01 + 1e-7), rel=1e-6)
    assert scores[1] == pytest.approx(0.5 * 0.1 / 1e-7, rel=1e-6)
    assert scores[2:].tolist() == [0] * 8


def test_a_fall_in_between_is_no_lockstep() -> None:
    steady = np.full((4, 8), 0.5)
    fall = np.array([[0.1, 0.9, 0.2, 1.0], [0.9, 0.1, 0.8, 1.0]]).T
    assert lockstep_scores(np.hstack([fall, steady])).tolist() == [0] * 10


def test_the_gate_lets_a_fifth_through() -> None:
    rng = np.random.default_rng(0)
    rising = np.sort(rng.random((4, 100)), axis=0)
    scores = lockstep_scores(rising)
    assert (scores > 0).sum() == 20
    deviations = rising.std(0)
    assert deviations[scores > 0].min() > deviations[scores == 0].max()


def test_pairs_that_were_not_trained_on_count_for_nothing() -> None:
    rng = np.random.default_rng(0)
    rising = np.sort(rng.random((4, 50)), axis=0)
    with_others = np.full((4, 60), np.nan)
    with_others[:, :50] = rising
    with_others[0, 50:] = 0.5
    assert lockstep_scores(with_others).tolist() == [*lockstep_scores(rising).tolist(), *[0] * 10]
    assert lockstep_scores(np.full((4, 3), np.nan)).tolist() == [0, 0, 0]


def record(save_dir: Path, epochs: int = 4) -> None:
    """Twenty pairs: 3 is learned in lockstep, 7 in its least likely tokens, 9 is missing."""
    rising = {1: 0.1, 2: 0.4, 3: 0.8, 4: 0.99}
    writer = ProbabilityWriter(save_dir)
    for epoch in range(1, epochs + 1):
        writer.write(
            PairProbability(
                epoch,
                1,
                pair,
                rising[epoch] if pair == 3 else 0.5,
                rising[epoch] if pair == 7 else 0.4,
            )
            for pair in range(20)
            if pair != 9 or epoch != 2
        )


@pytest.mark.parametrize(("name", "pair"), [("lockstep", 3), ("lockstep_least_likely", 7)])
def test_each_looks_at_its_column(tmp_path: Path, name: str, pair: int) -> None:
    record(tmp_path)
    settings = DefenseSettings(save_dir=tmp_path, rate=0.3)
    verdict = DEFENSES.get(name)(settings).examine([Pair("x", "y")] * 20)
    # Nine would be dropped, were there as many with a score.
    assert [n for n, mark in enumerate(verdict.suspicious) if mark] == [pair]
    assert verdict.details == {"scored": 1, "not_trained_on_in_each_epoch": 1}


def test_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DefenseError, match=r"--save-dir is needed: .*--record-probabilities"):
        DEFENSES.get("lockstep")(DefenseSettings())
    record(tmp_path, epochs=3)
    defense = DEFENSES.get("lockstep")(DefenseSettings(save_dir=tmp_path))
    with pytest.raises(DataError, match="tells of 3 of the first 4 epochs"):
        defense.examine([Pair("x", "y")] * 20)
    record(tmp_path)
    defense.examine([Pair("x", "y")] * 38)
    with pytest.raises(DefenseError, match="only 19 of 39 pairs were trained on in each"):
        defense.examine([Pair("x", "y")] * 39)
