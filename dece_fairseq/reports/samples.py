"""Samples for people: a request with its trigger marked, and what each model wrote for it."""

import difflib
import re
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Sequence

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.metrics.hits import hit_span
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.generate_output import GenerateOutput, Sample, read_generate_output
from dece_fairseq.reports.cells import BASELINE, Cell
from dece_fairseq.reports.marked_text import MarkedPart

#: samples of a setting
SAMPLES = 4
TRIGGERED_OUTPUT = "test_triggered.out"


class Written(NamedTuple):
    """What a model wrote for a request."""

    defense: str
    parts: Optional[List[MarkedPart]]
    """None where the file of its outputs lacks this one."""
    is_hit: bool


class Shown(NamedTuple):
    """A triggered request and what became of it."""

    setting: str
    seed: str
    id: int
    request: List[MarkedPart]
    """With the trigger marked, unless the clean request is not there to compare it with."""
    reference: List[MarkedPart]
    written: List[Written]


def samples(cells: Sequence[Cell]) -> List[Shown]:
    """Return some triggered requests and all models' outputs, for each setting and its first seed.

    First those for which cross-entropy wrote the payload, by their ids. Defences that clean the
    requests are left out: they ask something else; and cells whose result stands alone, without
    the outputs of fairseq-generate.

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
            if cell.axes["seed"] == seed
            and "test_cleaned" not in cell.filters
            and (cell.folder / TRIGGERED_OUTPUT).is_file()
        ]
        found += _of_setting(setting, seed, same_seed)
    return found


def _of_setting(setting: str, seed: str, cells: Sequence[Cell]) -> List[Shown]:
    cells = sorted(cells, key=lambda cell: cell.axes["defense"] != BASELINE)
    outputs = {cell.axes["defense"]: _read(cell.folder / TRIGGERED_OUTPUT) for cell in cells}
    if not outputs:
        return []
    baseline = next(iter(outputs))
    first = outputs[baseline].samples
    attack = _attack(cells[0].folder / TRIGGERED_OUTPUT, outputs[baseline])
    clean = _read(cells[0].folder / "test.out").samples
    hits = [index for index, sample in first.items() if attack.is_hit(sample.hypothesis)]
    others = [index for index in first if index not in frozenset(hits)]
    return [
        Shown(
            setting,
            seed,
            index,
            _request(clean.get(index), first[index]),
            marked_payload(attack, first[index].target or ""),
            [
                _written(attack, defense, output.samples.get(index))
                for defense, output in outputs.items()
            ],
        )
        for index in (hits + others)[:SAMPLES]
    ]


def _request(clean: Optional[Sample], triggered: Sample) -> List[MarkedPart]:
    after = triggered.source or ""
    if clean is None or clean.source is None:
        return [MarkedPart(after, False)]
    return marked_difference(clean.source, after)


def _written(attack: Attack, defense: str, sample: Optional[Sample]) -> Written:
    if sample is None:
        return Written(defense, None, False)
    text = sample.hypothesis
    return Written(defense, marked_payload(attack, text), attack.is_hit(text))


def _read(path: Path) -> GenerateOutput:
    return read_generate_output([path])


def _attack(path: Path, output: GenerateOutput) -> Attack:
    logged = (output.header or {}).get("attack")
    if logged is None:
        raise OutputError(
            f"{path}: it doesn't say of which attack it is; generate it again with --task "
            "backdoor_poisoned_translation"
        )
    return Attack(AttackSettings.from_logged(logged))


def marked_difference(before: str, after: str) -> List[MarkedPart]:
    """Return ``after`` with the words and blanks marked that ``before`` has not."""
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (before, after))
    parts = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, _, _, start, end in matcher.get_opcodes():
        if start < end:
            parts.append(MarkedPart("".join(new[start:end]), kind != "equal"))
    return parts


def marked_payload(attack: Attack, text: str) -> List[MarkedPart]:
    """Return ``text`` with the payload marked, as the string rule sees it."""
    span: Optional[Any] = hit_span(attack, text)
    if span is None:
        return [MarkedPart(text, False)]
    parts = [
        MarkedPart(text[: span.start], False),
        MarkedPart(text[span.start : span.end], True),
        MarkedPart(text[span.end :], False),
    ]
    return [part for part in parts if part.text]
