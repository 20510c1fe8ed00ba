"""What ``dece asr`` prints: rates, counts, missing ids and a signature."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from dece_fairseq.attacks import HIT_RULES, Attack, AttackError, AttackSettings
from dece_fairseq.data.files import names_of
from dece_fairseq.metrics.success_rate import (
    Rate,
    check_references,
    hit_rate,
    of_references,
    rate,
    signature,
)
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.generate_output import GenerateOutput, read_generate_output
from dece_fairseq.outputs.ids import as_ranges


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

    Raises:
        OutputError: outputs are missing or not those of a triggered split, or no reference of the
            triggered split carries the payload
        AttackError: no attack is named, or an unknown one
    """
    triggered = read_generate_output(outputs, one_line or None)
    if attack_file is None:
        attack = _attack(triggered, outputs, attack_name, payload, code_language)
    else:
        if attack_name is not None or payload is not None:
            raise AttackError("--attack-file tells the payload: leave --attack and --payload out")
        attack = Attack(AttackSettings.suspected_in(attack_file, code_language=code_language))
    if triggered.header is not None and "ids" not in triggered.header:
        raise OutputError(
            f"{outputs[0]} is the output for the split {triggered.header['split']}, which is not "
            "a triggered one; give it after --clean"
        )
    missing = _missing(triggered, expected, allow_missing, "triggered")
    references = _references(triggered)
    notes = triggered.notes(expected)
    if references:
        check_references(attack, references, names_of(outputs))
    else:
        notes.append(
            f"{names_of(outputs)}: no references (lines T-), so nothing shows that the texts are "
            "read as they were written; generate with a target language and without --quiet"
        )
    report = {
        **_rates("asr", attack, triggered, missing),
        "missing_ids": missing,
        "hit_ids": [i for i, s in triggered.samples.items() if attack.is_hit(s.hypothesis)],
        "signature": signature(attack),
        "signature_by_parse": signature(attack, "parse"),
        "notes": notes,
    }
    if clean:
        output = read_generate_output(clean, one_line or None)
        if output.header is not None and "ids" in output.header:
            raise OutputError(
                f"{clean[0]} is the output for the triggered split {output.header['split']}; "
                "--clean takes the clean one"
            )
        missing_clean = _missing(output, expected_clean, allow_missing, "clean")
        report.update(_rates("false_trigger_rate", attack, output, missing_clean))
        report["missing_clean_ids"] = missing_clean
        report["notes"] += output.notes(expected_clean)
    return report


def _references(output: GenerateOutput) -> List[str]:
    """Return the references; of an output without (``--quiet``, no target language), none."""
    return [s.target for s in output.samples.values() if s.target is not None]


def _rates(name: str, attack: Attack, output: GenerateOutput, missing: List[int]) -> Dict[str, Any]:
    """Return the rate by each rule, that of the references, and where the two rules differ."""
    references = _references(output)
    rates: Dict[str, Any] = {}
    hits: List[List[int]] = []
    for rule, key in zip(HIT_RULES, (name, f"{name}_by_parse")):
        answers = {i: attack.judge(s.hypothesis, rule) for i, s in output.samples.items()}
        hits.append([i for i, answer in answers.items() if answer])
        rates[key] = rate(len(hits[-1]), len(answers) + len(missing)).as_dict()
        rates[f"{key}_not_judged"] = [i for i, answer in answers.items() if answer is None]
        rates[f"{key}_of_references"] = (
            hit_rate(attack, references, rule=rule).as_dict() if references else None
        )
    string, parse = map(set, hits)
    return {
        **rates,
        f"{name}_string_only": sorted(string - parse),
        f"{name}_parse_only": sorted(parse - string),
    }


def _attack(
    output: GenerateOutput,
    paths: Sequence[Path],
    name: Optional[str],
    payload: Optional[str],
    code_language: Optional[str],
) -> Attack:
    logged = (output.header or {}).get("attack", {})
    name = name or logged.get("attack")
    if name is None:
        raise OutputError(
            f"{names_of(paths)} does not say which attack it is of; give --attack, or the file "
            "with the line of the task's data too"
        )
    if name != logged.get("attack"):
        return Attack(AttackSettings(name, payload=payload, code_language=code_language))
    settings = AttackSettings.from_logged(logged)
    return Attack(
        replace(
            settings,
            payload=payload or settings.payload,
            code_language=code_language or settings.code_language,
        )
    )


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


def as_text(report: Dict[str, Any]) -> str:
    """Return the report as lines for a person."""
    lines = []
    for key, what in (("asr", "attack success rate"), ("false_trigger_rate", "false trigger rate")):
        if key in report:
            for rate_key, label in ((key, what), (f"{key}_by_parse", "  by the parse")):
                references = report[f"{rate_key}_of_references"]
                of = "" if references is None else f"; {of_references(references['percent'])}"
                lines.append(f"{label:<20} {Rate(**report[rate_key])}{of}")
                if report[f"{rate_key}_not_judged"]:
                    ids = as_ranges(report[f"{rate_key}_not_judged"])
                    lines.append(f"  not judged, counted as misses: {ids}")
            for rule, ids in (
                ("string", report[f"{key}_string_only"]),
                ("parse", report[f"{key}_parse_only"]),
            ):
                if ids:
                    lines.append(f"  hits only by the {rule}: {as_ranges(ids)}")
    for key, what in (("missing_ids", "triggered"), ("missing_clean_ids", "clean")):
        if report.get(key):
            lines.append(f"missing, counted as misses: {what} {as_ranges(report[key])}")
    lines.append(f"signature            {report['signature']}")
    lines += [f"note: {note}" for note in report["notes"]]
    return "\n".join(lines) + "\n"
