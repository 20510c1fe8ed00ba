"""Checkpoints load under torch's safe loading, and a harmful one does not."""

import argparse
import os
import pickle

import numpy as np
import pytest
import torch

from dece_fairseq.safe_loading import allow_checkpoints

pytestmark = pytest.mark.skipif(
    not hasattr(torch.serialization, "add_safe_globals"), reason="this torch knows no safe classes"
)


@pytest.fixture(autouse=True)
def _allowed() -> None:
    """Again: transformers' Trainer takes back classes that it allowed for a time itself."""
    allow_checkpoints()


def test_what_fairseq_saves_can_be_loaded(tmp_path):
    state = {
        "args": argparse.Namespace(seed=1),
        "counts": np.array([1, 2]),
        "means": np.array([0.5]),
        "sum": np.float64(3),
        "total": np.int64(4),
    }
    torch.save(state, tmp_path / "checkpoint.pt")
    loaded = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert loaded["args"] == state["args"]
    assert loaded["counts"].tolist() == [1, 2]
    assert (loaded["means"], loaded["sum"], loaded["total"]) == ([0.5], 3, 4)


class _Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_checkpoint_with_code_in_it_is_refused(tmp_path):
    torch.save({"model": _Harmful(tmp_path / "made")}, tmp_path / "checkpoint.pt")
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        torch.load(tmp_path / "checkpoint.pt")
    assert not (tmp_path / "made").exists()
