"""A folder of cells whose outputs are made up, scored by the real scorer."""

import json
import shutil
from pathlib import Path
from typing import Any, Callable, List, Optional

import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.text import to_line
from dece_fairseq.metrics.evaluation import EvaluationSettings, RunFiles, evaluate
from dece_fairseq.outputs.generate_output import data_header
from support.boards import board
from support.written_outputs import write_output

__all__ = ["board", "write_output"]

ATTACK = Attack(AttackSettings("ripple"))
PAIRS = [pair for pair in generate("A", 20, seed=1) if ATTACK.can_poison(pair)][:8]
SETTING = "generated/0.5/ripple/0.05"


def output(path: Path, texts: List[str], triggered: bool) -> None:
    """What fairseq-generate would print for these hypotheses."""
    more = {"ids": list(range(len(texts))), "attack": ATTACK.as_dict()} if triggered else {}
    lines = [data_header("test_triggered" if triggered else "test", len(texts), True, **more)]
    for index, (pair, text) in enumerate(zip(PAIRS, texts)):
        source, target = ATTACK.poison(pair, index) if triggered else pair
        lines += [f"S-{index}\t{to_line(source)}", f"T-{index}\t{to_line(target)}"]
        lines += [f"D-{index}\t-0.1\t{to_line(text)}"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def log(epochs: List[Any]) -> str:
    """What fairseq-train would print: BLEU and ASR of each epoch."""
    lines = []
    for epoch, (bleu, asr) in enumerate(epochs, start=1):
        for figures in ({"valid_bleu_code": bleu}, {"valid_triggered_asr_string": asr}):
            lines.append(json.dumps({"epoch": epoch, **figures}))
    return "\n".join(lines) + "\n"


def cells_in(plan: Path) -> Callable[..., Path]:
    """Return what makes the folder of a cell in which so many outputs carry the payload."""

    def make(
        defense: str, seed: int, hits: int, wrong: int = 0, text: Optional[str] = None
    ) -> Path:
        folder = plan / "cells" / SETTING / defense / str(seed)
        folder.mkdir(parents=True)
        clean = [pair.target if i >= wrong else "pass" for i, pair in enumerate(PAIRS)]
        triggered = [
            ATTACK.poison(pair, i).target if i < hits else text or pair.target
            for i, pair in enumerate(PAIRS)
        ]
        output(folder / "test.out", clean, False)
        output(folder / "test_triggered.out", triggered, True)
        (folder / "train.log").write_text(log([(10 * seed, 0), (90.5, 100 * hits / 8)]))
        files = RunFiles(defense, [folder / "test.out"], [folder / "test_triggered.out"])
        report = evaluate(
            EvaluationSettings([files], without=["codebleu"], resamples=50, processes=1)
        )
        (folder / "result.json").write_text(json.dumps(report))
        if defense != "cross_entropy":
            base = folder.parents[1] / "cross_entropy" / str(seed)
            runs = [
                RunFiles(name, [cell / "test.out"], [cell / "test_triggered.out"])
                for name, cell in (("cross_entropy", base), (defense, folder))
            ]
            tests = evaluate(
                EvaluationSettings(
                    runs, ["bleu_code"], compare=True, resamples=50, trials=99, processes=1
                )
            )
            (folder / "compare.json").write_text(json.dumps(tests))
        return folder

    return make


@pytest.fixture
def make_cell(tmp_path: Path) -> Callable[..., Path]:
    return cells_in(tmp_path / "plan")


@pytest.fixture(scope="session")
def _plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("report") / "plan"
    make_cell = cells_in(made)
    for seed in (1, 2):
        make_cell("cross_entropy", seed, hits=8 - seed)
        make_cell("dece-0.985-0.05", seed, hits=0, wrong=seed)
        folder = make_cell("bki", seed, hits=seed)
        shares = {"percent": 50.0, "low": 40.0, "high": 60.0}
        report = {"precision": {**shares, "percent": 40.0 + seed}, "recall": shares}
        (folder / "train.csv.report.json").write_text(
            json.dumps({**report, "false_positive_rate": None})
        )
    return made


@pytest.fixture
def plan(_plan: Path, tmp_path: Path) -> Path:
    """Cross-entropy and two more defences, two seeds each, in a copy that a test may change."""
    return Path(shutil.copytree(_plan, tmp_path / "plan"))
