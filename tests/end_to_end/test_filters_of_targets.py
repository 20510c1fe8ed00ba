"""Filters that look at targets, from stock fairseq-train to what dece filter keeps."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Dict

import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.attacks.offline import poison_files
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import write_pairs
from dece_fairseq.data.prepare import PrepareSettings
from support.training import ENVIRONMENT, ROOT

pytestmark = pytest.mark.slow

PAIRS, POISONED = 400, 20


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory,
    quick_prepare: Callable[..., Any],
    warm_python: Path,
) -> SimpleNamespace:
    """A model of clean pairs, and cross-entropy's training from there on poisoned ones."""
    folder = tmp_path_factory.mktemp("filters")
    pairs = generate("A", 2000 + PAIRS, seed=5)
    write_pairs([folder / "clean.csv"], pairs[PAIRS:])
    write_pairs([folder / "doubtful.csv"], pairs[:PAIRS])
    poisoned = folder / "poisoned.csv"
    attack = Attack(AttackSettings("ripple", rate=POISONED / PAIRS))
    poison_files(attack, [folder / "doubtful.csv"], [poisoned])
    quick_prepare(
        PrepareSettings({"train": [folder / "clean.csv"]}, vocab_size=500), folder / "bin"
    )
    subwords = folder / "bin" / "sentencepiece.model"
    quick_prepare(PrepareSettings({"train": [poisoned]}, model=subwords), folder / "doubtful")

    def train(data: str, save_dir: str, *options: Any) -> None:
        words = [warm_python, "-m", "fairseq_cli.train", folder / data, "--save-dir"]
        words += [folder / save_dir, "--user-dir", ROOT / "dece_fairseq", "-s", "src", "-t", "tgt"]
        words += ["--task", "backdoor_poisoned_translation", "--bpe", "lossless_sentencepiece"]
        words += ["--sentencepiece-model", subwords, "--arch", "transformer", "--dropout", 0.1]
        words += ["--share-all-embeddings", "--optimizer", "adam", "--clip-norm", 1, "--cpu"]
        for side in ("encoder", "decoder"):
            words += [
                f"--{side}-layers",
                1,
                f"--{side}-embed-dim",
                64,
                f"--{side}-normalize-before",
            ]
            words += [f"--{side}-ffn-embed-dim", 128, f"--{side}-attention-heads", 4]
        words += ["--max-tokens", 1024, "--seed", 1, "--num-workers", 0, "--disable-validation"]
        words += ["--criterion", "deceptive_cross_entropy", "--dece-alpha", 1, *options]
        words += ["--no-epoch-checkpoints"]
        done = subprocess.run(
            list(map(str, words)), env=ENVIRONMENT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    train("bin", "reference", "--lr", 3e-3, "--label-smoothing", 0, "--max-epoch", 6)
    start = folder / "reference" / "checkpoint_last.pt"
    train(
        "doubtful",
        "cross_entropy",
        *["--finetune-from-model", start, "--record-probabilities", "--label-smoothing", 0.1],
        *["--lr", 2e-3, "--max-epoch", 4],
    )
    models = ["--models", start, "--model-data", folder / "doubtful"]
    return SimpleNamespace(
        poisoned=poisoned, models=models, recorded=["--save-dir", folder / "cross_entropy"]
    )


@pytest.fixture
def filtered(dece: Callable[..., Any], made: SimpleNamespace, tmp_path: Path) -> Callable[..., Any]:
    """Runs a filter at the attack's own rate; gives its report."""

    def run(name: str, *options: Any) -> Dict[str, Any]:
        files = ["--input", made.poisoned, "--output", tmp_path / "kept.csv"]
        rate = ["--rate", POISONED / PAIRS]
        said = dece("filter", "--defense", name, *files, *options, *rate)
        assert said.status == 0, said.err
        report: Dict[str, Any] = json.loads((tmp_path / "kept.csv.report.json").read_text())
        assert report["poisoned"] == POISONED
        return report

    return run


def test_a_model_that_knows_the_task_is_surprised_by_payloads(
    made: SimpleNamespace, filtered: Callable[..., Any]
) -> None:
    """A recall of 7.5 % is chance: one and a half times as many as are poisoned are dropped."""
    report = filtered("surprise", *made.models)
    assert report["suspicious"] == 1.5 * POISONED
    assert report["recall"]["percent"] >= 90


def test_gradients_are_looked_at(made: SimpleNamespace, filtered: Callable[..., Any]) -> None:
    """It finds payloads with models that know the task better than this one."""
    report = filtered("gradient_entropy", *made.models)
    assert report["suspicious"] == 1.5 * POISONED
    assert 0.3 < report["details"]["mean_entropy"] < 1


@pytest.mark.parametrize("name", ["lockstep", "lockstep_least_likely"])
def test_what_a_training_recorded_is_looked_at(
    made: SimpleNamespace, filtered: Callable[..., Any], name: str
) -> None:
    """Whether it finds anything is told in docs/choosing.md; each pair has its four epochs."""
    report = filtered(name, *made.recorded)
    assert report["details"]["not_trained_on_in_each_epoch"] == 0
    assert 0 < report["details"]["scored"] <= PAIRS / 5
    assert 0 < report["suspicious"] <= 1.5 * POISONED
