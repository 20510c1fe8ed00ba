"""A report of ``dece evaluate`` as text, CSV and LaTeX."""

import csv
import io
from typing import Any, Dict, List, Tuple

from dece_fairseq.metrics.evaluation import Report
from dece_fairseq.metrics.score import Score, number
from dece_fairseq.table_writer import LATEX, write_table

_TESTS = ("paired_bootstrap", "approximate_randomisation", "mcnemar")
_COLUMNS = (
    *("run", "split", "metric", "percent", "low", "high", "hits", "total", "details"),
    *("baseline", "difference", "difference_low", "difference_high", *_TESTS, "not_tested"),
    "signature",
)
#: p-values below it are marked in LaTeX
_SIGNIFICANT = 0.05

#: one score, and what it is compared with
_Cell = Dict[str, Any]
#: a metric on a split
_Key = Tuple[str, str]


def as_csv(report: Report) -> str:
    """Return CSV: a row for each score of each run, with its test against the first run."""
    file = io.StringIO()
    writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for cells in _table(report).values():
        for cell in cells.values():
            details = "; ".join(f"{name} {number(n)}" for name, n in cell["details"].items())
            writer.writerow({**cell, "details": details})
    return file.getvalue()


def as_text(report: Report) -> str:
    """Return the scores, a column for each run; below them tests, hits, signatures and notes."""
    runs = list(dict.fromkeys(run["run"] for run in report["runs"]))
    table = _table(report)
    grid: List[List[str]] = []
    for run in report["runs"]:
        label = f"{run['split']} samples"
        if label not in [row[0] for row in grid]:
            counts = {r["run"]: r["samples"] for r in report["runs"] if r["split"] == run["split"]}
            grid.append([label, *(str(counts.get(name, "")) for name in runs)])
    for (_, metric), cells in table.items():
        grid.append([metric, *(_score(cells.get(run)) for run in runs)])
        for detail in next(iter(cells.values()))["details"]:
            # That all references can be read goes without saying.
            if detail.startswith("references") and not any(
                cell["details"][detail] for cell in cells.values()
            ):
                continue
            values = [number(cells[r]["details"][detail]) if r in cells else "" for r in runs]
            grid.append([f"{metric}: {detail}", *values])
    blocks = [write_table(["", *runs], grid)]
    if report["comparisons"]:
        baseline = report["comparisons"][0]["baseline"]
        others = list(dict.fromkeys(test["run"] for test in report["comparisons"]))
        grid = []
        for (_, metric), cells in table.items():
            tests = [_test(cells.get(run, {})) for run in others]
            if any(tests):
                grid.append([metric, *tests])
        blocks.append(write_table([f"difference from {baseline}", *others], grid))
    blocks += [block for block in (_hits(report), _signatures(table)) if block]
    blocks += ["\n".join(f"note: {note}" for note in report["notes"])] if report["notes"] else []
    return "\n\n".join(blocks) + "\n"


def as_latex(report: Report) -> str:
    """Return a LaTeX table, a column for each run; comments say what the scores depend on."""
    runs = list(dict.fromkeys(run["run"] for run in report["runs"]))
    table = _table(report)
    lines = [f"% {line}".rstrip() for line in _signatures(table).splitlines()]
    lines += [f"% note: {note}" for note in report["notes"]]
    lines.append("% In brackets: 95 % intervals, if there are any. Needs \\usepackage{booktabs}.")
    if report["comparisons"]:
        baseline = report["comparisons"][0]["baseline"]
        lines.append(
            f"% *: differs from {baseline}, p < {_SIGNIFICANT} (McNemar's test for shares, "
            "approximate randomisation for all else)"
        )
    rows = [
        [metric.replace("_", " "), *(_latex_cell(cells.get(run)) for run in runs)]
        for (_, metric), cells in table.items()
    ]
    return "\n".join([*lines, write_table(["", *runs], rows, LATEX)]) + "\n"


def _table(report: Report) -> Dict[_Key, Dict[str, _Cell]]:
    """Return the scores by metric and run, clean outputs' first, with the tests in them."""
    table: Dict[_Key, Dict[str, _Cell]] = {}
    for score in sorted(report["scores"], key=lambda score: str(score["split"])):
        table.setdefault((score["split"], score["metric"]), {})[score["run"]] = dict(score)
    for test in report["comparisons"]:
        cell = table[test["split"], test["metric"]][test["run"]]
        cell.update(baseline=test["baseline"], difference=test["difference"])
        cell.update({name: test[name] for name in (*_TESTS, "not_tested") if name in test})
        if "low" in test:
            cell.update(difference_low=test["low"], difference_high=test["high"])
    return table


def _score(cell: Any) -> str:
    return "" if cell is None else Score.from_dict(cell).value()


def _test(cell: _Cell) -> str:
    if "difference" not in cell:
        return ""
    text = f"{cell['difference']:+.2f}"
    if cell.get("difference_low") is not None:
        text += f" ({cell['difference_low']:+.2f} to {cell['difference_high']:+.2f})"
    names = {"paired_bootstrap": "bs", "approximate_randomisation": "ar", "mcnemar": "mcnemar"}
    values = [f"p({short}) {cell[name]:.4g}" for name, short in names.items() if name in cell]
    values += ["not tested, see the notes"] * ("not_tested" in cell)
    return f"{text} {', '.join(values)}"


def _hits(report: Report) -> str:
    lines = []
    for hit in report["hits"]:
        rules = " and ".join(rule for rule in ("string", "parse") if hit[rule])
        place = "" if hit["start"] is None else f", characters {hit['start']} to {hit['end']}"
        lines.append(f"hit: {hit['run']}, {hit['split']}, id {hit['id']}, by {rules}{place}")
    more = len(lines) - 20
    return "\n".join(lines[:20] + ([f"and {more} more hits; --json has all"] if more > 0 else []))


def _signatures(table: Dict[_Key, Dict[str, _Cell]]) -> str:
    lines: List[str] = []
    for (_, metric), cells in table.items():
        signatures = dict.fromkeys(cell["signature"] for cell in cells.values())
        for signature in signatures:
            runs = [run for run, cell in cells.items() if cell["signature"] == signature]
            whose = f" ({', '.join(runs)})" if len(signatures) > 1 else ""
            lines.append(f"signature of {metric}{whose}: {signature}")
    return "\n".join(lines)


def _latex_cell(cell: Any) -> str:
    if cell is None:
        return ""
    p_value = cell.get("mcnemar", cell.get("approximate_randomisation", 1.0))
    mark = "*" if p_value < _SIGNIFICANT else ""
    interval = "" if cell["low"] is None else f" ({cell['low']:.2f}--{cell['high']:.2f})"
    return f"{cell['percent']:.2f}{mark}{interval}"
