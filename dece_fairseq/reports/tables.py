"""The tables of a report, as cells of text: for Markdown and for the page."""

import csv
import io
from typing import List, NamedTuple, Optional, Sequence

from dece_fairseq.metrics.hits import REFERENCES_HIT
from dece_fairseq.metrics.seeds import Spread, plausible_rates, signature
from dece_fairseq.reports.cells import AXES, BASELINE, SHARES, TESTS, Cell
from dece_fairseq.reports.summary import CHECKS, COLUMNS, Row
from dece_fairseq.table_writer import MARKDOWN, write_table

#: of ``report.csv``
CSV_COLUMNS = (
    *(*AXES, "metric", "percent", "low", "high", "hits", "total"),
    *(REFERENCES_HIT, "p", "signature"),
)


#: stands for what a run was not asked for
NOT_TESTED = "not tested"


class Table(NamedTuple):
    """A table of a report."""

    title: str
    header: List[str]
    rows: List[List[str]]
    note: str = ""


def tables(rows: Sequence[Row]) -> List[Table]:
    """Return, for each setting, the scores of every defence and what its filters found."""
    found = []
    for setting in dict.fromkeys(row.setting for row in rows):
        of_setting = [row for row in rows if row.setting == setting]
        found.append(_scores(setting, of_setting))
        if any(row.filters for row in of_setting):
            found.append(_filters(setting, of_setting))
    return found


def _scores(setting: str, rows: Sequence[Row]) -> Table:
    told = {metric for row in rows for metric in row.scores}
    # What checks another is shown wherever that is, also where nobody asked for it.
    told |= {check for metric, check in CHECKS.items() if metric in told}
    columns = [metric for metric in COLUMNS if metric in told]
    tests = [metric for metric in TESTS if any(metric in row.tests for row in rows)]
    header = ["defence", "seeds", *(COLUMNS[metric] for metric in columns)]
    header += [f"p, {COLUMNS[metric].replace(' %', '')}" for metric in tests]
    body = [
        [
            row.defense,
            str(len(row.seeds)),
            *(_shown(row.scores.get(metric)) for metric in columns),
            *(_p_values(row, metric) for metric in tests),
        ]
        for row in rows
    ]
    note = _interval_note(rows)
    for metric in columns:
        shares = [row.references[metric] for row in rows if metric in row.references]
        if shares and min(shares) < 100:
            note += (
                f" A model that wrote every reference would have {min(shares):.1f} as "
                f"{COLUMNS[metric]}: the rule misses the others."
            )
    if any("codebleu" in row.scores and "codebleu_parts" not in row.scores for row in rows):
        note += (
            " CodeBLEU has 25 points for a data flow that matches nowhere; where its parts, which "
            "have none for it, are not tested, don't rely on it."
        )
    if tests:
        note += (
            " p: of each seed, paired with cross-entropy on the same samples; approximate "
            "randomisation for BLEU, McNemar's exact test for the ASR."
        )
    return Table(setting, header, body, note)


def _interval_note(rows: Sequence[Row]) -> str:
    """Return a note on what the intervals in these rows are, and what they leave open."""
    note = ""
    seeds = max(len(row.seeds) for row in rows)
    if seeds > 1:
        open_rate = 100 * plausible_rates([(0, 1000)] * seeds)[1]
        note += (
            "Mean ± standard deviation over seeds, and the 95 % interval of the mean over "
            "trainings and requests: of shares by a beta-binomial likelihood, of other scores by "
            "Student's t, and never narrower than those of single seeds, which are in report.csv "
            f"({signature()}). One training may learn a backdoor that others don't: {seeds} seeds "
            f"without a hit leave {open_rate:.0f} % open. Where neither seeds nor samples differ "
            "no interval is shown. "
        )
    if any(len(row.seeds) == 1 for row in rows):
        note += (
            "Of one seed the 95 % interval over its samples alone: Wilson's of shares, bootstrap "
            "of other scores. It says nothing about the next training. "
        )
    return note.rstrip()


def _filters(setting: str, rows: Sequence[Row]) -> Table:
    header = ["filter", "seeds", *(f"{name.replace('_', ' ')} %" for name in SHARES)]
    body = [
        [row.defense, str(len(row.seeds)), *(_shown(row.filters.get(name)) for name in SHARES)]
        for row in rows
        if row.filters
    ]
    note = "Of training pairs that a defence drops, against those that are poisoned; intervals as "
    note += "above."
    return Table(f"{setting}: what filters drop", header, body, note)


def _shown(score: Optional[Spread]) -> str:
    return NOT_TESTED if score is None else str(score)


def _p_values(row: Row, metric: str) -> str:
    if metric not in row.tests:
        return "" if row.defense == BASELINE else NOT_TESTED
    values = row.tests[metric]
    return " / ".join("–" if value is None else f"{value:.2g}" for value in values)


def as_markdown(found: Sequence[Table]) -> str:
    """Return the tables as Markdown."""
    lines = []
    for table in found:
        lines += [f"### {table.title}", "", write_table(table.header, table.rows, MARKDOWN)]
        lines += ["", table.note, ""]
    return "\n".join(lines)


def as_csv(cells: Sequence[Cell]) -> str:
    """Return CSV: a row for each cell and score, with p-values, and for its filter."""
    file = io.StringIO()
    writer = csv.DictWriter(file, CSV_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for cell in cells:
        for metric, score in cell.scores.items():
            p = cell.tests.get(metric, {}).get(TESTS.get(metric, ""))
            of_references = score.details.get(REFERENCES_HIT)
            values = {**score.as_dict(), **cell.axes, "p": p, REFERENCES_HIT: of_references}
            writer.writerow(values)
        for name in SHARES:
            share = cell.filters.get("train", {}).get(name)
            if share is not None:
                writer.writerow({**share, **cell.axes, "metric": name})
    return file.getvalue()
