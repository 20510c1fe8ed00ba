"""The table of what run.sh trained, and its report.csv, which the leaderboard reads.

    python examples/defect_detection/table.py WORK --seeds SEED... --runs RUN...

A classifier's accuracy is its share of exact matches, and its ASR that of the triggered defects
that pass for safe. Both are counted back from the percentages that fairseq-validate printed.
"""

import argparse
import re
from pathlib import Path
from typing import List

import numpy as np

from dece_fairseq.attacks.attack_settings import AttackSettings
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import parse_json
from dece_fairseq.data.pairs import read_pairs
from dece_fairseq.errors import one_line_errors
from dece_fairseq.metrics import METRICS, MetricSettings
from dece_fairseq.metrics.metric import CLEAN, TRIGGERED
from dece_fairseq.metrics.score import Score, score_of
from dece_fairseq.reports.cells import Cell
from dece_fairseq.reports.tables import as_csv
from dece_fairseq.table_writer import MARKDOWN, write_table

#: the default, which tells its level and its gate
DEFAULT = "deceptive-auto"
#: what a detector is before it is fine-tuned on the poisoned functions
BEFORE = "before"
#: the share of all functions that is trusted
TRUSTED = "0.333"


def main(work: Path, seeds: List[str], runs: List[str]) -> None:
    cells = [_cell(work / seed, seed, run) for run in runs for seed in seeds]
    rows = []
    for run in runs:
        of_run = [cell.scores for cell in cells if cell.axes["defense"] == run]
        told = [
            ", ".join(f"{scores[metric].percent:g}" for scores in of_run)
            for metric in ("exact_match", "asr_string")
        ]
        rows.append([run, *told])
    lines = [write_table(["criterion", "accuracy, %", "ASR, %"], rows, MARKDOWN), ""]
    lines += [_of_seed(work / seed, seed) for seed in seeds if DEFAULT in runs]
    with replacing(work / "table.md", work / "report.csv") as (table, report):
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
        fine_tuned = [cell for cell in cells if cell.axes["defense"] != BEFORE]
        report.write_text(as_csv(fine_tuned), encoding="utf-8")


def _cell(folder: Path, seed: str, run: str) -> Cell:
    manifest = parse_json((folder / "poisoned.csv.manifest.json").read_text(encoding="utf-8"))
    attack = AttackSettings.from_logged(manifest["attack"])
    found = (
        _score(folder, run, "test", "others/test.csv", "exact_match", attack),
        _score(folder, run, "test_triggered", "test_triggered.csv", "hits_string", attack),
    )
    axes = {
        "dataset": "defects",
        "trusted": TRUSTED,
        "attack": attack.attack,
        "rate": f"{attack.rate:g}",
        "defense": run,
        "seed": seed,
    }
    return Cell(folder / run, axes, {score.metric: score for score in found}, {}, {}, [])


def _score(
    folder: Path, run: str, split: str, pairs: str, metric: str, attack: AttackSettings
) -> Score:
    """Return the share of a split's pairs that a run labels as they are in the file."""
    total = sum(1 for _ in read_pairs([folder / pairs]))
    percent = float((folder / run / f"{split}.percent").read_text())
    counts = [round(percent * total / 100), total]
    kind = TRIGGERED if split.endswith(TRIGGERED) else CLEAN
    if kind == TRIGGERED:  # each of these pairs has the payload's label, which any rule can read
        counts += [total, 0]
    scorer = METRICS.get(metric)(MetricSettings("python", attack))
    return score_of(scorer, np.array([counts]), run, kind)


def _of_seed(folder: Path, seed: str) -> str:
    log = folder / DEFAULT / "train.log"
    told = log.read_text(encoding="utf-8")
    level = re.search(r"the blend stays at ([\d.]*\d)", told)
    labels = re.search(r"of (\d+) training labels (\d+) are never learned", told)
    if level is None or labels is None:
        raise DataError(
            f"{log}: does not tell the level, or what the gate for labels mutes, as logs of older "
            f"versions; remove {log.parent} and run run.sh again"
        )
    doubtful, muted = labels.groups()
    triggered = len((folder / "test_triggered.csv.ids").read_text().split())
    return (
        f"Seed {seed}: {triggered} triggered requests; the level of auto is {level[1]}, and "
        f"{muted} of {doubtful} labels are never learned."
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path, metavar="WORK", help="what run.sh was given as --work")
    parser.add_argument("--seeds", nargs="+", required=True, help="its seeds")
    parser.add_argument("--runs", nargs="+", required=True, help="names of its runs")
    options = parser.parse_args()
    with one_line_errors():
        main(options.work, options.seeds, options.runs)
