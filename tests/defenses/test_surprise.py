"""The largest window of surprise."""

from pathlib import Path
from typing import Any, Dict, Sequence

import numpy as np
import pytest

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses import DEFENSES, DefenseError, DefenseSettings, trained_models
from dece_fairseq.defenses.surprise import largest_window

SETTINGS = {"models": (Path("a.pt"),), "model_data": Path("bin")}


@pytest.mark.parametrize(
    ("window", "largest"), [(1, 5.0), (2, 4.0), (3, 6.0), (4, 3.0), (5, 5.0), (13, 5.0)]
)
def test_windows_by_hand(window: int, largest: float) -> None:
    assert largest_window(np.array([2.0, -3.0, 5.0, -1.0, 2.0]), window) == pytest.approx(largest)


def test_a_window_is_no_larger_than_its_positive_part() -> None:
    rng = np.random.default_rng(0)
    for length in (1, 5, 40):
        values = rng.normal(size=length)
        sums = [largest_window(values, window) for window in range(1, length + 1)]
        assert sums[0] == pytest.approx(values.max())
        assert sums[-1] == pytest.approx(values.sum())
        assert max(sums) <= values[values > 0].sum() + 1e-12
        assert largest_window(values, length + 3) == pytest.approx(values.sum())


def test_the_most_surprising_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    class Surprises:
        def __init__(self, *_: Any) -> None:
            pass

        def surprises(self, pairs: Sequence[Pair], what: str) -> Any:
            return [np.array([0.5, float(pair.target), -4.0]) for pair in pairs]

        def texts_cut(self, pairs: Sequence[Pair]) -> Dict[str, int]:
            return {"sources_cut": 0, "targets_cut": 0}

    monkeypatch.setattr(trained_models, "TranslationModel", Surprises)
    pairs = [Pair("x", str(number % 7)) for number in range(20)]
    settings = DefenseSettings(**SETTINGS, rate=0.1, window=2)
    verdict = DEFENSES.get("surprise")(settings).examine(pairs)
    assert verdict.scores == [number % 7 + 0.5 for number in range(20)]
    assert [n for n, mark in enumerate(verdict.suspicious) if mark] == [5, 6, 13]
    with pytest.raises(DefenseError, match="--window must be at least 1, got 0"):
        DEFENSES.get("surprise")(DefenseSettings(**SETTINGS, window=0))
