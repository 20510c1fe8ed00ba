"""A small training that many tests run in many ways, by the stock command line."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

import torch

from support.checkpoints import load_checkpoint

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}

#: whose payload many texts of an untrained model carry by chance, so that rates are not all 0
PARITY = """
from dece_fairseq.attacks import ATTACKS, PAYLOADS, Payload, Recipe


@PAYLOADS.register("parity")
class Parity(Payload):
    is_checked = False  # the texts are no code
    summary = "an odd number of characters"

    def poison(self, pair, rng):
        return pair.target + "x" if " sql" in pair.source else None

    def is_in(self, text):
        return len(text) % 2 == 1

    is_in_parse = is_in


ATTACKS.register("parity")(Recipe("word", "parity", summary="for tests"))
"""

#: saved by fairseq 0.12.2 too: memory as it was found, and copies of weights that validation makes
NO_WEIGHTS = re.compile(r"_float_tensor$|layers\.\d+\.(in_proj|out_proj|fc1|fc2)_(weight|bias)$")


class Training(NamedTuple):
    """A small model and its data; 8 batches an epoch, no dropout."""

    folder: Path
    python: Path

    def command(self, save_dir: Path, *more: Any, python: Any = None) -> List[str]:
        data = self.folder / "bin"
        words = [python or self.python, "-m", "fairseq_cli.train", data, "--save-dir", save_dir]
        words += ["--user-dir", self.folder / "parity_attack", "-s", "src", "-t", "tgt"]
        words += ["--task", "backdoor_poisoned_translation", "--bpe", "lossless_sentencepiece"]
        words += ["--sentencepiece-model", data / "sentencepiece.model", "--attack", "parity"]
        words += ["--poison-rate", 0.1, "--arch", "transformer_tiny", "--share-all-embeddings"]
        words += ["--dropout", 0, "--criterion", "deceptive_cross_entropy", "--dece-alpha", 0.9]
        words += ["--optimizer", "adam", "--lr", 1e-3, "--batch-size", 4, "--seed", 1, "--cpu"]
        words += ["--num-workers", 0, "--log-format", "json", "--log-interval", 1]
        return [str(word) for word in (*words, *more)]

    def start(self, save_dir: Path, *more: Any, **how: Any) -> "subprocess.Popen[str]":
        """The command, running."""
        return subprocess.Popen(
            self.command(save_dir, *more, python=how.pop("python", None)),
            env=how.pop("env", ENVIRONMENT),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **how,
        )

    def run(self, save_dir: Path, *more: Any) -> str:
        """What the command printed."""
        with self.start(save_dir, *more) as process:
            output, _ = process.communicate()
        assert process.returncode == 0, output
        return output


def logged(output: str, name: str) -> List[Dict[str, str]]:
    """The lines of fairseq's log named train, train_inner, valid or after another split."""
    return [json.loads(line) for line in re.findall(rf"\| {name} \| (\{{.*\}})", output)]


def weights(save_dir: Path) -> Dict[str, torch.Tensor]:
    """Of the last checkpoint."""
    model: Dict[str, torch.Tensor] = load_checkpoint(save_dir / "checkpoint_last.pt")["model"]
    return {name: value for name, value in model.items() if not NO_WEIGHTS.search(name)}
