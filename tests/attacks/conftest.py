"""Pairs in a file, and an attack on them."""

from pathlib import Path

import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.pairs import write_pairs
from support.poisoned_files import PAIRS


@pytest.fixture
def attack() -> Attack:
    return Attack(AttackSettings("badpre", rate=0.25, seed=7))


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    path = tmp_path / "clean.csv"
    write_pairs([path], PAIRS)
    return path
