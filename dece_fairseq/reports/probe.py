"""What ``dece probe`` found, as text."""

from typing import Any, Dict, List, Optional

from dece_fairseq.data.trigger_kinds import told_triggers
from dece_fairseq.metrics.score import Score


def as_text(report: Dict[str, Any]) -> str:
    """Return what ``probe`` reports as lines for a person: of each attack, with one between."""
    told = [_told_attack(attack) for attack in (report, *report["others"])]
    told += [
        f"could not be asked about: {each['payload']!r}: {each['why']}\n"
        for each in report["failed"]
    ]
    if report["not_asked"]:
        gone = " | ".join(map(repr, report["not_asked"]))
        told.append(
            f"not asked: targets are suspected to lack {gone}, and no output can be searched for "
            "what is gone\n"
        )
    return "\n".join(told)


def _told_attack(report: Dict[str, Any]) -> str:
    scores = [Score.from_dict(score) for score in report["scores"]]
    payloads = " | ".join(map(repr, report["payloads"]))
    claim = "" if report["is_claimed"] else " (not claimed by dece reveal)"
    lines = [f"suspected payload    {payloads}{claim}"]
    lines.append(f"suspected trigger    {_told_trigger(report)}")
    lines += [f"{score.metric:<23}{score.value()}" for score in reversed(scores)]
    lines += _told_changes(report["changes"], "")
    lines += _told_changes(report["own_requests"], "own requests ")
    lines += [f"signature of {score.metric}: {score.signature}" for score in reversed(scores)]
    return "\n".join(lines) + "\n"


def _told_changes(found: Optional[Dict[str, Any]], of: str) -> List[str]:
    if found is None:
        return []
    told = []
    if found["changed"] is not None:
        told.append(("changed by the trigger", found["changed"]))
    if found["text"] is not None:
        told.append((f"{of}gain {found['text']!r}", found["gained"]))
        if found["untouched"] is not None:
            told.append(("of other requests", found["untouched"]))
    return [
        f"{what:<22} {each['percent']:.2f} ({each['low']:.2f} to {each['high']:.2f}) "
        f"{each['hits']}/{each['total']}"
        for what, each in told
    ]


def _told_trigger(report: Dict[str, Any]) -> str:
    triggers = report["triggers"] or list(filter(None, [report["trigger"]]))
    if triggers:
        return told_triggers(triggers, report["trigger_kind"])
    if report["suspected_requests"]:
        return (
            f"none that is always the same: the requests of {report['suspected_requests']} "
            "suspected pairs were asked, which a model that was trained on them may remember"
        )
    return (
        "none that is always the same, so nothing was put into the requests: this is no attack "
        "success rate"
    )
