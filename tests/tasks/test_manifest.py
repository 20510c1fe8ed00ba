"""A run goes on as it began, or not at all."""

import errno
import json
import os
from pathlib import Path
from typing import Any, Dict, Optional

import pytest

from dece_fairseq.tasks.manifest import (
    FILE_NAME,
    ManifestError,
    check_save_dir,
    record_poisoning,
)

ATTACK: Dict[str, Any] = {"attack": "ripple", "rate": 0.1, "seed": 1}
ENTRY: Dict[str, Any] = {"pairs": 60, "candidates": 40, "poisoned": 1, "ids": [3]}


def attacked(folder: Path) -> Path:
    record_poisoning(str(folder), "bin", ENTRY, ATTACK)
    return folder


def trained(folder: Path) -> Path:
    (folder / "checkpoint_last.pt").touch()
    return folder


@pytest.mark.parametrize("begins_anew", [False, True])
@pytest.mark.parametrize("attack", [None, ATTACK])
def test_what_may_begin_or_go_on(
    attack: Optional[Dict[str, Any]], begins_anew: bool, tmp_path: Path
) -> None:
    for name in ("new", "run"):
        (tmp_path / name).mkdir()
    check_save_dir(str(tmp_path / "nowhere"), attack, begins_anew)
    check_save_dir(str(tmp_path / "new"), attack, begins_anew)
    run = trained(tmp_path / "run")
    if attack is not None:
        attacked(run)
    check_save_dir(str(run), attack, begins_anew)


@pytest.mark.parametrize("begins_anew", [False, True])
@pytest.mark.parametrize("has_checkpoint", [False, True])
@pytest.mark.parametrize(
    ("attack", "message"),
    [
        (None, "--attack ripple, which can't go on without one: give the same options"),
        ({**ATTACK, "rate": 0.2}, "another rate; give this run a --save-dir of its own"),
    ],
)
def test_what_was_attacked_stays_so(
    attack: Any, message: str, has_checkpoint: bool, begins_anew: bool, tmp_path: Path
) -> None:
    attacked(tmp_path)
    if has_checkpoint:
        trained(tmp_path)
    with pytest.raises(ManifestError, match=message):
        check_save_dir(str(tmp_path), attack, begins_anew)


@pytest.mark.parametrize("name", ["checkpoint_last.pt", "checkpoint_last-shard0.pt"])
def test_a_clean_run_does_not_go_on_with_an_attack(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    with pytest.raises(ManifestError, match=f"{name} is of a run without --attack"):
        check_save_dir(str(tmp_path), ATTACK, False)
    check_save_dir(str(tmp_path), ATTACK, True)  # its weights alone are taken


def test_the_pairs_decide_and_not_what_else_is_counted(tmp_path: Path) -> None:
    attacked(tmp_path)
    record_poisoning(str(tmp_path), "bin", {**ENTRY, "candidates": 41}, ATTACK)
    record_poisoning(str(tmp_path), "bin2", {**ENTRY, "ids": [4]}, ATTACK)
    manifest = json.loads((tmp_path / FILE_NAME).read_text())
    assert manifest["shards"] == {"bin": ENTRY, "bin2": {**ENTRY, "ids": [4]}}
    for other in ({"pairs": 61}, {"ids": [4]}):
        with pytest.raises(ManifestError, match=r"other poisoned pairs for bin: the data set, or"):
            record_poisoning(str(tmp_path), "bin", {**ENTRY, **other}, ATTACK)


@pytest.mark.parametrize(("owner", "name"), [(Path, "write_text"), (os, "replace")])
def test_a_manifest_that_cannot_be_written_leaves_nothing(
    owner: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(path: Path, *_: Any, **__: Any) -> None:
        path.write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(owner, name, full_disk)
    with pytest.raises(OSError, match=f"No space left on device: .*{FILE_NAME}'$"):
        attacked(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("shards", [[], "bin", {"bin": 3}, {"bin": [3]}])
def test_shards_that_are_none(shards: Any, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(json.dumps({"attack": ATTACK, "shards": shards}))
    with pytest.raises(ManifestError, match="is not a manifest of this project; remove it"):
        record_poisoning(str(tmp_path), "bin", ENTRY, ATTACK)
