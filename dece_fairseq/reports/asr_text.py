"""What ``dece asr`` prints for a person."""

from typing import Any, Dict

from dece_fairseq.metrics.hits import NOT_JUDGED, REFERENCES_HIT
from dece_fairseq.metrics.score import Score, number
from dece_fairseq.outputs.ids import as_ranges
from dece_fairseq.table_writer import write_table


def as_text(report: Dict[str, Any]) -> str:
    """Return what ``asr_report`` told as lines."""
    scores = [Score.from_dict(score) for score in report["scores"]]
    table = [
        [
            score.metric,
            score.value(),
            number(score.details[REFERENCES_HIT]) if REFERENCES_HIT in score.details else "",
        ]
        for score in scores
    ]
    lines = [write_table(["", "% (95 % interval)", REFERENCES_HIT], table)]
    hits = {metric: set(ids) for metric, ids in report["hit_ids"].items()}
    for metric, ids in hits.items():
        name, _, rule = metric.rpartition("_")
        other = f"{name}_{'parse' if rule == 'string' else 'string'}"
        if ids - hits[other]:
            lines.append(f"hits of {metric} alone: {as_ranges(ids - hits[other])}")
    for metric, ids in report["not_judged_ids"].items():
        if ids:
            lines.append(f"{NOT_JUDGED} by {metric}, counted as misses: {as_ranges(ids)}")
    for split, ids in report["missing_ids"].items():
        if ids:
            lines.append(f"missing, counted as misses: {split} {as_ranges(ids)}")
    lines += [f"signature of {score.metric}: {score.signature}" for score in scores]
    lines += [f"note: {note}" for note in report["notes"]]
    return "\n".join(lines) + "\n"
