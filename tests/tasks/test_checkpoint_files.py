"""Checkpoints that were cut off."""

import os
from pathlib import Path
from typing import List

import pytest
import torch

from dece_fairseq.tasks import checkpoint_files
from dece_fairseq.tasks.checkpoint_files import mend_checkpoints


def save(path: Path, value: int, age: int) -> bytes:
    torch.save({"value": torch.full((1000,), value)}, path)
    os.utime(path, (10**9 - age, 10**9 - age))
    return path.read_bytes()


def names_in(folder: Path) -> List[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("left", [0, 1, 100, 0.5, 0.999])
@pytest.mark.parametrize("links", [True, False])
def test_a_copy_that_is_cut_off_becomes_whole(
    left: float, links: bool, tmp_path: Path, caplog, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:  # a file system without them

        def no_link(*_: object) -> None:
            raise OSError

        monkeypatch.setattr(checkpoint_files.os, "link", no_link)
    save(tmp_path / "checkpoint1.pt", 1, age=9)
    newest = save(tmp_path / "checkpoint2.pt", 2, age=5)
    best = save(tmp_path / "checkpoint_best.pt", 1, age=8)
    size = int(left * len(newest)) if isinstance(left, float) else left
    (tmp_path / "checkpoint_last.pt").write_bytes(newest[:size])
    mend_checkpoints(tmp_path)
    assert (tmp_path / "checkpoint_last.pt").read_bytes() == newest
    assert (tmp_path / "checkpoint_best.pt").read_bytes() == best
    assert torch.load(tmp_path / "checkpoint_last.pt")["value"][0] == 2
    assert "checkpoint2.pt, which it was to be a copy of" in caplog.text
    assert len(names_in(tmp_path)) == 4


def test_the_only_one_is_put_aside(tmp_path: Path, caplog) -> None:
    whole = save(tmp_path / "checkpoint_last.pt", 1, age=0)
    (tmp_path / "checkpoint_last.pt").write_bytes(whole[:50])
    mend_checkpoints(tmp_path)
    assert names_in(tmp_path) == ["checkpoint_last.pt.cut_off"]
    assert "put aside" in caplog.text


def test_what_is_whole_is_left_alone(tmp_path: Path, caplog) -> None:
    save(tmp_path / "checkpoint_last.pt", 1, age=1)
    torch.save({"old": 1}, tmp_path / "checkpoint_best.pt", _use_new_zipfile_serialization=False)
    before = [(path.name, path.read_bytes()) for path in sorted(tmp_path.iterdir())]
    mend_checkpoints(tmp_path)
    mend_checkpoints(tmp_path / "nowhere")
    assert [(path.name, path.read_bytes()) for path in sorted(tmp_path.iterdir())] == before
    assert not caplog.text
