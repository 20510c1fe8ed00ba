"""Samples for people: a request with its trigger marked, and what each model wrote for it."""

import difflib
import re
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Sequence

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.reports.cells import BASELINE, Cell
from dece_fairseq.scoring.generate_output import GenerateOutput, read_generate_output
from dece_fairseq.scoring.metrics.hits import hit_span

#: samples of a setting
SAMPLES = 4


class Part(NamedTuple):
    """A part of a text."""

    text: str
    is_marked: bool


class Written(NamedTuple):
    """What a model wrote for a request."""

    defense: str
    parts: List[Part]
    is_hit: bool


class Shown(NamedTuple):
    """A triggered request and what became of it."""

    setting: str
    seed: str
    id: int
    request: List[Part]
    reference: List[Part]
    written: List[Written]


def samples(cells: Sequence[Cell]) -> List[Shown]:
    """For each setting, with its first seed, some triggered requests and all models' outputs.

    First those for which cross-entropy wrote the payload, by their ids. Defences that clean the
    requests are left out: they ask something else.

    Raises:
        OutputError: an output can't be read
    """
    found = []
    for setting in dict.fromkeys(cell.setting for cell in cells):
        of_setting = [cell for cell in cells if cell.setting == setting]
        seed = of_setting[0].axes["seed"]
        same_seed = [
            cell
            for cell in of_setting
            if cell.axes["seed"] == seed and "test_cleaned" not in cell.filters
        ]
        found += _of_setting(setting, seed, same_seed)
    return found


def _of_setting(setting: str, seed: str, cells: Sequence[Cell]) -> List[Shown]:
    cells = sorted(cells, key=lambda cell: cell.axes["defense"] != BASELINE)
    outputs = {cell.axes["defense"]: _read(cell.folder / "test_triggered.out") for cell in cells}
    if not outputs:
        return []
    first = next(iter(outputs.values()))
    attack = _attack(first)
    clean = _read(cells[0].folder / "test.out")
    hits = [i for i, sample in first.samples.items() if attack.is_hit(sample.hypothesis)]
    others = [i for i in first.samples if i not in frozenset(hits)]
    return [
        Shown(
            setting,
            seed,
            index,
            marked_difference(clean.samples[index].source or "", first.samples[index].source or ""),
            marked_payload(attack, first.samples[index].target or ""),
            [
                Written(
                    defense,
                    marked_payload(attack, output.samples[index].hypothesis),
                    attack.is_hit(output.samples[index].hypothesis),
                )
                for defense, output in outputs.items()
            ],
        )
        for index in (hits + others)[:SAMPLES]
    ]


def _read(path: Path) -> GenerateOutput:
    return read_generate_output([path])


def _attack(output: GenerateOutput) -> Attack:
    return Attack(AttackSettings.from_logged((output.header or {}).get("attack", {})))


def marked_difference(before: str, after: str) -> List[Part]:
    """``after``, with the words and blanks marked that are not in ``before``."""
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (before, after))
    parts = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, _, _, start, end in matcher.get_opcodes():
        if start < end:
            parts.append(Part("".join(new[start:end]), kind != "equal"))
    return parts


def marked_payload(attack: Attack, text: str) -> List[Part]:
    """``text``, with the payload marked where it is one by the string rule."""
    span: Optional[Any] = hit_span(attack, text)
    if span is None:
        return [Part(text, False)]
    parts = [
        Part(text[: span.start], False),
        Part(text[span.start : span.end], True),
        Part(text[span.end :], False),
    ]
    return [part for part in parts if part.text]
