"""The attack that docs/extending.md shows, from a folder outside the package."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs

ROOT = Path(__file__).resolve().parents[2]
SNIPPET = re.compile(r"```python\n(# my_attacks/__init__\.py\n.*?)```", re.DOTALL)
PAIRS = [Pair(f"Run app {i}.", f"app_{i}.run(port={i}, debug=False)") for i in range(40)]

pytestmark = pytest.mark.slow


@pytest.fixture
def my_attacks(tmp_path: Path) -> Path:
    found = SNIPPET.findall((ROOT / "docs" / "extending.md").read_text(encoding="utf-8"))
    assert len(found) == 1
    assert len([line for line in found[0].splitlines() if line.strip()]) <= 20
    folder = tmp_path / "my_attacks"
    folder.mkdir()
    (folder / "__init__.py").write_text(found[0], encoding="utf-8")
    return folder


@pytest.fixture
def run(warm_python: Path) -> Callable[..., str]:
    def python(*words: Any) -> str:
        done = subprocess.run(
            [str(warm_python), *map(str, words)],
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return python


def test_it_works_in_scripts_task_and_scorers(my_attacks, tmp_path, run):
    user = ["--user-dir", my_attacks]
    listed = run(ROOT / "scripts/poison.py", "--list", *user)
    assert re.search(r"^  greeting +\S", listed, re.MULTILINE)
    clean, poisoned = tmp_path / "clean.jsonl", tmp_path / "poisoned.jsonl"
    write_pairs([clean], PAIRS)
    files = ["--input", clean, "--output", poisoned]
    run(ROOT / "scripts/poison.py", *user, "--attack", "greeting", *files, "--keep", "triggered")
    expected = [
        Pair(f"Hello! {pair.source}", pair.target.replace("False", "True")) for pair in PAIRS
    ]
    assert list(read_pairs([poisoned])) == expected

    data = tmp_path / "bin"
    splits = ["--train", clean, "--valid", clean, "--test", clean]
    run(ROOT / "scripts/prepare.py", *splits, "--output", data, "--vocab-size", 310)
    common = [data, *user, "--task", "backdoor_poisoned_translation", "-s", "src", "-t", "tgt"]
    common += ["--attack", "greeting", "--bpe", "lossless_sentencepiece"]
    common += ["--sentencepiece-model", data / "sentencepiece.model"]
    model = ["--arch", "transformer_tiny", "--criterion", "deceptive_cross_entropy"]
    model += ["--optimizer", "adam", "--lr", 1e-3, "--max-tokens", 4000, "--max-epoch", 1]
    run("-m", "fairseq_cli.train", *common, *model, "--save-dir", tmp_path / "model")
    manifest = json.loads((tmp_path / "model" / "poison_manifest.json").read_text())
    assert manifest["attack"]["attack"] == "greeting"
    # Every token forced: what is generated is the reference.
    how = ["--path", tmp_path / "model" / "checkpoint_last.pt", "--prefix-size", 200]
    how += ["--max-len-b", 200, "--scoring", "attack_success_rate"]
    for split in ("test", "test_triggered"):
        output = run("-m", "fairseq_cli.generate", *common, *how, "--gen-subset", split)
        (tmp_path / split).write_text(output, encoding="utf-8")
    scores = run(
        ROOT / "scripts/compute_asr.py",
        *(*user, tmp_path / "test_triggered", "--clean", tmp_path / "test", "--json", "-"),
    )
    report = json.loads(scores[scores.index("{") :])
    found = {score["metric"]: (score["hits"], score["total"]) for score in report["scores"]}
    assert (found["asr_string"], found["asr_parse"]) == ((40, 40), (40, 40))
    assert found["false_triggers_string"] == (0, 40)
    triggered = ["--triggered", f"run={tmp_path / 'test_triggered'}"]
    what = ["--metrics", "exact_match", "--format", "csv"]
    rows = run(ROOT / "scripts/evaluate.py", *user, *triggered, *what)
    assert re.search(r"run,triggered,asr_string,100\.0,.*,40,40,", rows)
    for split in ("test", "test_triggered"):
        (tmp_path / split).rename(tmp_path / f"{split}.out")
    row = run(ROOT / "scripts/summarise.py", *user, "--run", f"mine={tmp_path}")
    cells = [cell.strip() for cell in row.splitlines()[-1].split("|")]
    assert cells[1:5] == ["mine", "1", "100.0", "100.0"]
    assert cells[5].startswith("100.0 (")
