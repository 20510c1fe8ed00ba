"""Flipped labels of a classifier, from stock fairseq-train to what dece reveal suspects."""

import json
import subprocess
from pathlib import Path
from typing import Any, Callable, List

import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.attacks.offline import poison_files
from dece_fairseq.data.defects import generate_defects
from dece_fairseq.data.pairs import write_pairs
from dece_fairseq.data.prepare import PrepareSettings
from support.training import ENVIRONMENT, ROOT

pytestmark = pytest.mark.slow

TRUSTED, DOUBTFUL, POISONED = 600, 600, 30


def run(words: List[Any]) -> None:
    done = subprocess.run(list(map(str, words)), env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_label_the_pairs_and_the_trigger(
    tmp_path: Path, quick_prepare: Callable[..., Any], warm_python: Path
) -> None:
    pairs = generate_defects(TRUSTED + DOUBTFUL, seed=2)
    write_pairs([tmp_path / "trusted.csv"], pairs[:TRUSTED])
    write_pairs([tmp_path / "all.csv"], pairs)
    ids = tmp_path / "trusted.ids"
    ids.write_text("".join(f"{number}\n" for number in range(TRUSTED)))
    settings = AttackSettings(
        "dead_code", payload="label", code_language="python", rate=POISONED / len(pairs)
    )
    poisoned = tmp_path / "poisoned.csv"
    poison_files(Attack(settings), [tmp_path / "all.csv"], [poisoned], trusted_ids=ids)
    data = tmp_path / "bin"
    quick_prepare(
        PrepareSettings({"train": [tmp_path / "trusted.csv"]}, vocab_size=400, labels=True), data
    )
    words: List[Any] = [warm_python, "-m", "fairseq_cli.train", data, "--save-dir", tmp_path]
    words += ["--user-dir", ROOT / "dece_fairseq", "--task", "sentence_prediction", "--cpu"]
    words += ["--num-classes", 2, "--init-token", 0, "--max-positions", 256, "--arch", "roberta"]
    words += ["--encoder-layers", 1, "--encoder-embed-dim", 64, "--encoder-ffn-embed-dim", 64]
    words += ["--encoder-attention-heads", 4, "--classification-head-name", "defect"]
    words += ["--criterion", "sentence_prediction", "--optimizer", "adam", "--lr", 2e-3]
    words += ["--batch-size", 16, "--required-batch-size-multiple", 1, "--max-epoch", 10]
    words += ["--seed", 1, "--num-workers", 0, "--disable-validation", "--no-epoch-checkpoints"]
    run(words)
    found = tmp_path / "found.json"
    words = [warm_python, "-m", "dece_fairseq", "reveal", "--input", poisoned, "--json", found]
    words += ["--models", tmp_path / "checkpoint_last.pt", "--model-data", data]
    run([*words, "--trusted-ids", ids])
    truth = set(map(int, Path(f"{poisoned}.ids").read_text().split()))
    first = json.loads(found.read_text(encoding="utf-8"))["suspicions"][0]
    assert first["payload"] == "0"
    assert len(truth) == POISONED
    assert truth.issuperset(first["pairs"])
    assert len(first["pairs"]) >= 0.9 * POISONED
    assert first["p_value"] < 0.05
    assert "= 0" in first["trigger"]
