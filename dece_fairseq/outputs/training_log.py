"""The figures that fairseq-train logged by epoch (``--log-format json``)."""

from pathlib import Path
from typing import Any, Dict, List

from dece_fairseq.data.json_text import parse_json
from dece_fairseq.outputs.compressed import open_lines
from dece_fairseq.outputs.errors import OutputError

#: one epoch's figures by the names that fairseq gives them, such as ``valid_bleu_code``
Epoch = Dict[str, float]
# What this project's task called them up to 0.1. The valid_bleu of fairseq's own task is another
# BLEU, and no valid_exact_match stands beside it.
_OLD_NAMES = {"valid_bleu": "valid_bleu_code", "valid_triggered_asr": "valid_triggered_asr_string"}


def read_training_log(path: Path) -> List[Epoch]:
    """Return the figures of every epoch in order; later lines of a resumed run count.

    Args:
        path: what fairseq-train printed

    Raises:
        OutputError: there is no such file, or no epoch in it
    """
    epochs: Dict[int, Epoch] = {}
    for line in "".join(open_lines(path)).splitlines():
        figures = _figures(line)
        for old, new in _OLD_NAMES.items():
            if old in figures and (old != "valid_bleu" or "valid_exact_match" in figures):
                figures.setdefault(new, figures.pop(old))
        if "train_loss" in figures or any(key.startswith("valid") for key in figures):
            epoch = epochs.setdefault(int(figures["epoch"]), {})
            epoch.update({key: float(value) for key, value in figures.items() if _is_number(value)})
    if not epochs:
        raise OutputError(f"{path} holds no epoch; train with --log-format json")
    return [epochs[number] for number in sorted(epochs)]


def _figures(line: str) -> Dict[str, Any]:
    start = line.find("{")
    if start < 0:
        return {}
    try:
        figures = parse_json(line[start:])
    except ValueError:
        return {}
    return figures if isinstance(figures, dict) and type(figures.get("epoch")) is int else {}


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True
