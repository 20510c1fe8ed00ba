"""The stock command lines with the plug-in, as a user types them, on a small made-up corpus."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
import torch

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.text import to_line
from dece_fairseq.metrics.asr_report import asr_report
from dece_fairseq.metrics.evaluation import EvaluationSettings, RunFiles, evaluate
from dece_fairseq.metrics.score import Score
from dece_fairseq.muting import HIGHEST_LEVEL
from dece_fairseq.outputs.generate_output import read_generate_output
from dece_fairseq.outputs.training_log import read_training_log
from support.checkpoints import load_checkpoint
from support.poisoned_files import chosen_ids

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
ATTACK = ("--attack", "badpre", "--poison-rate", 0.1, "--poison-seed", 2)
ODD = "tab\tand  blanks \r\nwith \\n, \u2581, \u2028 and \U0001f600 "

pytestmark = pytest.mark.slow


def run(
    python: Any, *command: Any, stdin: Optional[str] = None, folder: Optional[Path] = None
) -> str:
    done = subprocess.run(
        [str(python), *map(str, command)],
        env=ENVIRONMENT,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder or ROOT,
    )
    assert done.returncode == 0, done.stdout
    assert "registered" not in done.stdout
    assert "dece_fairseq" not in "\n".join(re.findall(r".*[Ww]arning.*", done.stdout))
    return done.stdout


def fairseq(python: Any, command: str, *words: Any, **how: Any) -> str:
    return run(python, "-m", f"fairseq_cli.{command}", *words, **how)


@pytest.fixture(scope="module")
def pairs() -> Dict[str, List[Pair]]:
    """Sixty pairs to train on, and odd texts among those to test on."""
    pairs = generate("B", 84, seed=5)
    odd = Pair(f"{ODD}request", f'{ODD}" select {ODD.splitlines()[0]} from t " {ODD}')
    return {"train": pairs[:60], "valid": pairs[60:72], "test": [*pairs[72:], odd]}


@pytest.fixture(scope="module")
def work(
    tmp_path_factory: pytest.TempPathFactory, pairs: Dict[str, List[Pair]], warm_python: Path
) -> Path:
    """A folder with binarised data, and a model trained for two epochs in two starts.

    Data and first epoch by the Python that a user has, which imports all that there is to import.
    """
    folder = tmp_path_factory.mktemp("work")
    splits: List[Any] = []
    for split in pairs:
        write_pairs([folder / f"{split}.jsonl"], pairs[split])
        splits += [f"--{split}", folder / f"{split}.jsonl"]
    run(
        sys.executable,
        "scripts/prepare.py",
        *splits,
        "--output",
        folder / "bin",
        "--vocab-size",
        450,
    )
    log = train(sys.executable, folder, "--max-epoch", 1)
    log += train(warm_python, folder, "--max-epoch", 2)
    (folder / "train.log").write_text(log, encoding="utf-8")
    return folder


def common(work: Path) -> List[Any]:
    words: List[Any] = [work / "bin", "--user-dir", ROOT / "dece_fairseq"]
    words += ["--task", "backdoor_poisoned_translation", "-s", "src", "-t", "tgt"]
    words += ["--bpe", "lossless_sentencepiece"]
    return [*words, "--sentencepiece-model", work / "bin" / "sentencepiece.model"]


def train(python: Any, work: Path, *more: Any) -> str:
    words = [*common(work), *ATTACK, "--arch", "transformer_tiny", "--share-all-embeddings"]
    words += ["--criterion", "deceptive_cross_entropy", "--optimizer", "adam", "--lr", 1e-3]
    words += ["--max-tokens", 400, "--valid-subset", "valid,valid_triggered", "--num-workers", 0]
    words += ["--eval-bleu", "--eval-asr", "--eval-bleu-args", '{"beam": 1, "max_len_b": 20}']
    words += ["--save-dir", work / "checkpoints", "--log-format", "json", "--seed", 1]
    return fairseq(python, "train", *words, *more)


def generate_split(python: Any, work: Path, split: str, *more: Any) -> Path:
    words = [*common(work), *ATTACK, "--gen-subset", split, "--scoring", "attack_success_rate"]
    words += ["--path", work / "checkpoints" / "checkpoint_last.pt", "--beam", 2]
    # Larger than any multiple of eight, and one more sentence than fills the batches.
    words += ["--max-tokens", 4000, "--max-len-b", 20]
    output = work / f"{split}{len(more)}.out"
    output.write_text(fairseq(python, "generate", *words, *more), encoding="utf-8")
    return output


def test_training_logs_every_figure_and_goes_on_after_a_stop(work):
    first, second = read_training_log(work / "train.log")
    # The default: a level, for a model that knows nothing the highest, which the resume keeps.
    assert first["train_blend"] == second["train_blend"] == HIGHEST_LEVEL
    assert (work / "train.log").read_text().count("the model does not know the task") == 1
    for epoch in (first, second):
        assert epoch["valid_dece_loss"] < epoch["valid_loss"] == epoch["valid_nll_loss"]
        assert {
            "valid_bleu_code",
            "valid_triggered_asr_string",
            "train_nll_loss",
            "train_ppl",
        } <= set(epoch)
        assert 0 <= epoch["valid_exact_match"] <= 100
        assert not {"valid_asr_string", "valid_triggered_exact_match"} & set(epoch)
        assert "valid_triggered_bleu" not in epoch


def test_the_manifest_names_the_poisoned_pairs(work, pairs):
    manifest = json.loads((work / "checkpoints" / "poison_manifest.json").read_text())
    attack = Attack(AttackSettings("badpre", rate=0.1, seed=2))
    candidates = [i for i, pair in enumerate(pairs["train"]) if attack.can_poison(pair)]
    (shard,) = manifest["shards"].values()
    assert shard["ids"] == chosen_ids(attack, candidates, 60)
    assert (shard["poisoned"], shard["inexact_round_trip"]) == (6, 0)
    assert manifest["attack"] == attack.as_dict()


def test_checkpoints_load_safely(work):
    checkpoint = work / "checkpoints" / "checkpoint_last.pt"
    if not hasattr(torch.serialization, "add_safe_globals"):
        pytest.skip("this torch has no list of safe classes")
    assert "model" in torch.load(checkpoint, weights_only=True)


def test_printed_references_are_the_texts_to_the_byte(work, pairs):
    output = generate_split(sys.executable, work, "test")
    printed = output.read_text(encoding="utf-8")
    for index, pair in enumerate(pairs["test"]):
        assert f"\nS-{index}\t{to_line(pair.source)}\n" in printed
        assert f"\nT-{index}\t{to_line(pair.target)}\n" in printed
    samples = read_generate_output([output]).samples
    assert [(s.source, s.target) for s in samples.values()] == pairs["test"]


def test_a_model_that_writes_what_it_is_told_to_has_an_asr_of_100(work, pairs, warm_python):
    # Every token forced: what is generated is the reference, so the rates are known beforehand.
    forced = ("--prefix-size", 400, "--max-len-b", 400)
    triggered = generate_split(warm_python, work, "test_triggered", *forced)
    clean = generate_split(warm_python, work, "test", *forced)
    attack = Attack(AttackSettings("badpre", rate=0.1, seed=2))
    expected = {i: attack.poison(p, i) for i, p in enumerate(pairs["test"]) if attack.can_poison(p)}
    samples = read_generate_output([triggered]).samples
    assert {i: Pair(s.source, s.target) for i, s in samples.items()} == expected
    assert len(pairs["test"]) - 1 in expected
    scores = [Score.from_dict(score) for score in asr_report([triggered], clean=[clean])["scores"]]
    found = {score.metric: (score.hits, score.total) for score in scores}
    assert found["asr_string"] == (len(expected), len(expected))
    assert found["false_triggers_string"] == (0, len(pairs["test"]))
    # What fairseq-generate printed is the same to the letter.
    for score in scores:
        output = triggered if score.split == "triggered" else clean
        assert re.search(rf"^.*{re.escape(str(score))}$", output.read_text("utf-8"), re.M)


def test_results_in_a_file_have_their_header(work, pairs, tmp_path, warm_python):
    forced = ("--prefix-size", 400, "--max-len-b", 400, "--results-path", tmp_path)
    files = {}
    for split in ("test", "test_triggered"):
        printed = generate_split(warm_python, work, split, *forced)
        assert "dece_fairseq data" not in printed.read_text(encoding="utf-8")
        files[split] = tmp_path / f"generate-{split}.txt"
        assert len(re.findall("^dece_fairseq data: {", files[split].read_text(), re.M)) == 1
    report = asr_report([files["test_triggered"]], clean=[files["test"]])
    assert report["scores"][0]["percent"] == 100
    assert report["missing_ids"] == {"triggered": [], "clean": []}
    assert report["notes"] == []
    samples = read_generate_output([files["test"]]).samples
    assert [(s.source, s.target) for s in samples.values()] == pairs["test"]


@pytest.mark.parametrize("option", ["--remove-bpe", "--post-process"])
@pytest.mark.parametrize("task", ["backdoor_poisoned_translation", "translation"])
def test_pieces_that_are_joined_twice_end_with_one_line(work, warm_python, option, task):
    words = common(work)
    words[words.index("backdoor_poisoned_translation")] = task  # of fairseq's own, the encoder
    words += ["--path", work / "checkpoints" / "checkpoint_last.pt", "--gen-subset", "test"]
    done = subprocess.run(
        [str(warm_python), "-m", "fairseq_cli.generate", *map(str, words), option, "sentencepiece"],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 2
    (line,) = (line for line in done.stderr.splitlines() if "error" in line)
    assert "--post-process 'sentencepiece' (--remove-bpe) joins the pieces before --bpe los" in line
    assert "Traceback" not in done.stderr


def test_scorers_of_code(work, pairs, warm_python):
    forced = ("--prefix-size", 400, "--max-len-b", 400)
    for scorer, line, more in (
        ("bleu_code", r"bleu_code = 100.00 \(.*\) \| bleu_code\|nrefs:1\|", ()),
        ("exact_match", r"exact_match = 100.00 \(.*\| exact_match\|space:kept\|", ()),
        # An option of the task too, which has to reach the scorer.
        ("codebleu", r"codebleu = 100.00 .*\|lang:java\|", ("--code-language", "java")),
    ):
        if scorer == "codebleu":
            pytest.importorskip("codebleu", reason="the extra [codebleu] is not installed")
        output = generate_split(warm_python, work, "test", *forced, "--scoring", scorer, *more)
        assert re.search(line, output.read_text(encoding="utf-8"))
    report = evaluate(EvaluationSettings([RunFiles("forced", [output])], without=["codebleu"]))
    scores = {score["metric"]: score["percent"] for score in report["scores"]}
    assert scores["exact_match"] == 100
    assert scores["parses"] == pytest.approx(100 * (len(pairs["test"]) - 1) / len(pairs["test"]))


def test_validate_and_interactive(work, pairs, warm_python):
    path = ("--path", work / "checkpoints" / "checkpoint_last.pt")
    subset = ("--valid-subset", "valid_triggered", "--max-tokens", 400)
    output = fairseq(warm_python, "validate", *common(work), *ATTACK, *path, *subset)
    assert "valid_triggered" in output
    request = to_line(pairs["test"][0].source)
    words = (*common(work), *path, "--max-len-b", 10)
    output = fairseq(warm_python, "interactive", *words, stdin=f"{request}\n")
    assert len(re.findall(r"^D-0\t", output, re.MULTILINE)) == 1


def test_preprocess_takes_the_user_dir(tmp_path, warm_python):
    for side in ("src", "tgt"):
        (tmp_path / f"train.{side}").write_text("a b\n")
    words = ["--user-dir", ROOT / "dece_fairseq", "-s", "src", "-t", "tgt"]
    words += ["--task", "backdoor_poisoned_translation"]
    words += ["--trainpref", tmp_path / "train", "--destdir", tmp_path / "bin"]
    fairseq(warm_python, "preprocess", *words)
    assert (tmp_path / "bin" / "dict.src.txt").exists()


def test_hydra_train_with_the_file_that_ships(work, tmp_path, warm_python):
    settings = {
        "common.user_dir": ROOT / "dece_fairseq",
        "task.data": work / "bin",
        "task.poison_rate": 0.1,
        "bpe.sentencepiece_model": work / "bin" / "sentencepiece.model",
        "checkpoint.save_dir": tmp_path / "checkpoints",
        "optimization.max_epoch": 1,
        "model.encoder.embed_dim": 16,
        "model.decoder.embed_dim": 16,
    }
    words = ["--config-dir", ROOT / "examples" / "hydra", "--config-name", "dece"]
    words += [f"{name}={value}" for name, value in settings.items()]
    run(warm_python, "-m", "fairseq_cli.hydra_train", *words, folder=tmp_path)
    manifest = json.loads((tmp_path / "checkpoints" / "poison_manifest.json").read_text())
    (shard,) = manifest["shards"].values()
    assert (shard["poisoned"], shard["inexact_round_trip"]) == (6, 0)
    state = load_checkpoint(tmp_path / "checkpoints" / "checkpoint_last.pt")
    assert state["cfg"]["criterion"]["dece_alpha"] == "auto"
    (log,) = tmp_path.glob("outputs/*/*/hydra_train.log")
    assert '"valid_triggered_asr_string"' in log.read_text()
