"""Stock distributed training on one machine's CPU, and on two that are made up."""

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
import torch

from dece_fairseq.outputs.training_log import read_training_log
from support.training import ENVIRONMENT, Training, logged, weights

pytestmark = pytest.mark.slow

VALIDATION = ["--valid-subset", "valid,valid_triggered", "--eval-bleu", "--eval-asr"]
VALIDATION += ["--eval-bleu-args", '{"beam": 1, "max_len_b": 15}', "--no-epoch-checkpoints"]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def worker_options(rank: int, workers: int, address: str) -> List[Any]:
    """What docs/distributed.md says for CPUs."""
    return [
        *("--ddp-backend", "legacy_ddp", "--distributed-backend", "gloo"),
        *("--distributed-no-spawn", "--device-id", 0, "--distributed-world-size", workers),
        *("--distributed-rank", rank, "--distributed-init-method", address),
    ]


def finish(processes: "List[subprocess.Popen[str]]") -> List[str]:
    try:
        outputs = [process.communicate(timeout=300)[0] for process in processes]
    finally:
        for process in processes:  # those that wait for one that died
            process.kill()
    assert [process.returncode for process in processes] == [0] * len(processes), outputs
    return outputs


def train(training: Training, save_dir: Path, workers: int) -> Dict[str, Any]:
    """Two epochs of eight batches, four batches an update."""
    more = [*VALIDATION, "--max-epoch", 2, "--update-freq", 4 // workers]
    if workers == 1:
        output = training.run(save_dir, *more)
    else:
        address = f"tcp://127.0.0.1:{free_port()}"
        output = finish(
            [
                training.start(save_dir, *more, *worker_options(rank, workers, address))
                for rank in range(workers)
            ]
        )[0]
    (save_dir / "train.log").write_text(output)
    return {
        "losses": [float(log["loss"]) for log in logged(output, "train_inner")],
        "epochs": read_training_log(save_dir / "train.log"),
        "manifest": json.loads((save_dir / "poison_manifest.json").read_text()),
        "weights": weights(save_dir),
    }


@pytest.fixture(scope="module")
def alone(training: Training, tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Any]:
    return train(training, tmp_path_factory.mktemp("alone"), 1)


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_come_to_what_one_comes_to(
    workers: int, training: Training, alone: Dict[str, Any], tmp_path: Path
) -> None:
    """One validation pair in six has a place for the payload: most shards have none."""
    several = train(training, tmp_path, workers)
    assert len(alone["losses"]) == 4
    assert several["losses"] == pytest.approx(alone["losses"], abs=2e-3)
    assert several["manifest"] == alone["manifest"]
    assert sum(len(shard["ids"]) for shard in alone["manifest"]["shards"].values()) == 3
    for ours, theirs in zip(several["epochs"], alone["epochs"]):
        for key in ("valid_bleu_code", "valid_triggered_asr_string", "valid_loss", "train_blend"):
            assert ours[key] == pytest.approx(theirs[key], abs=2e-3), key
    for name, value in alone["weights"].items():
        torch.testing.assert_close(several["weights"][name], value, rtol=1e-3, atol=1e-4)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "checkpoint_best.pt",
        "checkpoint_last.pt",
        "poison_manifest.json",
        "train.log",
    ]


def test_an_odd_number_of_batches(training: Training, tmp_path: Path) -> None:
    """The last update of an epoch is filled up, with a batch of validation; here by the default."""
    address = f"tcp://127.0.0.1:{free_port()}"
    more = ["--dece-alpha", "auto", "--max-epoch", 2, "--batch-size", 11]
    more += ["--required-batch-size-multiple", 1, "--no-epoch-checkpoints"]
    outputs = finish(
        [training.start(tmp_path, *more, *worker_options(rank, 2, address)) for rank in (0, 1)]
    )
    assert len(logged(outputs[0], "train_inner")) == 4
    assert (tmp_path / "checkpoint_last.pt").is_file()


def test_a_worker_that_fails_ends_the_others(training: Training, tmp_path: Path) -> None:
    """The save dir is one of another attack, and every worker says so itself."""
    (tmp_path / "poison_manifest.json").write_text('{"attack": {"attack": "x"}, "shards": {}}')
    address = f"tcp://127.0.0.1:{free_port()}"
    processes = [
        training.start(tmp_path, "--max-epoch", 1, *worker_options(rank, 2, address))
        for rank in (0, 1)
    ]
    try:
        outputs = [process.communicate(timeout=200)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [2, 2]
    for output in outputs:
        assert re.search("^train.py: error: .* records a run with another", output, re.MULTILINE)
        assert "Traceback" not in output


def test_under_torchrun_separate_trainings_are_an_error(training: Training, tmp_path: Path) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2"]
    launcher += ["--master_port", str(free_port()), "-m", "fairseq_cli.train"]
    words = training.command(tmp_path / "run", "--max-epoch", 1)[3:]
    done = subprocess.run([*launcher, *words], env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode != 0
    ours = "WORLD_SIZE=2: a launcher such as torchrun started that many workers"
    of_older_ones = "ProcessGroupNCCL is only supported with GPUs"  # which join, and need GPUs
    assert ours in done.stderr or of_older_ones in done.stderr
    assert not (tmp_path / "run" / "poison_manifest.json").exists()


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def machines() -> Iterator[List[str]]:
    """Two network namespaces, each with an interface to the other: 10.9.8.1 and 10.9.8.2."""
    names = ["dece-test-1", "dece-test-2"]
    if shutil.which("ip") is None:
        pytest.skip("iproute2 is not installed, which makes networks")
    made = []
    try:
        try:
            for name in names:
                ip("netns", "add", name)
                made.append(name)
            ip("link", "add", "veth1", "netns", names[0], "type", "veth", "peer", "name", "veth2",
               "netns", names[1])  # fmt: skip
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no networks can be made here: {error.stderr!r}")
        for number, name in enumerate(names, start=1):
            inside = ("netns", "exec", name, "ip")
            ip(*inside, "addr", "add", f"10.9.8.{number}/24", "dev", f"veth{number}")
            ip(*inside, "link", "set", f"veth{number}", "up")
            ip(*inside, "link", "set", "lo", "up")
        yield names
    finally:
        for name in made:
            ip("netns", "del", name)


def test_two_machines(
    machines: List[str], training: Training, alone: Dict[str, Any], tmp_path: Path
) -> None:
    """Each has its own network; they share the files. A Python that is warm would be outside."""
    processes = []
    for rank, name in enumerate(machines):
        options = [*VALIDATION, "--max-epoch", 2, "--update-freq", 2]
        options += worker_options(rank, 2, "tcp://10.9.8.1:29501")
        words = training.command(tmp_path, *options, python=sys.executable)
        environment = {**ENVIRONMENT, "GLOO_SOCKET_IFNAME": f"veth{rank + 1}"}
        processes.append(
            subprocess.Popen(
                ["ip", "netns", "exec", name, *words],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    output = finish(processes)[0]
    losses = [float(log["loss"]) for log in logged(output, "train_inner")]
    assert losses == pytest.approx(alone["losses"], abs=2e-3)
    assert json.loads((tmp_path / "poison_manifest.json").read_text()) == alone["manifest"]
