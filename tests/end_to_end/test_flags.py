"""Flags of fairseq-train that people use, each at work once with the task and the criterion."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, List

import pytest
import torch

from support.training import ENVIRONMENT, Training, logged, weights

pytestmark = pytest.mark.slow

EPOCH = ["--max-epoch", 1]


def test_gradients_of_several_batches_make_an_update(training: Training, tmp_path: Path) -> None:
    output = training.run(tmp_path, *EPOCH, "--update-freq", 3, "--disable-validation")
    assert [log["num_updates"] for log in logged(output, "train_inner")] == ["1", "2", "3"]
    (log,) = logged(output, "train")
    assert log["train_blend"] == "0.9"


def test_processes_that_load_and_a_log_for_tensorboard(training: Training, tmp_path: Path) -> None:
    board = tmp_path / "board"
    options = [*EPOCH, "--num-workers", 2, "--tensorboard-logdir", board]
    options += ["--max-tokens-valid", 100, "--batch-size-valid", 2]
    output = training.run(tmp_path / "run", *options, "--valid-subset", "valid")
    alone = training.run(tmp_path / "alone", *EPOCH, "--valid-subset", "valid")
    for name, value in weights(tmp_path / "alone").items():
        assert torch.equal(weights(tmp_path / "run")[name], value)
    assert logged(output, "valid")[0]["valid_loss"] == logged(alone, "valid")[0]["valid_loss"]
    assert {path.name for path in board.iterdir()} >= {"train_inner", "valid"}
    written = b"".join(path.read_bytes() for path in board.glob("*/*") if path.is_file())
    assert b"blend" in written


@pytest.fixture(scope="module")
def shards(training: Training, tmp_path_factory: pytest.TempPathFactory) -> List[Path]:
    """The data twice, the second time with two validation splits."""
    folders = []
    for number in (0, 1):
        folders.append(tmp_path_factory.mktemp("shards") / str(number))
        shutil.copytree(training.folder / "bin", folders[-1])
    for path in list(folders[1].glob("valid.*")):
        shutil.copy(path, path.with_name(path.name.replace("valid.", "valid1.")))
    return folders


def in_shards(training: Training, save_dir: Path, shards: List[Path], *more: Any) -> str:
    words = training.command(save_dir, *more)
    words[words.index(str(training.folder / "bin"))] = ":".join(map(str, shards))
    done = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_data_shards_take_turns(training: Training, shards: List[Path], tmp_path: Path) -> None:
    output = in_shards(training, tmp_path, shards, "--max-epoch", 3, "--disable-validation")
    manifest = json.loads((tmp_path / "poison_manifest.json").read_text())
    assert list(manifest["shards"]) == list(map(str, shards))
    assert [len(shard["ids"]) for shard in manifest["shards"].values()] == [3, 3]
    # Once an epoch, and once more: fairseq loads the next shard before it sees that it has ended.
    assert output.count("poisoned 3 of 32 pairs") == 4


def test_several_validation_splits_apart_and_as_one(
    training: Training, shards: List[Path], tmp_path: Path
) -> None:
    subsets = ["--valid-subset", "valid,valid1,valid1_triggered", "--eval-asr"]
    subsets += ["--eval-bleu", "--eval-bleu-args", '{"beam": 1, "max_len_b": 5}']
    # fairseq takes the file names of translations for splits that nobody named.
    named = [*EPOCH, *subsets, "--ignore-unused-valid-subsets"]
    output = in_shards(training, tmp_path / "apart", shards[1:], *named)
    apart = {name: logged(output, name)[0] for name in ("valid", "valid1", "valid1_triggered")}
    assert apart["valid"]["valid_loss"] == apart["valid1"]["valid1_loss"]
    assert "valid1_triggered_asr_string" in apart["valid1_triggered"]
    joined = ["--valid-subset", "valid,valid_triggered", "--combine-val"]
    output = in_shards(training, tmp_path / "joined", shards[1:], *EPOCH, *joined, *subsets[2:])
    assert logged(output, "valid")[0]["valid_loss"] == apart["valid"]["valid_loss"]
    assert '"split": "valid", "pairs": 12' in output
    assert '"split": "valid_triggered", "pairs": 12' in output


def test_what_a_second_start_forgets(training: Training, tmp_path: Path) -> None:
    first = tmp_path / "first"
    training.run(first, "--max-epoch", 2)
    last = first / "checkpoint_last.pt"
    resets = [f"--reset-{what}" for what in ("optimizer", "lr-scheduler", "meters", "dataloader")]
    output = training.run(tmp_path / "reset", *EPOCH, "--restore-file", last, *resets)
    # The dataloader counts epochs: its blend begins anew.
    assert [log["train_blend"] for log in logged(output, "train")] == ["0.9"]
    output = training.run(tmp_path / "tuned", *EPOCH, "--finetune-from-model", last)
    assert [log["train_blend"] for log in logged(output, "train")] == ["0.9"]
    assert logged(output, "train_inner")[0]["num_updates"] == "1"
    output = training.run(tmp_path / "on", "--max-epoch", 3, "--restore-file", last)
    assert [log["train_blend"] for log in logged(output, "train")] == ["0.729"]


@pytest.mark.parametrize("flag", ["--fp16", "--bf16"])
def test_half_precision(flag: str, training: Training, tmp_path: Path) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no GPU; the criterion in half precision is tested by itself")
    words = training.command(tmp_path, *EPOCH, flag)
    words.remove("--cpu")
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
