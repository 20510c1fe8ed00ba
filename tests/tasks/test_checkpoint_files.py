"""Checkpoints that were cut off."""

import errno
import os
from pathlib import Path
from typing import List, Union

import pytest
import torch
from fairseq.file_io import PathManager

from dece_fairseq.errors import UserError
from dece_fairseq.tasks.checkpoint_files import mend_checkpoints


def save(path: Path, value: int, age: int) -> bytes:
    torch.save({"value": torch.full((1000,), value)}, path)
    os.utime(path, (10**9 - age, 10**9 - age))
    return path.read_bytes()


def names_in(folder: Path) -> List[str]:
    return sorted(path.name for path in folder.iterdir())


def cut(path: Path, whole: bytes, age: int, left: Union[int, float] = 0.5) -> None:
    """Writes a part of a file: so many bytes, or such a share of them."""
    path.write_bytes(whole[: int(left * len(whole)) if isinstance(left, float) else left])
    os.utime(path, (10**9 - age, 10**9 - age))


def value(path: Path) -> int:
    return int(torch.load(path)["value"][0])


@pytest.mark.parametrize("left", [0, 1, 100, 0.5, 0.999])
@pytest.mark.parametrize("name", ["_last", "_best", ".best_bleu_12.3450", ".best_loss_-0.5001"])
def test_a_copy_that_is_cut_off_becomes_whole(
    left: Union[int, float], name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(tmp_path / "checkpoint1.pt", 1, age=9)
    newest = save(tmp_path / "checkpoint2.pt", 2, age=5)
    cut(tmp_path / f"checkpoint{name}.pt", newest, age=5, left=left)
    mend_checkpoints(tmp_path)
    assert (tmp_path / f"checkpoint{name}.pt").read_bytes() == newest
    assert value(tmp_path / "checkpoint1.pt") == 1
    assert "checkpoint2.pt, which it was to be a copy of" in caplog.text
    assert len(names_in(tmp_path)) == 3


def test_a_save_after_the_mending_leaves_what_it_was_mended_with(tmp_path: Path) -> None:
    third = save(tmp_path / "checkpoint3.pt", 3, age=5)
    cut(tmp_path / "checkpoint_last.pt", third, age=4)
    mend_checkpoints(tmp_path)
    save(tmp_path / "checkpoint4.pt", 4, age=3)
    # What fairseq does where iopath is not installed, and where it is.
    assert PathManager.copy(
        str(tmp_path / "checkpoint4.pt"), str(tmp_path / "checkpoint_last.pt"), overwrite=True
    )
    assert [value(tmp_path / f"checkpoint{name}.pt") for name in ("3", "4", "_last")] == [3, 4, 4]


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    newest = save(tmp_path / "checkpoint1.pt", 1, age=5)
    cut(tmp_path / "checkpoint_last.pt", newest, age=4)
    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(UserError, match=r"checkpoint_last\.pt: cut off, .*No space .*make room"):
        mend_checkpoints(tmp_path)


@pytest.mark.parametrize("name", ["1", "_1_10", "_best", ".best_bleu_12.3450"])
def test_what_is_no_copy_of_the_newest_does_not_become_one(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = save(tmp_path / "checkpoint2.pt", 2, age=1)
    cut(tmp_path / f"checkpoint{name}.pt", whole, age=5)
    mend_checkpoints(tmp_path)
    assert names_in(tmp_path) == sorted([f"checkpoint{name}.pt.cut_off", "checkpoint2.pt"])
    assert "put aside" in caplog.text


def test_the_parts_of_a_model_do_not_mix(tmp_path: Path) -> None:
    for rank in (0, 1):
        save(tmp_path / f"checkpoint2-rank-{rank}.pt", rank, age=3 - rank)
        cut(tmp_path / f"checkpoint_last-rank-{rank}.pt", b"PK" * 50, age=0)
    mend_checkpoints(tmp_path)
    for rank in (0, 1):
        assert value(tmp_path / f"checkpoint_last-rank-{rank}.pt") == rank


def test_files_of_other_names_are_nobody_s_copies(tmp_path: Path) -> None:
    save(tmp_path / "checkpoint2.pt", 2, age=5)
    save(tmp_path / "checkpoint_average.pt", 9, age=1)
    cut(tmp_path / "checkpoint_last.pt", b"PK" * 50, age=0)
    cut(tmp_path / "checkpoint_mine.pt", b"PK" * 50, age=0, left=100)
    mend_checkpoints(tmp_path)
    assert value(tmp_path / "checkpoint_last.pt") == 2
    assert (tmp_path / "checkpoint_mine.pt").read_bytes() == b"PK" * 50


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
