"""Where results can be written."""

import os
from pathlib import Path

import pytest

from dece_fairseq.data.destinations import check_output, check_output_folder, check_outputs
from dece_fairseq.data.errors import DataError


def test_a_new_file_and_one_to_overwrite(tmp_path: Path) -> None:
    check_output(tmp_path / "new")
    (tmp_path / "old").write_text("x")
    check_output(tmp_path / "old", [tmp_path / "new"])


def test_several_files(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    check_outputs([tmp_path / "new", None, tmp_path / "other"], [tmp_path / "data", None])
    with pytest.raises(DataError, match="data: would be both read and written"):
        check_outputs([tmp_path / "new", tmp_path / "data"], [None, tmp_path / "data"])
    (tmp_path / "link").symlink_to("new")  # which is not there yet
    with pytest.raises(DataError, match="link: named twice as output; give each output a file"):
        check_outputs([tmp_path / "new", tmp_path / "link"])


def test_what_can_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"there is no folder .*nowhere; make it first"):
        check_output(tmp_path / "nowhere" / "x")
    with pytest.raises(DataError, match="is a folder; name a file to write"):
        check_output(tmp_path)
    (tmp_path / "data").write_text("x")
    os.link(tmp_path / "data", tmp_path / "same")
    with pytest.raises(DataError, match="would be both read and written"):
        check_output(tmp_path / "same", [tmp_path / "data"])
    monkeypatch.setattr("dece_fairseq.data.destinations.os.access", lambda path, mode: False)
    with pytest.raises(DataError, match=r"x: nothing can be written to .*; name another folder"):
        check_output(tmp_path / "x")


def test_a_folder_to_write_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_output_folder(tmp_path)
    check_output_folder(tmp_path / "new" / "newer")
    assert not (tmp_path / "new").exists()
    (tmp_path / "data").write_text("x")
    with pytest.raises(DataError, match=r"^--work .*/data: is a file; name a folder$"):
        check_output_folder(tmp_path / "data", "--work")
    with pytest.raises(DataError, match=r"^--output .*/new: .*/data is a file; name a folder$"):
        check_output_folder(tmp_path / "data" / "new")
    monkeypatch.setattr("dece_fairseq.data.destinations.os.access", lambda path, mode: False)
    with pytest.raises(DataError, match=r"nothing can be written to .*; name another$"):
        check_output_folder(tmp_path / "new")
