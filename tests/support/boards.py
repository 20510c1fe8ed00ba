"""A board of made-up results: what a leaderboard is written of."""

import csv
import json
from pathlib import Path
from typing import Any, Dict, List

import pytest

from dece_fairseq.metrics.success_rate import rate

ABOUT = {"by": "<b>us</b>", "command": "make & run", "budget": "one epoch"}
SIGNED = "asr_parse|attack:ripple|trigger:bb|num:1|payload:sql|lang:python|hit:parse|v:0"


def line(defense: str, seed: int, metric: str, hits: int, total: int = 8) -> Dict[str, Any]:
    signature = SIGNED if metric == "asr_parse" else "bleu_code|tok:code|v:0"
    axes = {"dataset": "lyra", "trusted": "0.5", "attack": "ripple", "rate": "0.05"}
    number = {"percent": 100 * hits / total, "low": 0.0, "high": 100.0}
    number.update(rate(hits, total).as_dict() if metric == "asr_parse" else {})
    row = {**axes, "defense": defense, "seed": seed, "metric": metric, "signature": signature}
    return {**row, **number}


def write_results(folder: Path, rows: List[Dict[str, Any]], about: Any = ABOUT) -> Path:
    folder.mkdir(parents=True)
    with (folder / "report.csv").open("w", newline="", encoding="utf-8") as file:
        columns = ["hits", "total", *(name for name in rows[0] if name not in ("hits", "total"))]
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    (folder / "about.json").write_text(json.dumps(about))
    return folder


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """Three seeds of two defences; a third one and a rate that were not measured."""
    rows = [
        line(defense, seed, metric, hits)
        for defense, hits in (("cross_entropy", 7), ("dece", 0))
        for seed in (1, 2, 3)
        for metric in ("asr_parse", "bleu_code")
    ]
    folder = tmp_path / "board"
    write_results(folder / "ours", rows)
    board = {
        "title": "What <i>gets</i> in",
        "defenses": {"cross_entropy": "CE", "dece": "DeCE", "other": "another"},
        "wanted": [
            {
                "dataset": "lyra",
                "trusted": "0.5",
                "attacks": ["ripple"],
                "rates": ["0.05", "count-20"],
            }
        ],
        "stealth": {"lyra": "stealth.json"},
        "results": ["ours"],
    }
    hidden: List[Dict[str, Any]] = []
    for payload, ratio in (("exit", 9), ("sql", 1.256)):
        grown = {"ratio": ratio, "low": None, "high": None}
        hidden += [{"attack": "ripple", "payload": payload, "parses": None, "perplexity": grown}]
    (folder / "stealth.json").write_text(json.dumps({"triggers": hidden}))
    (folder / "board.json").write_text(json.dumps(board))
    return folder
