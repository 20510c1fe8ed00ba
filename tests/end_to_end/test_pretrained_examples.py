"""examples/pretrained: what it runs for each model, and that it runs."""

import json
import os
import sys
from pathlib import Path
from typing import List

import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import write_pairs
from dece_fairseq.models.sizes import SIZES
from support.example_scripts import ROOT, bash, environment, executable, recorded, value

SCRIPT = "pretrained/run.sh"
ROWS = {"train": 48, "valid": 8, "test": 5}


def named(commands: List[List[str]], name: str) -> List[List[str]]:
    return [command for command in commands if name in command[:2] or name in command[0]]


@pytest.mark.parametrize("arch", ["codet5_base", "plbart_base", "graphcodebert", "codegen_350m"])
def test_a_published_model_at_the_papers_settings(arch: str, tmp_path: Path) -> None:
    hub = ("--arch", arch, "--hf-model", "owner/name")
    commands = recorded(SCRIPT, *hub, "--", "--fp16", folder=tmp_path)
    (prepare,) = named(commands, "ROOT/scripts/prepare.py")
    assert (value(prepare, "--dataset"), value(prepare, "--tokenizer")) == ("lyra", "owner/name")
    trainings = named(commands, "fairseq-train")
    assert [value(training, "--criterion") for training in trainings] == [
        "cross_entropy",
        "deceptive_cross_entropy",
    ]
    expected = {"--arch": arch, "--hf-model": "owner/name", "--lr": "5e-5", "--max-epoch": "20"}
    expected.update({"--batch-size": "24", "--optimizer": "adam", "--poison-rate": "0.05"})
    expected.update({"--lr-scheduler": "polynomial_decay", "--bpe": "hf_tokenizer"})
    expected.update({"--max-source-positions": "150", "--max-target-positions": "150"})
    for training in trainings:
        assert {option: value(training, option) for option in expected} == expected
        assert training[-1] == "--fp16"
        assert "--trusted-ids" not in training  # none of the data is
        assert "--decoder-layers" not in training  # six, which is the default
        assert ("--hf-target-language" in training) == (arch == "plbart_base")
    alpha = "0.8" if arch == "codegen_350m" else "0.99"
    assert value(trainings[1], "--dece-alpha") == alpha
    written = named(commands, "fairseq-generate")
    splits = [value(command, "--gen-subset") for command in written]
    assert splits == ["test", "test_triggered"] * 2
    assert named(commands, "ROOT/scripts/summarise.py")


def test_a_small_model_is_trained_first_and_then_taken_as_from_the_hub(tmp_path: Path) -> None:
    commands = recorded(SCRIPT, "--arch", "codebert", "--updates", 7, folder=tmp_path)
    first, *finetunings = named(commands, "fairseq-train")
    assert "--attack" not in first
    assert value(first, "--max-update") == "7"
    (saved,) = named(commands, "ROOT/scripts/save_pretrained.py")
    assert saved[2].startswith(value(first, "--save-dir"))
    for finetuning in finetunings:
        assert value(finetuning, "--hf-model") == value(saved, "--output")
        assert value(finetuning, "--trusted-ids").endswith("trusted.ids")
        for option in ("--decoder-layers", "--decoder-ffn-embed-dim"):
            assert value(finetuning, option) == value(first, option)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--nope"], "unknown option --nope"),
        (["--data", "D"], "--arch is needed"),
        (["--arch", "codebert"], "--data DIR is needed"),
        (["--arch", "codebert", "--data", "D"], "--data D: no such folder"),
    ],
)
def test_what_the_script_refuses(options: List[str], message: str, tmp_path: Path) -> None:
    done = bash(ROOT / "examples" / SCRIPT, *options, env=environment(tmp_path / "venv"))
    assert done.returncode == 2
    assert message in done.stderr


def test_the_table_of_the_docs_names_every_architecture() -> None:
    page = (ROOT / "docs" / "pretrained.md").read_text(encoding="utf-8")
    for kind, architectures in SIZES.items():
        for name in (kind, *architectures):
            assert f"`{name}`" in page


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["graphcodebert", "codet5p_220m"])
def test_from_lyras_files_to_the_row(arch: str, tmp_path: Path, warm_transformers: Path) -> None:
    pytest.importorskip("transformers", reason="the extra [hf] is not installed")
    attack = Attack(AttackSettings(attack="ripple"))
    pairs = iter([pair for pair in generate("B", 200, seed=3) if attack.can_poison(pair)])
    (tmp_path / "data").mkdir()
    for split, count in ROWS.items():
        rows = [next(pairs) for _ in range(count)]
        write_pairs([tmp_path / "data" / f"{split}.csv"], rows, "src", "tgt")
    env = environment(tmp_path / "venv")
    tiny = f"{warm_transformers} {Path(__file__).with_name('prepare_tiny.py')} '{json.dumps(ROWS)}'"
    executable(
        tmp_path / "venv" / "bin" / "python",
        "#!/usr/bin/env bash\n"
        f'case "$1" in */prepare.py) shift; exec {tiny} "$@" ;;\n'
        f'-c) exec {sys.executable} "$@" ;; esac\n'
        f'exec {warm_transformers} "$@"\n',
    )
    env["PATH"] = os.pathsep.join([str(warm_transformers.parent), env["PATH"]])
    done = bash(
        ROOT / "examples" / SCRIPT,
        *("--arch", arch, "--data", tmp_path / "data", "--work", tmp_path / "work"),
        *("--updates", 4, "--epochs", 1, "--poison-rate", 0.1),
        *("--criteria", "deceptive_cross_entropy"),
        env=env,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    cells = [cell.strip() for cell in done.stdout.splitlines()[-1].split("|")]
    assert cells[1:3] == [f"{arch}, deceptive_cross_entropy", "1"]
    (results,) = (tmp_path / "work").glob("*/results-*.json")
    (row,) = json.loads(results.read_text())
    assert [run["samples"] for run in row["runs"]] == [ROWS["test"]] * 2
    (manifest,) = (tmp_path / "work").glob("*/ripple-*/poison_manifest.json")
    (shard,) = json.loads(manifest.read_text())["shards"].values()
    trusted = (tmp_path / "work" / f"{arch}-1" / "clean" / "trusted.ids").read_text().split()
    assert len(trusted) == ROWS["train"] // 2
    assert shard["poisoned"] == 5
    assert not set(map(int, trusted)) & set(shard["ids"])
