"""The tables and heat maps of a report, made again from its ``report.csv``."""

import csv
from pathlib import Path
from typing import Any, Dict, List, Mapping, Set, Tuple

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import replacing
from dece_fairseq.metrics.hits import REFERENCES_HIT
from dece_fairseq.reports.cells import AXES, SHARES, TESTS, Cell, cell_score, is_number, is_score
from dece_fairseq.reports.figures import figures, save_figures
from dece_fairseq.reports.report import markdown
from dece_fairseq.reports.summary import summarise
from dece_fairseq.reports.tables import as_markdown, tables

_OPTIONAL = {
    **{"low": float, "high": float, "hits": int, "total": int},
    **{"p": float, REFERENCES_HIT: float},
}


def rewrite_report(path: Path, output: Path) -> Path:
    """Write ``report.md`` and the heat maps anew from a ``report.csv``.

    So rows of several runs can be put together, and a change of how scores are shown is seen. Other
    pictures beside ``report.md`` are left as they are, and shown in it.

    Args:
        path: the CSV file
        output: the folder of ``report.md``; it is made

    Raises:
        DataError: the file can't be read or is no ``report.csv``
        PackageError: there are heat maps to draw, and matplotlib is not there
        OSError: the folder can't be written
    """
    cells = read_scores(path)
    drawn = figures(cells)
    output.mkdir(parents=True, exist_ok=True)
    save_figures(drawn, output)
    home = path.resolve().parent
    name = home.parent.name if home.name == "report" else home.name
    pictures = sorted(picture.stem for picture in output.glob("*.png"))
    report = output / "report.md"
    with replacing(report) as (temporary,):
        text = markdown(name, as_markdown(tables(summarise(cells))), pictures)
        temporary.write_text(text, encoding="utf-8")
    return report


def read_scores(path: Path) -> List[Cell]:
    """Return the cells of a ``report.csv``, without what models wrote and how they were trained.

    Raises:
        DataError: the file can't be read or is no ``report.csv``
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: {error}; name a report.csv of this program") from error
    cells: Dict[Tuple[str, ...], Cell] = {}
    told: Set[Tuple[str, ...]] = set()
    for number, row in enumerate(rows, start=1):
        try:
            axes = {axis: row[axis] for axis in AXES}
            score = _score(row)
            if not is_score(score) or not all(axes.values()):
                raise ValueError("no score of a cell")
            key = (*axes.values(), row["metric"])
            if key in told:
                raise ValueError(f"{'/'.join(key)} is there twice")
            told.add(key)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{path}, score {number}: {error}; name a report.csv of this program"
            ) from error
        empty = Cell(path.parent, axes, {}, {}, {"train": {}}, [])
        _add(cells.setdefault(tuple(axes.values()), empty), row["metric"], score)
    if not cells:
        raise DataError(f"{path}: no scores; name a report.csv of this program")
    return list(cells.values())


def _score(row: Mapping[str, str]) -> Dict[str, Any]:
    score: Dict[str, Any] = {
        "metric": row["metric"],
        "percent": float(row["percent"]),
        "signature": row.get("signature") or "",
    }
    for name, kind in _OPTIONAL.items():
        score[name] = kind(row[name]) if row.get(name) else None
    share = score.pop(REFERENCES_HIT)
    return score if share is None else {**score, "details": {REFERENCES_HIT: share}}


def _add(cell: Cell, metric: str, score: Dict[str, Any]) -> None:
    p = score.pop("p")
    if metric in SHARES:
        cell.filters["train"][metric] = score
        return
    cell.scores[metric] = cell_score(cell.axes, score)
    if is_number(p) and metric in TESTS:
        cell.tests[metric] = {TESTS[metric]: p}
