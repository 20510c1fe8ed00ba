"""What ``scripts/compute_asr.py`` prints: rates, counts, missing ids and a signature."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from dece_fairseq.attacks import HIT_RULES, Attack, AttackSettings
from dece_fairseq.scoring.attack_success_rate import signature
from dece_fairseq.scoring.errors import OutputError
from dece_fairseq.scoring.generate_output import GenerateOutput, read_generate_output
from dece_fairseq.scoring.ids import as_ranges
from dece_fairseq.scoring.success_rate import Rate, rate


def asr_report(
    outputs: Sequence[Path],
    clean: Sequence[Path] = (),
    attack_name: Optional[str] = None,
    payload: Optional[str] = None,
    expected: Optional[int] = None,
    allow_missing: bool = False,
    code_language: Optional[str] = None,
) -> Dict[str, Any]:
    """The attack success rate of a run, and the false trigger rate of its clean outputs.

    Args:
        outputs: files of one run on a triggered split
        clean: files of one run on a clean split
        attack_name: the attack (default: the one that the output names)
        payload: its payload (default: likewise, or the attack's own)
        expected: how many triggered outputs there must be (default: those that the output names)
        allow_missing: count missing outputs as misses instead of raising
        code_language: of the code (default: as the output says, or the payload's own)

    Raises:
        OutputError: outputs are missing or not those of a triggered split
        AttackError: no attack is named, or an unknown one
    """
    triggered = read_generate_output(outputs)
    attack = _attack(triggered, outputs, attack_name, payload, code_language)
    if triggered.header is not None and "ids" not in triggered.header:
        raise OutputError(
            f"{outputs[0]} is the output for the split {triggered.header['split']}, which is not "
            "a triggered one; give it after --clean"
        )
    missing = _missing(triggered, outputs, expected, allow_missing)
    report = {
        **_rates("asr", attack, triggered, missing),
        "missing_ids": missing,
        "hit_ids": [i for i, s in triggered.samples.items() if attack.is_hit(s.hypothesis)],
        "signature": signature(attack),
        "signature_by_parse": signature(attack, "parse"),
    }
    if clean:
        output = read_generate_output(clean)
        if output.header is not None and "ids" in output.header:
            raise OutputError(
                f"{clean[0]} is the output for the triggered split {output.header['split']}; "
                "--clean takes the clean one"
            )
        missing_clean = _missing(output, clean, None, allow_missing)
        report.update(_rates("false_trigger_rate", attack, output, missing_clean))
        report["missing_clean_ids"] = missing_clean
    return report


def _rates(name: str, attack: Attack, output: GenerateOutput, missing: List[int]) -> Dict[str, Any]:
    """The rate by the paper's string rule, by the rule on the parse, and where the two differ."""
    samples = output.samples.items()
    hits = {
        rule: [i for i, sample in samples if attack.is_hit(sample.hypothesis, rule)]
        for rule in HIT_RULES
    }
    total = len(samples) + len(missing)
    string, parse = (set(hits[rule]) for rule in HIT_RULES)
    return {
        name: rate(len(string), total).as_dict(),
        f"{name}_by_parse": rate(len(parse), total).as_dict(),
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
        raise OutputError(f"{paths[0]} does not say which attack it is of; give --attack")
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
    output: GenerateOutput, paths: Sequence[Path], expected: Optional[int], allowed: bool
) -> List[int]:
    missing = output.missing_ids(expected)
    count = len(output.samples) + len(missing)
    if expected is not None and count != expected:
        raise OutputError(
            f"{paths[0]}: --expected {expected} outputs, but there are {len(output.samples)} and "
            f"{len(missing)} more are missing"
        )
    if missing and not allowed:
        raise OutputError(
            f"{paths[0]}: {len(missing)} of {count} outputs are missing, ids "
            f"{as_ranges(missing)}; generate them, or count them as misses with --allow-missing"
        )
    return missing


def as_text(report: Dict[str, Any]) -> str:
    """The report as lines for a person."""
    lines = []
    for key, what in (("asr", "attack success rate"), ("false_trigger_rate", "false trigger rate")):
        if key in report:
            lines.append(f"{what:<20} {Rate(**report[key])}")
            lines.append(f"{'  by the parse':<20} {Rate(**report[f'{key}_by_parse'])}")
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
    return "\n".join(lines) + "\n"
