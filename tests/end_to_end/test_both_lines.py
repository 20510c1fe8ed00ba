"""What a checkpoint of fairseq's last release is to its main branch, and the other way round.

It needs both, and runs once: on the older line, whose script comes second in .ci/run.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, List

import pytest

from support.training import ENVIRONMENT, ROOT, Training

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.version_info >= (3, 11), reason="scripts/test_older.sh runs it"),
]

#: with fairseq's main branch, as scripts/setup_env.sh makes it
MAIN = ROOT / ".venv"
#: tensors of the release's encoder layers, of which main knows nothing
OF_THE_RELEASE = {
    f"{name}_{kind}"
    for name in ("in_proj", "out_proj", "fc1", "fc2")
    for kind in ("weight", "bias")
}
EPOCH = ["--max-epoch", 1, "--disable-validation"]


@pytest.fixture(scope="module")
def pythons(warm_python: Path) -> List[Path]:
    """Those of fairseq's main branch and of its last release."""
    if not list(MAIN.glob("made-of-*")):  # which an installation that was cut off lacks
        pytest.skip(f"fairseq's main branch is not installed in {MAIN.name}")
    return [MAIN / "bin" / "python", warm_python]


def trained(training: Training, save_dir: Path, *more: Any, python: Path) -> str:
    """What a training by one of them says; raises if it fails."""
    command = training.command(save_dir, *more, python=python)
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return done.stdout + done.stderr


def test_the_release_goes_on_from_what_main_saved(
    training: Training, pythons: List[Path], tmp_path: Path
) -> None:
    main, release = pythons
    trained(training, tmp_path, *EPOCH, python=main)
    with pytest.raises(RuntimeError, match="parameter group that doesn't match"):
        trained(training, tmp_path, "--max-epoch", 2, python=release)
    more = ["--max-epoch", 2, "--reset-optimizer"]
    output = trained(training, tmp_path, *more, python=release)
    assert "Loaded checkpoint" in output
    assert '"train_blend": "0.81"' in output  # of the second epoch


def test_main_does_not_take_what_the_release_saved(
    training: Training, pythons: List[Path], tmp_path: Path
) -> None:
    main, release = pythons
    trained(training, tmp_path, *EPOCH, python=release)
    with pytest.raises(RuntimeError, match="Cannot load model parameters from") as refusal:
        trained(training, tmp_path, "--max-epoch", 2, "--reset-optimizer", python=main)
    _, unexpected = str(refusal.value).split("Unexpected key(s)")
    assert set(re.findall(r'"encoder\.layers\.\d+\.(\w+)"', unexpected)) == OF_THE_RELEASE
