"""Runs that are killed at some moment, and started again."""

import json
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
import torch

from support.checkpoints import load_checkpoint
from support.training import ENVIRONMENT, PARITY, Training, logged, weights

pytestmark = pytest.mark.slow

#: 24 updates, a checkpoint after each second one and after each epoch, dropout to be drawn again
OPTIONS = ["--max-epoch", 3, "--dropout", 0.2, "--save-interval-updates", 2]
OPTIONS += ["--keep-interval-updates", 2, "--dece-schedule", "update"]

#: kills itself with half a file written, at a copy or a saving that the environment names
KILLER = """
import io
import os
import signal

import torch
from fairseq.file_io import PathManager

what, number = os.environ["KILL_AT"].split()
calls = {"copy": 0, "save": 0}
copy, save = PathManager.copy, torch.save


def half(content, file):
    file.write(content[: len(content) // 2])
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def copy_or_die(source, destination, overwrite=False):
    calls["copy"] += 1
    if (what, calls["copy"]) == ("copy", int(number)):
        with open(source, "rb") as file, open(destination, "wb") as cut_off:
            half(file.read(), cut_off)
    return copy(source, destination, overwrite=overwrite)


def save_or_die(value, file, *args, **kwargs):
    calls["save"] += 1
    if (what, calls["save"]) == ("save", int(number)):
        content = io.BytesIO()
        save(value, content)
        half(content.getvalue(), file)
    return save(value, file, *args, **kwargs)


PathManager.copy = staticmethod(copy_or_die)
torch.save = save_or_die
"""


@pytest.fixture(scope="module")
def whole(training: Training, tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Any]:
    """What a run comes to that nobody kills."""
    folder = tmp_path_factory.mktemp("whole")
    return outcome(folder, training.run(folder, *OPTIONS))


def outcome(save_dir: Path, output: str) -> Dict[str, Any]:
    return {
        "weights": weights(save_dir),
        "manifest": json.loads((save_dir / "poison_manifest.json").read_text()),
        "blend": logged(output, "train_inner")[-1]["blend"],
        "updates": logged(output, "train")[-1]["train_num_updates"],
        "valid": {k: logged(output, "valid")[-1][k] for k in ("valid_loss", "valid_num_updates")},
    }


def check_equal(found: Dict[str, Any], whole: Dict[str, Any]) -> None:
    assert {k: v for k, v in found.items() if k != "weights"} == {
        k: v for k, v in whole.items() if k != "weights"
    }
    assert list(found["weights"]) == list(whole["weights"])
    for name, value in whole["weights"].items():
        assert torch.equal(found["weights"][name], value), name


def finish(training: Training, save_dir: Path, whole: Dict[str, Any]) -> str:
    """Starts the run again; it comes to the same as one that nobody killed."""
    output = training.run(save_dir, *OPTIONS)
    check_equal(outcome(save_dir, output), whole)
    for epoch in (1, 2, 3):  # what was mended with one of them is not that file
        state = load_checkpoint(save_dir / f"checkpoint{epoch}.pt")
        assert state["extra_state"]["train_iterator"]["epoch"] == epoch + 1
    return output


@pytest.mark.parametrize("moments", [[1], [7], [23], [3, 4, 9]])
def test_killed_in_training(
    moments: List[int], training: Training, whole: Dict[str, Any], tmp_path: Path
) -> None:
    """Killed as soon as so many updates are logged, in each start."""
    for updates in moments:
        process = training.start(tmp_path, *OPTIONS)
        assert process.stdout is not None
        seen = 0
        for line in process.stdout:
            seen += "| train_inner |" in line
            if seen == updates:
                break
        process.kill()
        process.communicate()
        assert (seen, process.returncode) == (updates, -signal.SIGKILL)
    finish(training, tmp_path, whole)


@pytest.mark.parametrize(
    ("moment", "is_mended"),
    [("save 1", False), ("save 4", False), ("copy 1", True), ("copy 5", True), ("copy 8", True)],
)
def test_killed_while_saving(
    moment: str, is_mended: bool, training: Training, whole: Dict[str, Any], tmp_path: Path
) -> None:
    """With half a file written: of a checkpoint, or of the copy of one."""
    plugin = tmp_path / "killer"
    plugin.mkdir()
    (plugin / "__init__.py").write_text(PARITY + KILLER)
    save_dir = tmp_path / "run"
    options = [*OPTIONS, "--user-dir", plugin]
    environment = {**ENVIRONMENT, "KILL_AT": moment}
    with training.start(save_dir, *options, env=environment) as process:
        said, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL, said
    output = finish(training, save_dir, whole)
    assert ("was cut off while it was written" in output) == is_mended


def test_a_manifest_of_a_killed_run_is_that_of_the_next(
    training: Training, whole: Dict[str, Any], tmp_path: Path
) -> None:
    """Another seed would poison other pairs; the run does not go on with them."""
    training.run(tmp_path, *OPTIONS, "--max-update", 2)
    with training.start(tmp_path, *OPTIONS, "--poison-seed", 5) as process:
        output, _ = process.communicate()
    assert process.returncode != 0
    assert "records a run with another seed" in output
    finish(training, tmp_path, whole)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("no disk can be made here, which takes root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(training: Training, whole: Dict[str, Any], small_disk: Path) -> None:
    training.run(small_disk, *OPTIONS, "--max-epoch", 1)
    last = (small_disk / "checkpoint_last.pt").read_bytes()
    filler = small_disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - len(last) // 2))
    with training.start(small_disk, *OPTIONS) as process:
        output, _ = process.communicate()
    assert process.returncode != 0
    # The older torch ends the process itself.
    assert "No space left on device" in output or "c10::Error" in output
    assert (small_disk / "checkpoint_last.pt").read_bytes() == last
    filler.unlink()
    finish(training, small_disk, whole)
