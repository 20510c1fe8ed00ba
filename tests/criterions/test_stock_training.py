"""Stock fairseq-train with the criterion: the blend that its log shows, epoch by epoch."""

import json
import os
import random
import re
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from dece_fairseq.data.pair_probabilities import path_of, read_dynamics

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
ALPHA = 0.9
#: what trusted text settles
TRUSTING = ("--dece-alpha", "auto", "--dece-gate", "span")

pytestmark = pytest.mark.slow


def command(python: Path, module: str, *options: Any) -> List[str]:
    return [str(python), "-m", f"fairseq_cli.{module}", *map(str, options)]


@pytest.fixture(scope="module")
def run(warm_python: Path) -> Callable[..., str]:
    """Runs a command of fairseq; gives its output."""

    def call(*args: Any) -> str:
        done = subprocess.run(
            command(warm_python, *args),
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return call


@pytest.fixture(scope="module")
def binarised(tmp_path_factory: pytest.TempPathFactory, run: Callable[..., str]) -> Path:
    """20 training and 4 validation pairs of random words."""
    folder = tmp_path_factory.mktemp("data")
    rng = random.Random(0)
    for split, size in (("train", 20), ("valid", 4)):
        for side in ("src", "tgt"):
            lines = [" ".join(rng.choices("abcdefghijkl", k=6)) for _ in range(size)]
            (folder / f"{split}.{side}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    splits = ("--trainpref", folder / "train", "--validpref", folder / "valid")
    pair = ("--source-lang", "src", "--target-lang", "tgt", "--joined-dictionary")
    run("preprocess", *pair, *splits, "--destdir", folder / "translation")
    (folder / "train").write_bytes((folder / "train.tgt").read_bytes())
    (folder / "valid").write_bytes((folder / "valid.tgt").read_bytes())
    run("preprocess", "--only-source", *splits, "--destdir", folder / "language_modeling")
    return folder


def options_of(data: Path, save_dir: Path, task: str = "translation") -> List[Any]:
    """Five batches an epoch, a log line an update."""
    options: List[Any] = [data / task, "--task", task, "--save-dir", save_dir]
    options += ["--user-dir", ROOT / "dece_fairseq", "--cpu", "--seed", 1, "--num-workers", 0]
    options += ["--criterion", "deceptive_cross_entropy", "--dece-alpha", ALPHA]
    options += ["--batch-size", 4, "--required-batch-size-multiple", 1]
    options += ["--optimizer", "sgd", "--lr", 0.1]
    options += ["--log-format", "json", "--log-interval", 1, "--disable-validation"]
    layers = ["--decoder-layers", 1, "--decoder-embed-dim", 8, "--decoder-attention-heads", 2]
    if task == "translation":
        options += ["--arch", "transformer", *layers, "--encoder-layers", 1]
        options += ["--encoder-embed-dim", 8, "--encoder-attention-heads", 2]
    else:
        options += ["--arch", "transformer_lm", *layers]
        options += ["--tokens-per-sample", 7, "--sample-break-mode", "none"]
    return options


def logs(output: str, name: str) -> List[Dict[str, str]]:
    """The lines of fairseq's log named train, train_inner or valid."""
    return [json.loads(line) for line in re.findall(rf"\| {name} \| (\{{.*\}})", output)]


def blends(output: str) -> Dict[int, float]:
    """The blend of each epoch, as the log shows it at the epoch's end."""
    return {log["epoch"]: float(log["train_blend"]) for log in logs(output, "train")}


def muted_shares(output: str) -> Dict[int, float]:
    """How much of each epoch's tokens is muted, in percent."""
    return {log["epoch"]: float(log["train_muted"]) for log in logs(output, "train")}


def falling(epochs: List[int]) -> Any:
    return pytest.approx({epoch: ALPHA**epoch for epoch in epochs}, abs=1e-6)


@pytest.mark.parametrize("task", ["translation", "language_modeling"])
def test_a_step_an_epoch_and_after_a_resume(
    binarised: Path, tmp_path: Path, task: str, run: Callable[..., str]
) -> None:
    options = options_of(binarised, tmp_path, task)
    options += ["--report-accuracy"]
    options.remove("--disable-validation")
    output = run("train", *options, "--max-epoch", 3)
    assert blends(output) == falling([1, 2, 3])
    for log in logs(output, "train"):
        assert {"train_loss", "train_nll_loss", "train_ppl", "train_accuracy"} <= set(log)
    valid = logs(output, "valid")
    assert len(valid) == 3
    for log in valid:  # plain cross-entropy
        assert log["valid_loss"] == log["valid_nll_loss"]
        assert float(log["valid_dece_loss"]) != float(log["valid_loss"])

    output = run("train", *options, "--max-epoch", 5)
    assert blends(output) == falling([4, 5])

    last = float(logs(output, "valid")[-1]["valid_loss"])
    data = [binarised / task, "--task", task, "--user-dir", ROOT / "dece_fairseq", "--cpu"]
    checkpoint = ["--path", tmp_path / "checkpoint_last.pt", "--batch-size", 4]
    checkpoint += ["--required-batch-size-multiple", 1, "--log-format", "json"]
    output = run("validate", *data, *checkpoint)
    (log,) = logs(output, "valid")
    assert float(log["valid_loss"]) == pytest.approx(last, abs=2e-3)
    assert "valid_dece_loss" not in log  # no epoch is told here


def test_a_step_an_update_and_after_a_resume_within_an_epoch(
    binarised: Path, tmp_path: Path, run: Callable[..., str]
) -> None:
    """Five batches in updates of two: three updates an epoch, stopped after the fourth."""
    options = options_of(binarised, tmp_path)
    options += ["--dece-schedule", "update", "--dece-warmup-epochs", 1, "--update-freq", 2]
    output = run("train", *options, "--max-update", 4, "--save-interval-updates", 2)
    output += run("train", *options, "--max-epoch", 3)
    inner = logs(output, "train_inner")
    assert [int(log["num_updates"]) for log in inner] == list(range(1, 10))
    expected = [ALPHA ** max(0, update / 3 - 1) for update in range(1, 10)]
    assert [float(log["blend"]) for log in inner] == pytest.approx(expected, abs=1e-6)


def test_an_automatic_level_and_after_a_resume(
    binarised: Path, tmp_path: Path, run: Callable[..., str]
) -> None:
    """It, and what is muted, is found once, kept by checkpoints, and anew by a fine-tuning."""
    first = [*options_of(binarised, tmp_path / "first"), *TRUSTING]
    output = run("train", *first, "--max-update", 7, "--save-interval-updates", 7)
    assert output.count("--dece-alpha auto: the blend stays at") == 1
    (level,) = set(blends(output).values())
    assert 0.9 < level < 1
    muted = muted_shares(output)[1]
    output = run("train", *first, "--max-epoch", 3)
    assert "the blend stays at" not in output
    assert blends(output) == {2: level, 3: level}
    assert muted_shares(output)[3] == muted > 0  # epoch 2 goes on in its middle
    second = [*options_of(binarised, tmp_path / "second"), *TRUSTING]
    second += ["--finetune-from-model", tmp_path / "first" / "checkpoint_last.pt"]
    output = run("train", *second, "--max-epoch", 1)
    assert "the blend stays at" in output
    assert blends(output)[1] != level


def test_a_record_of_probabilities_after_a_kill(
    binarised: Path, tmp_path: Path, run: Callable[..., str]
) -> None:
    """Stopped after the first update of epoch 2, it goes on with the checkpoint of epoch 1.

    Each pair is told of once an epoch. The batches are others than those of an unbroken run:
    fairseq orders sentences of one length by the epoch in which a run starts.
    """
    options = ["--record-probabilities", "--update-freq", 2, "--max-epoch", 3]
    run("train", *options_of(binarised, tmp_path / "whole"), *options)
    broken = options_of(binarised, tmp_path / "broken")
    run("train", *broken, *options, "--max-update", 4, "--no-last-checkpoints")
    (tmp_path / "broken" / "checkpoint1.pt").rename(tmp_path / "broken" / "checkpoint_last.pt")
    run("train", *broken, *options)
    whole, other = (path_of(tmp_path / name, 0).read_text() for name in ("whole", "broken"))
    assert len(whole.splitlines()) == 1 + 3 * 20
    assert len(other.splitlines()) == 1 + 3 * 20
    assert other.splitlines()[:21] == whole.splitlines()[:21]  # epoch 1
    dynamics = read_dynamics(tmp_path / "broken", pairs=20, epochs=3)
    assert (dynamics.least_likely <= dynamics.probability).all()
    assert (dynamics.probability > 0).all()


def workers_of(warm_python: Path, folder: Path, options: List[Any]) -> List[str]:
    """The outputs of two workers of one training."""
    options = [*options, "--ddp-backend", "legacy_ddp"]
    options += ["--distributed-world-size", 2, "--distributed-backend", "gloo"]
    options += ["--distributed-no-spawn", "--distributed-init-method", f"file://{folder}/init"]
    workers = [
        subprocess.Popen(
            command(warm_python, "train", *options, "--distributed-rank", rank),
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in (0, 1)
    ]
    try:
        outputs = [worker.communicate(timeout=300)[0] for worker in workers]
    finally:
        for worker in workers:  # one that waits for a worker that died
            worker.kill()
    assert [worker.returncode for worker in workers] == [0, 0], "\n".join(outputs)
    return outputs


def test_two_workers_take_one_automatic_level(
    binarised: Path, tmp_path: Path, run: Callable[..., str], warm_python: Path
) -> None:
    """That of one worker alone: the log has the mean of both."""
    options = [*options_of(binarised, tmp_path / "one"), *TRUSTING, "--max-epoch", 1]
    alone = run("train", *options)
    (level,) = blends(alone).values()
    options[options.index("--save-dir") + 1] = tmp_path / "two"
    outputs = workers_of(warm_python, tmp_path, options)
    assert blends(outputs[0])[1] == pytest.approx(level, abs=1e-6)
    assert "the blend stays at" in outputs[0]
    assert muted_shares(outputs[0]) == muted_shares(alone)
    assert muted_shares(alone)[1] > 0


def test_two_workers(
    binarised: Path, tmp_path: Path, run: Callable[..., str], warm_python: Path
) -> None:
    """Three updates an epoch, in the last of which the second worker has a dummy batch.

    Each writes how likely its pairs were, and together they tell of all. They begin with a
    checkpoint, which only the first worker reads, and sends to the other.
    """
    run("train", *options_of(binarised, tmp_path / "first"), "--max-epoch", 1)
    options = options_of(binarised, tmp_path / "second")
    options += ["--finetune-from-model", tmp_path / "first" / "checkpoint_last.pt"]
    options += ["--dece-schedule", "update", "--max-epoch", 2, "--record-probabilities"]
    outputs = workers_of(warm_python, tmp_path, options)
    shown = [float(log["blend"]) for log in logs(outputs[0], "train_inner")]
    expected = [ALPHA ** (update / 3) for update in range(1, 7)]
    assert shown == pytest.approx(expected, abs=1e-6)
    assert (read_dynamics(tmp_path / "second", pairs=20, epochs=2).probability > 0).all()
    assert all(path_of(tmp_path / "second", worker).is_file() for worker in (0, 1))
