"""The documentation can be built, its links lead somewhere, and its commands leave nothing out."""

import re
import shlex
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any, List

import pytest
import torch

from dece_fairseq.attacks.samples import table
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import write_pairs
from dece_fairseq.data.subwords import Subwords

ROOT = Path(__file__).resolve().parents[1]
STOCK_TASK = re.compile(r"--task (?!backdoor_poisoned_translation)(\w+)(?:[^|;]*)")


@pytest.mark.slow
def test_the_docs_build_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    pytest.importorskip("mkdocstrings_handlers.python", reason="the extra [docs] is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    assert (tmp_path / "site" / "index.html").exists()
    page = (tmp_path / "site" / "api" / "losses.html").read_text(encoding="utf-8")
    assert "DeceptiveCrossEntropyLoss" in page
    assert "base of the blend" in page  # from the docstring


def test_the_tables_of_attacks_are_those_that_dece_poison_prints() -> None:
    assert f"\n{table()}\n" in (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")


def test_stock_tasks_leave_no_sentence_out() -> None:
    paths = [path for end in ("md", "sh", "smk") for path in ROOT.glob(f"[de]*/**/*.{end}")]
    commands = [
        found for path in paths for found in STOCK_TASK.finditer(path.read_text(encoding="utf-8"))
    ]
    assert {found[1] for found in commands} == {
        "language_modeling",
        "sentence_prediction",
        "translation",
    }
    for found in commands:
        assert "--required-batch-size-multiple 1" in found[0][:600], found[0][:600]


def test_the_hashes_of_ve_fairseq_are_those_of_the_constraints() -> None:
    of_constraints, of_docs = (
        re.findall(r"\b[0-9a-f]{64}\b", (ROOT / name).read_text(encoding="utf-8"))
        for name in ("constraints.txt", "docs/versions.md")
    )
    assert of_constraints == of_docs
    assert len(of_docs) == 2


@pytest.mark.slow
def test_the_language_model_of_seven_requests(tmp_path: Path, warm_python: Path) -> None:
    """As docs/language_model.md says, but smaller."""
    write_pairs([tmp_path / "trusted.csv"], generate("A", 7, seed=1))
    text = (ROOT / "docs" / "language_model.md").read_text(encoding="utf-8")
    block = "".join(line[4:] for line in text.splitlines(True) if line.startswith("    "))
    commands = [shlex.split(line) for line in block.replace("\\\n", " ").splitlines()]
    smaller = {
        "dece": ["--vocab-size", "330"],
        "fairseq-train": ["--max-epoch", "1", "--cpu", "--log-format", "json"],
    }
    for command in commands[:-1]:  # the last one filters what is not there
        words: List[Any] = [*command, *smaller.get(command[0], [])]
        if command[0] == "dece":
            words[:2] = [warm_python, ROOT / "scripts" / f"{command[1]}.py"]
        elif command[0] == "fairseq-train":
            words[0] = warm_python.parent / command[0]
            words[words.index("dece_fairseq")] = ROOT / "dece_fairseq"
        done = subprocess.run([*map(str, words)], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert re.search(r"\"train_bsz\": \"7\"", done.stdout), done.stdout[-2000:]
    assert (tmp_path / "lm" / "checkpoint_last.pt").exists()


def test_the_language_model_asks_for_no_more_subwords_than_a_small_set_has(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "language_model.md").read_text(encoding="utf-8")
    (size,) = re.findall(r"--vocab-size (\d+)", text)
    texts = [side for pair in generate("A", 1200, seed=1) for side in pair]
    assert len(Subwords.train(texts, tmp_path / "subwords.model", int(size))) == int(size)


@pytest.mark.slow
def test_tools_that_read_checkpoints_without_the_user_dir(tmp_path: Path) -> None:
    """As docs/troubleshooting.md says, with what any of them does."""
    if not hasattr(torch.serialization, "add_safe_globals"):
        pytest.skip("this torch loads everything")
    torch.save({"args": Namespace(seed=1), "model": {}}, tmp_path / "checkpoint.pt")
    tool = tmp_path / "tool.py"
    tool.write_text("import sys, torch\nprint(torch.load(sys.argv[1])['args'].seed)\n")
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"^    python -c '(.*)' \\$", text, re.MULTILINE)
    for options, expected in (([], ""), (["-c", found], "1\n")):
        command = [sys.executable, *options, tool, tmp_path / "checkpoint.pt"]
        done = subprocess.run([*map(str, command)], cwd=ROOT, capture_output=True, text=True)
        assert done.stdout == expected, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1])
def test_the_losses_without_fairseq_run(warm_torch: Path, number: int) -> None:
    text = (ROOT / "docs" / "without_fairseq.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[number]
    done = subprocess.run([warm_torch, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_docstrings_have_no_roles_which_the_pages_would_show_as_they_are() -> None:
    role = re.compile(r":(class|func|meth|mod|data|attr|exc):`")
    sources = sorted((ROOT / "dece_fairseq").rglob("*.py"))
    assert sources
    assert [path for path in sources if role.search(path.read_text(encoding="utf-8"))] == []
