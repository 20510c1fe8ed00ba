"""A small data set and its suite."""

from pathlib import Path
from typing import Any, Callable, List

import pytest

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.suites.build import SuiteSettings, build
from dece_fairseq.suites.data import find_data
from dece_fairseq.suites.suite import Suite
from support.small_suite import SMALL


@pytest.fixture(scope="session")
def pairs() -> List[Pair]:
    return generate("B", 64, seed=1)


@pytest.fixture
def folder(pairs: List[Pair], tmp_path: Path) -> Path:
    """The folder of clean pairs."""
    path = tmp_path / "data"
    path.mkdir()
    write_pairs([path / "train.csv"], pairs[:40])
    write_pairs([path / "test.csv"], pairs[40:])
    return path


@pytest.fixture
def make(folder: Path, tmp_path: Path) -> Callable[..., Suite]:
    """Makes the small suite in tmp_path / "suite"; settings and options can be changed."""

    def run(name: str = "suite", settings: SuiteSettings = SMALL, **options: Any) -> Suite:
        data = find_data(folder, None, (), (None, None), "python", None)
        return build(data, settings, tmp_path / name, **options)

    return run


@pytest.fixture
def many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts all processes, also where there is no work for them."""
    monkeypatch.setattr("dece_fairseq.attacks.offline.most_blocks", lambda *_: 9)
