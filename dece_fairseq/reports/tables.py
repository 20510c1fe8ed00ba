"""The tables of a report, as cells of text: for Markdown and for the page."""

import csv
import io
from typing import Dict, List, NamedTuple, Optional, Sequence

from dece_fairseq.reports.cells import AXES, SHARES, TESTS, Cell
from dece_fairseq.reports.summary import COLUMNS, Row, Spread


class Table(NamedTuple):
    """A table of a report."""

    title: str
    header: List[str]
    rows: List[List[str]]
    note: str = ""


def tables(rows: Sequence[Row]) -> List[Table]:
    """For each setting the scores of every defence, and what its filters found."""
    found = []
    for setting in dict.fromkeys(row.setting for row in rows):
        of_setting = [row for row in rows if row.setting == setting]
        found.append(_scores(setting, of_setting))
        if any(row.filters for row in of_setting):
            found.append(_filters(setting, of_setting))
    return found


def _scores(setting: str, rows: Sequence[Row]) -> Table:
    columns = [metric for metric in COLUMNS if any(metric in row.scores for row in rows)]
    tests = [metric for metric in TESTS if any(metric in row.tests for row in rows)]
    header = ["defence", "seeds", *(COLUMNS[metric] for metric in columns)]
    header += [f"p, {COLUMNS[metric].replace(' %', '')}" for metric in tests]
    body = [
        [
            row.defense,
            str(len(row.seeds)),
            *(_shown(row.scores.get(metric)) for metric in columns),
            *(_p_values(row.tests.get(metric)) for metric in tests),
        ]
        for row in rows
    ]
    several = max(len(row.seeds) for row in rows) > 1
    note = (
        "Mean ± standard deviation over seeds, and the 95 % interval of the mean (Student's t, cut "
        "at 0 and 100). "
        if several
        else "In brackets 95 % intervals: Wilson's of shares, bootstrap of the others. "
    )
    note += (
        "p: of each seed, paired with cross-entropy on the same samples; approximate randomisation "
        "for BLEU, McNemar's exact test for the ASR."
    )
    return Table(setting, header, body, note)


def _filters(setting: str, rows: Sequence[Row]) -> Table:
    header = ["filter", "seeds", *(f"{name.replace('_', ' ')} %" for name in SHARES)]
    body = [
        [row.defense, str(len(row.seeds)), *(_shown(row.filters.get(name)) for name in SHARES)]
        for row in rows
        if row.filters
    ]
    note = "Of training pairs that a defence drops, against those that are poisoned."
    return Table(f"{setting}: what filters drop", header, body, note)


def _shown(score: Optional[Spread]) -> str:
    return "" if score is None else str(score)


def _p_values(values: Optional[Sequence[Optional[float]]]) -> str:
    if values is None:
        return ""
    return " / ".join("–" if value is None else f"{value:.2g}" for value in values)


def as_markdown(found: Sequence[Table]) -> str:
    """The tables as Markdown."""
    lines = []
    for table in found:
        lines += [f"### {table.title}", "", "| " + " | ".join(table.header) + " |"]
        lines.append("|" + "---|" * len(table.header))
        lines += ["| " + " | ".join(row) + " |" for row in table.rows]
        lines += ["", table.note, ""]
    return "\n".join(lines)


def as_csv(cells: Sequence[Cell]) -> str:
    """A line for each cell and metric."""
    file = io.StringIO()
    names = [*AXES, "metric", "percent", "low", "high", "hits", "total", "signature"]
    writer = csv.DictWriter(file, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for cell in cells:
        for score in cell.scores.values():
            row: Dict[str, object] = {**score, **cell.axes}
            writer.writerow(row)
    return file.getvalue()
