"""The table of runs: BLEU and exact match on clean requests, ASR on triggered ones."""

from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from dece_fairseq.metrics.evaluation import EvaluationSettings, RunFiles, evaluate
from dece_fairseq.metrics.hits import NOT_JUDGED, REFERENCES_HIT
from dece_fairseq.metrics.score import Score
from dece_fairseq.metrics.seeds import spread
from dece_fairseq.reports.summary import COLUMNS
from dece_fairseq.table_writer import MARKDOWN, write_table

#: what is told of clean requests besides the false triggers
METRICS = ("bleu_code", "exact_match")
_NAMES = {**COLUMNS, "asr_parse": "ASR %", "false_triggers_parse": "false triggers %"}


def score_run(
    criterion: str,
    clean: Path,
    triggered: Path,
    expected: Optional[int] = None,
    expected_triggered: Optional[int] = None,
) -> Dict[str, Any]:
    """Return what ``evaluate`` tells of one run.

    Args:
        criterion: what the run is called
        clean: what fairseq-generate printed for the clean split
        triggered: likewise for the triggered split
        expected: how many clean outputs there must be (default: as they say)
        expected_triggered: likewise of triggered ones

    Raises:
        OutputError: a file is missing or not whole, or no triggered reference carries the payload
    """
    report = evaluate(
        EvaluationSettings(
            [RunFiles(criterion, [clean], [triggered])],
            metrics=METRICS,
            expected=expected,
            expected_triggered=expected_triggered,
        )
    )
    notes = report["notes"] + _not_judged(triggered, report["scores"])
    notes += _only_by_the_parse(criterion, report["scores"])
    return {**{key: report[key] for key in ("runs", "scores", "versions")}, "notes": notes}


def _not_judged(path: Path, scores: Sequence[Dict[str, Any]]) -> List[str]:
    """Return notes on outputs that a hit rule gave up on."""
    return [
        f"{path}: {score['details'][NOT_JUDGED]:.0f} outputs take too long to judge and count as "
        f"misses of {score['metric']}"
        for score in scores
        if score["metric"].startswith("asr_") and score["details"].get(NOT_JUDGED)
    ]


def _only_by_the_parse(criterion: str, scores: Sequence[Dict[str, Any]]) -> List[str]:
    """Return a note where the payload comes in another form, which the string rule misses."""
    rates = {score["metric"]: Score.from_dict(score) for score in scores}
    string, parse = rates["asr_string"], rates["asr_parse"]
    if parse.low is None or string.high is None or parse.low <= string.high:
        return []
    return [
        f"{criterion}: by the parse the ASR is {parse.percent:.1f} %, by the string "
        f"{string.percent:.1f} %: outputs hold other forms of the payload; see --hit-rule parse"
    ]


def as_markdown(rows: Sequence[Dict[str, Any]], rule: str = "string") -> str:
    """Return a table for people, one line a name; several runs of one as mean and spread.

    The spread is the standard deviation over the runs. The ASR has its 95 % interval: of the mean
    over trainings (``spread``), of a single run Wilson's. Where
    the rule misses some of the references, so that no model could reach 100 %, the ASR stands
    beside theirs: "40.0 (35.1 to 45.2) of 83.2".

    Args:
        rows: of runs, what ``score_run`` returned
        rule: how hits are told, one of ``HIT_RULES``
    """
    asr, false_triggers = f"asr_{rule}", f"false_triggers_{rule}"
    names = [*METRICS, asr, false_triggers]
    groups: Dict[str, List[Dict[str, Score]]] = {}
    for row in rows:
        scores = {score["metric"]: Score.from_dict(score) for score in row["scores"]}
        groups.setdefault(scores[asr].run, []).append(scores)
    table = []
    for name, runs in groups.items():
        spreads = {metric: spread([run[metric] for run in runs]) for metric in names}
        cells = {metric: found.middle() for metric, found in spreads.items()}
        cells[asr] = str(spreads[asr]) + _at_most([run[asr] for run in runs])
        table.append([name, str(len(runs)), *(cells[metric] for metric in names)])
    header = ["criterion", "runs", *(_NAMES[metric] for metric in names)]
    return write_table(header, table, MARKDOWN) + "\n"


def _at_most(scores: Sequence[Score]) -> str:
    """Return what a model that wrote every reference would have, unless it is 100 or unknown."""
    shares = [score.details.get(REFERENCES_HIT, 100.0) for score in scores]
    return "" if min(shares) == 100 else f" of {sum(shares) / len(shares):.1f}"
