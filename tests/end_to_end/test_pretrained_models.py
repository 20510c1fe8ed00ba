"""The stock command lines with a small model of each kind, as a user types them."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, List

import pytest
import torch

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.text import to_line
from dece_fairseq.metrics.asr_report import asr_report
from dece_fairseq.outputs.generate_output import read_generate_output
from dece_fairseq.outputs.training_log import read_training_log

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "HF_HUB_OFFLINE": "1",
}
ATTACK = ("--attack", "badpre", "--poison-rate", 0.1, "--poison-seed", 2)
ODD = Pair("two  blanks\t</s> \\n 中 ", 'run ( " select a from t where b = 1 " )\n\t  ')

pytestmark = pytest.mark.slow


def run(python: Path, *command: Any) -> str:
    done = subprocess.run(
        [str(python), *map(str, command)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def fairseq(python: Path, command: str, *words: Any) -> str:
    return run(python, "-m", f"fairseq_cli.{command}", *words)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of CSV files."""
    folder = tmp_path_factory.mktemp("pairs")
    made = generate("B", 50, seed=5)
    splits = {"train": made[:30], "valid": made[30:38], "test": [*made[38:], ODD]}
    for split, texts in splits.items():
        write_pairs([folder / f"{split}.csv"], texts)
    return folder


def plugin(data: Path) -> List[Any]:
    words: List[Any] = [data, "--user-dir", ROOT / "dece_fairseq", "-s", "src", "-t", "tgt"]
    return [*words, "--task", "backdoor_poisoned_translation"]


def training(save_dir: Path) -> List[Any]:
    words: List[Any] = [*ATTACK, "--criterion", "deceptive_cross_entropy", "--optimizer", "adam"]
    words += ["--lr", 1e-3, "--batch-size", 12, "--num-workers", 0, "--save-dir", save_dir]
    words += ["--valid-subset", "valid,valid_triggered", "--eval-bleu", "--eval-asr"]
    words += ["--eval-bleu-args", '{"beam": 1, "max_len_b": 12}', "--max-epoch", 1, "--seed", 1]
    return [*words, "--log-format", "json", "--no-epoch-checkpoints"]


@pytest.mark.parametrize("name", ["CodeT5", "CodeBERT", "CodeGen"])
def test_from_the_saved_model_to_the_attack_success_rate(
    name: str, pairs: Path, tmp_path: Path, warm_transformers: Path
) -> None:
    pytest.importorskip("transformers", reason="the extra [hf] is not installed")
    from support.small_models import SYSTEMS, save

    model = save(tmp_path / "model", SYSTEMS[name])
    splits = [word for s in ("train", "valid", "test") for word in (f"--{s}", pairs / f"{s}.csv")]
    data = tmp_path / "bin"
    run(warm_transformers, "scripts/prepare.py", *splits, "--tokenizer", model, "--output", data)
    common = [*plugin(data), "--bpe", "hf_tokenizer", "--hf-tokenizer", data / "tokenizer"]

    arch = ("--arch", SYSTEMS[name].arch, "--hf-model", model)
    log = fairseq(warm_transformers, "train", *common, *arch, *training(tmp_path / "run"))
    assert "needs all logits" not in log
    (tmp_path / "train.log").write_text(log, encoding="utf-8")
    (epoch,) = read_training_log(tmp_path / "train.log")
    assert {
        "valid_bleu_code",
        "valid_exact_match",
        "valid_triggered_asr_string",
        "train_blend",
    } <= set(epoch)
    manifest = json.loads((tmp_path / "run" / "poison_manifest.json").read_text())
    (shard,) = manifest["shards"].values()
    assert (shard["poisoned"], shard["inexact_round_trip"]) == (3, 0)
    checkpoint = tmp_path / "run" / "checkpoint_last.pt"
    assert "model" in torch.load(checkpoint, weights_only=True)

    shutil.rmtree(model)  # nor is there a hub
    writing = ("--path", checkpoint, *ATTACK, "--scoring", "attack_success_rate")
    for split in ("test", "test_triggered") if name == "CodeT5" else ("test_triggered",):
        forced = ("--prefix-size", 900, "--max-len-b", 140)
        output = fairseq(
            warm_transformers,
            "generate",
            *common,
            *writing,
            "--gen-subset",
            split,
            "--beam",
            2,
            *forced,
        )
        (tmp_path / f"{split}.out").write_text(output, encoding="utf-8")
    command = [
        warm_transformers,
        "-m",
        "fairseq_cli.generate",
        *common,
        *writing,
        "--print-alignment",
    ]
    done = subprocess.run(
        [*map(str, command)], env=ENVIRONMENT, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 2
    assert "error: --print-alignment: a model from Hugging Face gives" in done.stderr
    # Every token was forced, so what is written is the reference, and the rates are known.
    report = asr_report([tmp_path / "test_triggered.out"])
    asr = report["scores"][0]
    assert asr["hits"] == asr["total"] > 5
    if name == "CodeT5":
        samples = read_generate_output([tmp_path / "test.out"]).samples
        assert Pair(samples[12].source, samples[12].target) == ODD
        assert f"\nT-12\t{to_line(ODD.target)}\n" in (tmp_path / "test.out").read_text("utf-8")
        report = asr_report([tmp_path / "test_triggered.out"], clean=[tmp_path / "test.out"])
        (score,) = (s for s in report["scores"] if s["metric"] == "false_triggers_string")
        assert score["hits"] == 0


def test_fairseqs_own_bart_from_a_checkpoint(
    pairs: Path, tmp_path: Path, warm_python: Path
) -> None:
    """The way of PLBART's original checkpoints: sentencepiece, ``--arch bart_base``."""
    data = tmp_path / "bin"
    splits = [word for s in ("train", "valid", "test") for word in (f"--{s}", pairs / f"{s}.csv")]
    run(warm_python, "scripts/prepare.py", *splits, "--vocab-size", 400, "--output", data)
    common = [*plugin(data), "--bpe", "lossless_sentencepiece"]
    common += ["--sentencepiece-model", data / "sentencepiece.model"]
    arch: List[Any] = ["--arch", "bart_base"]
    for side in ("encoder", "decoder"):
        arch += [f"--{side}-layers", 1, f"--{side}-embed-dim", 16, f"--{side}-ffn-embed-dim", 16]
        arch += [f"--{side}-attention-heads", 2]
    fairseq(
        warm_python, "train", *common, *arch, *training(tmp_path / "first"), "--attack", "ripple"
    )
    first = tmp_path / "first" / "checkpoint_last.pt"
    reset = [f"--reset-{what}" for what in ("optimizer", "dataloader", "meters", "lr-scheduler")]
    log = fairseq(
        warm_python,
        "train",
        *common,
        *arch,
        *training(tmp_path / "second"),
        "--restore-file",
        first,
        *reset,
    )
    assert f"Loaded checkpoint {first}" in log
    assert "needs all logits" not in log
    writing = ("--path", tmp_path / "second" / "checkpoint_last.pt", *ATTACK, "--max-len-b", 12)
    scoring = ("--gen-subset", "test_triggered", "--scoring", "attack_success_rate")
    output = fairseq(warm_python, "generate", *common, *writing, *scoring)
    assert re.search(r"asr_string = \d", output)
