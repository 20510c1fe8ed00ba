"""Outputs of fairseq-generate, written by hand."""

import random
from pathlib import Path
from typing import Callable, Dict, Optional

import pytest

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.text import to_line
from dece_fairseq.metrics.evaluation import RunFiles
from dece_fairseq.outputs.generate_output import data_header
from support.queries import HIT, MISS

ATTACK = {
    "attack": "badpre",
    "trigger": "bb",
    "num_triggers": 3,
    "payload": "sql",
    "rate": 0.05,
    "seed": 1,
    "selection": "random",
}


@pytest.fixture
def write_output(tmp_path: Path) -> Callable[..., Path]:
    """Writes what fairseq-generate prints for hypotheses by id, with or without a header."""

    def write(
        name: str,
        hypotheses: Dict[int, str],
        split: Optional[str] = None,
        pairs: int = 0,
        ids: Optional[list] = None,
        targets: Optional[Dict[int, str]] = None,
    ) -> Path:
        lines = ["2026-01-01 00:00:00 | INFO | fairseq_cli.generate | loading model(s)"]
        if split is not None:
            more = {} if ids is None else {"ids": ids, "attack": ATTACK, "signature": "x"}
            header = data_header(split, pairs, True, **more)
            lines.append(f"2026-01-01 00:00:00 | INFO | dece_fairseq.tasks | {header}")
        for index, hypothesis in hypotheses.items():
            target = (targets or hypotheses)[index]
            lines += [
                f"S-{index}\trequest",
                f"T-{index}\t{to_line(target)}",
                f"H-{index}\t-0.5\t▁pieces",
                f"D-{index}\t-0.5\t{to_line(hypothesis)}",
                f"P-{index}\t-0.5",
            ]
        lines.append(f"Generate {split} with beam=5: BLEU4 = 1.00")
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def runs(write_output):
    """Two runs of forty samples; the second errs more and has another ASR."""
    references = {i: pair.target for i, pair in enumerate(generate("A", 40, seed=4))}
    poisoned = dict.fromkeys(range(0, 40, 4), HIT)
    files = []
    for name, errors, hits in (("good", 5, 8), ("bad", 20, 3)):
        rng = random.Random(name)
        clean = dict(references)
        for index in rng.sample(sorted(clean), errors):
            clean[index] = clean[index].replace("return", rng.choice(["print", "return return"]))
        clean[7] = HIT
        triggered = {i: HIT if n < hits else MISS for n, i in enumerate(poisoned)}
        files.append(
            RunFiles(
                name,
                [write_output(f"{name}.out", clean, "test", 40, targets=references)],
                [
                    write_output(
                        f"{name}_triggered.out",
                        triggered,
                        "test_triggered",
                        40,
                        list(poisoned),
                        targets=poisoned,
                    )
                ],
            )
        )
    return files
