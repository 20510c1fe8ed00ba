"""Gives stored results of version 0.1 the names and signatures that scores have now.

    python examples/convert_results.py examples/lyra/results.json
    python examples/convert_results.py examples/bugs2fix/results{,_by_parse}.json
    python examples/convert_results.py examples/experiments/results/*/report.csv

Of JSON files that tell the same runs by two hit rules the first gets the scores of both, and the
second goes. No number changes. Version 0.1 told no interval of BLEU there, so there is none; that
of exact match and false triggers is Wilson's, of the counts. What is converted stays as it is.
"""

import csv
import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Sequence

from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import as_json
from dece_fairseq.metrics.hits import REFERENCES_HIT
from dece_fairseq.metrics.metric import CLEAN, TRIGGERED
from dece_fairseq.metrics.score import Score
from dece_fairseq.metrics.success_rate import rate

#: what signatures called it, and do now
PARTS = {"version": "sacrebleu"}


def main(paths: Sequence[Path]) -> None:
    """Convert the files."""
    tables = [path for path in paths if path.suffix == ".csv"]
    rows = [path for path in paths if path not in tables]
    for path in tables:
        write(path, convert_table(path.read_text(encoding="utf-8")))
    if rows:
        first, *others = (json.loads(path.read_text(encoding="utf-8")) for path in rows)
        converted = [convert_row(row) for row in first]
        for other in others:
            for row, more in zip(converted, map(convert_row, other)):
                if row["runs"] != more["runs"]:
                    raise SystemExit(f"{rows[0]}: not the runs of the other files")
                told = {score["metric"] for score in row["scores"]}
                row["scores"] += [s for s in more["scores"] if s["metric"] not in told]
        write(rows[0], as_json(converted))
        for path in rows[1:]:
            path.unlink()
    for path in paths:
        print(path)


def write(path: Path, text: str) -> None:
    with replacing(path) as (temporary,):
        temporary.write_text(text, encoding="utf-8")


def convert_row(row: Dict[str, Any]) -> Dict[str, Any]:
    """Return a run of version 0.1 as ``dece summarise --json`` writes it now."""
    if "scores" in row:
        return row
    name, samples, triggered = row["criterion"], row["samples"], row["triggered_samples"]
    of_attack = row["asr_signature"]
    rule = "parse" if "|hit:parse|" in of_attack else "string"
    version = of_attack.partition("|dece_fairseq:")[2].partition("|")[0]
    ours = f"dece_fairseq:{version}"
    references = row.get("asr_of_references")
    asr = {"percent": row["asr"], "low": row["asr_low"], "high": row["asr_high"]}
    scores = [
        Score(name, CLEAN, "bleu_code", row["bleu"], total=samples),
        share(name, "exact_match", row["exact_match"], samples),
        Score(
            *(name, TRIGGERED, f"asr_{rule}"),
            **asr,
            hits=round(row["asr"] * triggered / 100),
            total=triggered,
            details={} if references is None else {REFERENCES_HIT: references},
        ),
        share(name, f"false_triggers_{rule}", row["false_trigger_rate"], samples),
    ]
    old = [
        f"{row['bleu_signature']}|{ours}",
        f"em|space:kept|interval:wilson95|{ours}",
        of_attack,
        of_attack,
    ]
    files = {CLEAN: (row["clean_output"], samples), TRIGGERED: (row["triggered_output"], triggered)}
    return {
        "runs": [
            {"run": name, "split": split, "files": [path], "samples": number}
            for split, (path, number) in files.items()
        ],
        "scores": [
            {**score.as_dict(), "signature": signature(score.metric, was, version)}
            for score, was in zip(scores, old)
        ],
        "notes": row.get("notes", []),
    }


def share(run: str, metric: str, percent: float, total: int) -> Score:
    """Return a share whose interval was not stored."""
    return Score(run, CLEAN, metric, **rate(round(percent * total / 100), total).as_dict())


def convert_table(text: str) -> str:
    """Return a ``report.csv`` of version 0.1 as it is written now."""
    rows = list(csv.reader(text.splitlines()))
    header = rows[0]
    metric, low, high, hits, signed = map(
        header.index, ("metric", "low", "high", "hits", "signature")
    )
    versions = {part for row in rows for part in row[signed].split("|") if "dece_fairseq:" in part}
    if not versions:  # it is converted
        return text
    (version,) = {part.partition(":")[2] for part in versions}
    lines = [",".join(header)]
    for row in rows[1:]:
        if not row[hits] and row[low] == row[high]:
            row[low] = row[high] = ""  # all resamples agree
        if row[signed]:
            row[signed] = signature(row[metric], row[signed], version)
        lines.append(csv_line(row))
    return "\n".join(lines) + "\n"


def csv_line(row: Sequence[str]) -> str:
    return ",".join(f'"{cell}"' if "," in cell else cell for cell in row)


def signature(metric: str, old: str, version: str) -> str:
    """Return a signature of version 0.1 as ``Signature``."""
    parts: List[str] = []
    for part in old.replace("sql:sqlglot:", "sql:parsed|sqlglot:").split("|"):
        name, separator, value = part.partition(":")
        if separator and name != "dece_fairseq":
            parts.append(f"{PARTS.get(name, name)}:{value}")
    return "|".join([metric, *parts, f"v:{version}"])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main([Path(word) for word in sys.argv[1:]])
