"""Outputs of fairseq-generate, written by hand."""

from pathlib import Path
from typing import Callable, Dict, Optional

import pytest

from dece_fairseq.data.text import to_line
from dece_fairseq.scoring.generate_output import data_header

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
