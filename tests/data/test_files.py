"""Files that appear whole or not at all."""

import errno
import os
from pathlib import Path

import pytest

from dece_fairseq.data.files import replacing


def test_files_appear_together_at_the_end(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "ab"]
    paths[0].write_text("old")
    with replacing(*paths) as temporaries:
        for temporary, text in zip(temporaries, "xy"):
            temporary.write_text(text)
        assert paths[0].read_text() == "old"
        assert not paths[1].exists()
    assert [path.read_text() for path in paths] == ["x", "y"]
    assert sorted(tmp_path.iterdir()) == paths


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def interrupted() -> None:
        with replacing(path) as (temporary,):
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "old"


def test_an_error_names_the_file_that_was_wanted(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "a"
    with pytest.raises(FileNotFoundError) as caught, replacing(path) as (temporary,):
        temporary.write_text("half")
    assert caught.value.filename == str(path)
    with pytest.raises(FileNotFoundError) as caught, replacing(tmp_path / "b"):
        (tmp_path / "other").read_text()
    assert caught.value.filename == str(tmp_path / "other")


def test_a_full_disk_is_told_with_the_file(tmp_path: Path) -> None:
    """What a write raises has no name of a file."""
    path = tmp_path / "a"
    with pytest.raises(OSError, match=r"No space left on device: .*a'$"), replacing(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(OSError, match=r"File too large: .*a'$"), replacing(path):
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    with pytest.raises(OSError, match=r"^.Errno 32. Broken pipe$"), replacing(path):
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def test_the_last_file_is_never_beside_others_than_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / name for name in ("data", "ids", "manifest")]
    for path in paths:
        path.write_text("old")
    seen = []

    def replace(source: Path, target: Path) -> None:
        seen.append((target, paths[-1].exists()))
        os.rename(source, target)

    monkeypatch.setattr("dece_fairseq.data.files.os.replace", replace)
    with replacing(*paths) as temporaries:
        for temporary in temporaries:
            temporary.write_text("new")
    assert seen == [(path, False) for path in paths]
