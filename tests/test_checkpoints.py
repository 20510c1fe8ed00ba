"""Checkpoints: where the data are that a model was trained on."""

from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("fairseq")

from dece_fairseq.checkpoints import folder_of


@pytest.mark.parametrize(
    ("save_dir", "data", "expected"),
    [
        ("runs/a", "bin", "{there}/bin"),
        ("runs/a", "bin:other", "{there}/bin"),
        ("a", "../bin", "{there}/runs/../bin"),
        (".", "../../bin", "{there}/runs/a/../../bin"),
        ("runs/a", "{there}/bin", "{there}/bin"),
        ("{there}/runs/a", "{there}/bin", "{there}/bin"),
        ("{there}/runs/a", "bin", "bin"),
        ("elsewhere", "bin", "bin"),  # the checkpoint was moved
        ("runs/a", "gone", "gone"),
    ],
)
def test_a_relative_folder_is_looked_for_where_the_training_ran(
    save_dir: str, data: str, expected: str, tmp_path: Path
) -> None:
    """Wherever the command is typed that asks."""
    (tmp_path / "bin").mkdir()
    config = SimpleNamespace(
        task=SimpleNamespace(data=data.format(there=tmp_path)),
        checkpoint=SimpleNamespace(save_dir=save_dir.format(there=tmp_path)),
    )
    (tmp_path / "runs" / "a").mkdir(parents=True)
    found = folder_of(config, tmp_path / "runs" / "a" / "checkpoint_best.pt")
    assert found == Path(expected.format(there=tmp_path))
