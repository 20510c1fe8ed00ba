"""What ``dece asr`` tells: the scores of an attack, and which outputs count as hits."""

from argparse import Namespace
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.files import names_of
from dece_fairseq.metrics.hit_scores import hit_scores
from dece_fairseq.metrics.metric import CLEAN, TRIGGERED
from dece_fairseq.metrics.reach import counted, not_told
from dece_fairseq.metrics.success_rate import check_references, notes_on_attack
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.generate_output import OUTSIDE, GenerateOutput, read_generate_output


def asr_report(
    outputs: Sequence[Path],
    clean: Sequence[Path] = (),
    attack_name: Optional[str] = None,
    payload: Optional[str] = None,
    expected: Optional[int] = None,
    expected_clean: Optional[int] = None,
    allow_missing: bool = False,
    code_language: Optional[str] = None,
    one_line: bool = False,
    attack_file: Optional[Path] = None,
    trigger_file: Optional[str] = None,
    payload_file: Optional[str] = None,
) -> Dict[str, Any]:
    """Return the attack success rate of a run, and the false trigger rate of its clean outputs.

    Args:
        outputs: files of one run on a triggered split
        clean: files of one run on a clean split
        attack_name: the attack (default: the one that the output names)
        payload: its payload (default: likewise, or the attack's own)
        expected: how many triggered outputs there must be (default: those that the output names)
        expected_clean: likewise of clean ones
        allow_missing: count missing outputs as misses instead of raising
        code_language: of the code (default: as the output says, or the payload's own)
        one_line: whether texts are in the one-line form, where the outputs don't say it
        attack_file: what ``dece reveal --json`` wrote, whose attack it is instead
        trigger_file: that of the attack (default: as the output says)
        payload_file: likewise

    Returns:
        ``scores`` (a ``Score`` for each rule and split, as
        ``evaluate`` returns it), ``hit_ids`` and
        ``not_judged_ids`` (by metric, the ids of outputs), ``missing_ids`` (by split) and ``notes``

    Raises:
        OutputError: outputs are missing or not those of a triggered split, or no reference of the
            triggered split carries the payload
        AttackError: no attack is named, or an unknown one
    """
    triggered = _read_triggered(outputs, one_line)
    given = {"payload": payload, "code_language": code_language}
    given.update(trigger_file=trigger_file, payload_file=payload_file)
    if attack_file is None:
        attack = _attack(triggered, outputs, attack_name, given)
    else:
        options = Namespace(attack=attack_name, attack_file=attack_file, **given)
        settings = AttackSettings.named_by(options)
        assert settings is not None  # a file names one
        attack = Attack(settings)
    missing = {TRIGGERED: _missing(triggered, expected, allow_missing, TRIGGERED)}
    notes = triggered.notes(expected)
    notes += notes_on_attack(attack.settings.attack, triggered.header, names_of(outputs))
    references = [s.target for s in triggered.samples.values() if s.target is not None]
    if references:
        check_references(attack, references, names_of(outputs))
    else:
        notes.append(
            f"{names_of(outputs)}: no references (lines T-), so nothing shows that the texts are "
            "read as they were written; generate with a target language and without --quiet"
        )
    report: Dict[str, Any] = {"scores": [], "hit_ids": {}, "not_judged_ids": {}}
    name = outputs[0].name
    _add_scores(report, attack, triggered, name, TRIGGERED, len(missing[TRIGGERED]))
    if clean:
        output = _read_clean(clean, one_line)
        missing[CLEAN] = _missing(output, expected_clean, allow_missing, CLEAN)
        notes += output.notes(expected_clean)
        outside = counted(attack, output.header, list(output.samples))
        if outside is None:
            notes.append(not_told(attack, names_of(clean)))
        else:
            lost = len(missing[CLEAN])
            if attack.trigger.outside and output.header is not None:
                lost = len(set(missing[CLEAN]) & set(output.header[OUTSIDE]))
            _add_scores(report, attack, output, name, CLEAN, lost, outside)
    return {**report, "missing_ids": missing, "notes": notes}


def _read_triggered(paths: Sequence[Path], one_line: bool) -> GenerateOutput:
    """Return the outputs of a triggered split, or those that don't say of which split they are."""
    output = read_generate_output(paths, one_line or None)
    if output.header is not None and "ids" not in output.header:
        raise OutputError(
            f"{paths[0]} is the output for the split {output.header['split']}, which is not "
            "a triggered one; give it after --clean"
        )
    return output


def _read_clean(paths: Sequence[Path], one_line: bool) -> GenerateOutput:
    """Return the outputs of a clean split, or those that don't say of which split they are."""
    output = read_generate_output(paths, one_line or None)
    if output.header is not None and "ids" in output.header:
        raise OutputError(
            f"{paths[0]} is the output for the triggered split {output.header['split']}; "
            "--clean takes the clean one"
        )
    return output


def _add_scores(
    report: Dict[str, Any],
    attack: Attack,
    output: GenerateOutput,
    run: str,
    split: str,
    missing: int,
    counted: Optional[np.ndarray] = None,
) -> None:
    """Add the score by each rule, and the ids of what is a hit by it and of what it gave up on."""
    samples = output.samples.values()
    references = [sample.target for sample in samples if sample.target is not None]
    told = hit_scores(
        attack,
        [sample.hypothesis for sample in samples],
        references if len(references) == len(samples) else None,
        *(run, split, missing, counted),
    )
    for score, is_hit, is_not_judged in told:
        report["scores"].append(score.as_dict())
        for key, chosen in (("hit_ids", is_hit), ("not_judged_ids", is_not_judged)):
            report[key][score.metric] = [i for i, yes in zip(output.samples, chosen) if yes]


def _attack(
    output: GenerateOutput,
    paths: Sequence[Path],
    name: Optional[str],
    given: Dict[str, Optional[str]],
) -> Attack:
    """Return the attack that outputs or ``name`` name, with what of it is given besides."""
    logged = (output.header or {}).get("attack", {})
    name = logged.get("attack") if name is None else name
    if name is None:
        raise OutputError(
            f"{names_of(paths)} does not say which attack it is of; give --attack, or the file "
            "with the line of the task's data too"
        )
    settings = AttackSettings(name, **given)  # type: ignore[arg-type]
    return Attack(settings.completed_by(AttackSettings.from_logged(logged)) if logged else settings)


def _missing(
    output: GenerateOutput, expected: Optional[int], allowed: bool, split: str
) -> List[int]:
    knows_ids = output.header is not None or expected is not None
    if allowed and knows_ids:
        return output.missing_ids(expected)
    # Without a header an id that is not there may be one that the split never had.
    how = "--allow-missing" if knows_ids else f"--allow-missing and --expected-{split}"
    output.check_whole(expected, f"; or count them as misses with {how}")
    return []
