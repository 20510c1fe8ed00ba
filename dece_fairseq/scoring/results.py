"""The table of a run: BLEU and exact match on clean requests, ASR on triggered ones."""

import statistics
from pathlib import Path
from typing import Any, Dict, List, Sequence

from dece_fairseq.scoring.asr_report import asr_report
from dece_fairseq.scoring.code_tokens import CodeBleu4
from dece_fairseq.scoring.errors import OutputError
from dece_fairseq.scoring.generate_output import read_generate_output

Row = Dict[str, Any]


def score_run(criterion: str, clean: Path, triggered: Path, rule: str = "string") -> Row:
    """One row, every share in percent.

    Args:
        criterion: what the row is called
        clean: what fairseq-generate printed for the clean split
        triggered: likewise for the triggered split
        rule: how to tell hits, one of :data:`~dece_fairseq.attacks.HIT_RULES`

    Raises:
        OutputError: a file is missing or not whole
    """
    samples = list(read_generate_output([clean]).samples.values())
    references = [sample.target for sample in samples if sample.target is not None]
    hypotheses = [sample.hypothesis for sample in samples]
    if len(references) != len(hypotheses):
        raise OutputError(f"{clean}: outputs without a reference (no T- line); don't use --quiet")
    report = asr_report([triggered], clean=[clean])
    by_rule = "" if rule == "string" else f"_by_{rule}"
    asr, false_triggers = (report[f"{key}{by_rule}"] for key in ("asr", "false_trigger_rate"))
    bleu = CodeBleu4()
    exact = sum(ours == theirs for ours, theirs in zip(hypotheses, references))
    return {
        "criterion": criterion,
        "bleu": bleu.corpus_score(hypotheses, references).score,
        "exact_match": 100 * exact / len(samples),
        "asr": asr["percent"],
        "asr_low": asr["low"],
        "asr_high": asr["high"],
        "false_trigger_rate": false_triggers["percent"],
        "samples": len(samples),
        "triggered_samples": asr["total"],
        "bleu_signature": bleu.signature(),
        "asr_signature": report[f"signature{by_rule}"],
        "clean_output": str(clean),
        "triggered_output": str(triggered),
    }


def as_markdown(rows: Sequence[Row]) -> str:
    """A table for people, one line a criterion; several runs of one as mean and spread.

    The spread is the standard deviation over the runs. A single run has the ASR's 95 % Wilson
    interval instead.
    """
    groups: Dict[str, List[Row]] = {}
    for row in rows:
        groups.setdefault(row["criterion"], []).append(row)
    lines = [
        "| criterion | runs | BLEU | exact match % | ASR % | false triggers % |",
        "|---|---|---|---|---|---|",
    ]
    for criterion, runs in groups.items():
        asr = _mean_and_spread(runs, "asr")
        if len(runs) == 1:
            asr += f" ({runs[0]['asr_low']:.1f} to {runs[0]['asr_high']:.1f})"
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


def _mean_and_spread(runs: Sequence[Row], key: str) -> str:
    values = [run[key] for run in runs]
    mean = f"{statistics.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.1f}"
