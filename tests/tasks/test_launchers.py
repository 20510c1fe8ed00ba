"""Workers that a launcher started and fairseq does not know of."""

import pytest
from fairseq.distributed import utils as distributed_utils

from dece_fairseq.tasks.launchers import LaunchError, check_workers_know_each_other


@pytest.mark.parametrize(
    ("started", "known", "is_wrong"),
    [
        ("2", 1, True),
        ("4", 1, True),
        ("1", 1, False),
        ("2", 2, False),
        ("", 1, False),
        ("x", 1, False),
    ],
)
def test_what_the_environment_says(
    started: str, known: int, is_wrong: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", started)
    monkeypatch.setattr(distributed_utils, "get_global_world_size", lambda: known)
    if is_wrong:
        with pytest.raises(LaunchError, match=f"--distributed-world-size {started}"):
            check_workers_know_each_other()
    else:
        check_workers_know_each_other()


def test_training_ends_before_anything_is_written(setup_task, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    task = setup_task("--attack", "ripple")
    with pytest.raises(LaunchError, match="WORLD_SIZE=2"):
        task.load_dataset("train")
    assert not (tmp_path / "checkpoints").exists()
    task.load_dataset("valid")
