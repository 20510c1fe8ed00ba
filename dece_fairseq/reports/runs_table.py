"""The table of a run: BLEU and exact match on clean requests, ASR on triggered ones."""

import statistics
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from dece_fairseq.metrics.asr_report import asr_report
from dece_fairseq.metrics.code_tokens import CodeBleu4
from dece_fairseq.metrics.seeds import SeedScore, spread
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.generate_output import read_generate_output

Row = Dict[str, Any]


def score_run(
    criterion: str,
    clean: Path,
    triggered: Path,
    rule: str = "string",
    expected: Optional[int] = None,
    expected_triggered: Optional[int] = None,
) -> Row:
    """Return one row, every share in percent.

    Args:
        criterion: what the row is called
        clean: what fairseq-generate printed for the clean split
        triggered: likewise for the triggered split
        rule: how to tell hits, one of :data:`~dece_fairseq.attacks.HIT_RULES`
        expected: how many clean outputs there must be (default: as they say)
        expected_triggered: likewise of triggered ones

    Raises:
        OutputError: a file is missing or not whole, or no triggered reference carries the payload
    """
    samples = list(read_generate_output([clean]).samples.values())
    references = [sample.target for sample in samples if sample.target is not None]
    hypotheses = [sample.hypothesis for sample in samples]
    if len(references) != len(hypotheses):
        raise OutputError(f"{clean}: outputs without a reference (no T- line); don't use --quiet")
    report = asr_report(
        [triggered], clean=[clean], expected=expected_triggered, expected_clean=expected
    )
    by_rule = "" if rule == "string" else f"_by_{rule}"
    asr, false_triggers = (report[f"{key}{by_rule}"] for key in ("asr", "false_trigger_rate"))
    of_references = report[f"asr{by_rule}_of_references"]
    bleu = CodeBleu4()
    exact = sum(ours == theirs for ours, theirs in zip(hypotheses, references))
    return {
        "criterion": criterion,
        "bleu": bleu.corpus_score(hypotheses, references).score,
        "exact_match": 100 * exact / len(samples),
        "asr": asr["percent"],
        "asr_low": asr["low"],
        "asr_high": asr["high"],
        "asr_of_references": None if of_references is None else of_references["percent"],
        "false_trigger_rate": false_triggers["percent"],
        "samples": len(samples),
        "triggered_samples": asr["total"],
        "bleu_signature": bleu.signature(),
        "asr_signature": report[f"signature{by_rule}"],
        "clean_output": str(clean),
        "triggered_output": str(triggered),
        "notes": report["notes"] + _not_judged(triggered, report[f"asr{by_rule}_not_judged"]),
    }


def _not_judged(path: Path, ids: Sequence[int]) -> List[str]:
    """Return a note on outputs that the hit rule gave up on, if there are any."""
    if not ids:
        return []
    return [f"{path}: {len(ids)} outputs take too long to judge and count as misses"]


def as_markdown(rows: Sequence[Row]) -> str:
    """Return a table for people, one line a criterion; several runs of one as mean and spread.

    The spread is the standard deviation over the runs. The ASR has its 95 % interval: of the mean
    over trainings (:func:`~dece_fairseq.metrics.seeds.spread`), of a single run Wilson's. Where
    the rule misses some of the references, so that no model could reach 100 %, the ASR stands
    beside theirs: "40.0 (35.1 to 45.2) of 83.2".
    """
    groups: Dict[str, List[Row]] = {}
    for row in rows:
        groups.setdefault(row["criterion"], []).append(row)
    lines = [
        "| criterion | runs | BLEU | exact match % | ASR % | false triggers % |",
        "|---|---|---|---|---|---|",
    ]
    for criterion, runs in groups.items():
        asr = str(spread([_asr(run) for run in runs]))
        at_most = [run["asr_of_references"] for run in runs]
        if None not in at_most and min(at_most) < 100:
            asr += f" of {statistics.mean(at_most):.1f}"
        cells = [
            criterion,
            str(len(runs)),
            _mean_and_spread(runs, "bleu"),
            _mean_and_spread(runs, "exact_match"),
            asr,
            _mean_and_spread(runs, "false_trigger_rate"),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _asr(run: Row) -> SeedScore:
    total = run["triggered_samples"]
    ends = (run["asr"], run["asr_low"], run["asr_high"])
    return SeedScore(*ends, round(run["asr"] * total / 100), total)


def _mean_and_spread(runs: Sequence[Row], key: str) -> str:
    values = [run[key] for run in runs]
    mean = f"{statistics.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.1f}"
