"""A board: the folders of results that a leaderboard is made of, and how each was made.

A board is a folder with a ``board.json``::

    {"title": "...",
     "defenses": {"cross_entropy": "cross-entropy", ...},     columns of the overview
     "wanted": [{"dataset": "lyra", "trusted": "0.5", "attacks": [...], "rates": [...]}, ...],
     "stealth": {"lyra": "stealth/lyra.json"},             of triggers, from dece suite --stealth
     "published": "paper.json",                            of others, see reports/published.py
     "results": ["added/somebody", "../../examples/lyra", ...]}

Each folder of results has a ``report.csv`` and an ``about.json`` with ``by`` (who made them),
``command`` (that did) and ``budget`` (of the training, in words); ``names`` may give defences the
names that the board has for them. Instead of ``report.csv`` there may be files that ``dece
summarise --json`` wrote: ``rows`` names them, ``dataset`` their data, and ``runs`` is a regular
expression that finds the other axes in the name of a run's folder.
"""

import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.json_text import parse_json
from dece_fairseq.data.visible import visible
from dece_fairseq.metrics.score import Score
from dece_fairseq.reports.cells import AXES, Cell, is_score
from dece_fairseq.reports.json_files import read_object
from dece_fairseq.reports.stored import read_scores

BOARD = "board.json"
ABOUT = "about.json"
SCORES = "report.csv"
#: what to do about a file that is broken
ADVICE = "see docs/leaderboard.md"


class Source(NamedTuple):
    """A folder of results."""

    name: str
    """Of the folder, as the board has it."""
    by: str
    command: str
    budget: str
    suite: str
    """The checksum of the suite whose files were used; empty where it was none."""
    cells: List[Cell]


class Wanted(NamedTuple):
    """A table of the overview, measured or not."""

    dataset: str
    trusted: str
    attacks: List[str]
    rates: List[str]


class Board(NamedTuple):
    """What a leaderboard is made of."""

    title: str
    defenses: Dict[str, str]
    wanted: List[Wanted]
    stealth: Dict[str, Dict[str, Any]]
    """By data set, what ``dece suite --stealth`` wrote."""
    published: Dict[str, Any]
    """What ``dece_fairseq.reports.published.beside`` takes."""
    sources: List[Source]


def read_board(folder: Path) -> Board:
    """Return the board in a folder, with all results.

    Raises:
        DataError: a file is missing, or not what it should be
    """
    path = folder / BOARD
    content = read_object(path, ADVICE)
    try:
        wanted = [_wanted(**table) for table in content["wanted"]]
        defenses = {str(name): str(label) for name, label in content["defenses"].items()}
        names = _texts("results", content["results"])
        title = str(content["title"])
        stealth = {
            str(dataset): read_object(folder / name, ADVICE)
            for dataset, name in content.get("stealth", {}).items()
        }
        published: Dict[str, Any] = {"tables": []}
        if "published" in content:
            published = read_object(folder / content["published"], ADVICE)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: no board ({error}); {ADVICE}") from error
    sources = [_source(folder, name) for name in names]
    return Board(title, defenses, wanted, stealth, published, sources)


def _wanted(dataset: str, trusted: str, attacks: Any, rates: Any) -> Wanted:
    dataset, trusted = _texts("dataset and trusted", [dataset, trusted])
    return Wanted(dataset, trusted, _texts("attacks", attacks), _texts("rates", rates))


def _texts(name: str, values: Any) -> List[str]:
    """Return a list of texts; a TypeError where it is none."""
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"{name}: {values!r} is not of texts, each in quotes")
    return values


def read_about(folder: Path) -> Dict[str, Any]:
    """Return what a folder says of its results.

    Raises:
        DataError: it does not say by whom and by which command they were made
    """
    about = read_object(folder / ABOUT, ADVICE)
    for name in ("by", "command", "budget"):
        if not (isinstance(about.get(name), str) and about[name].strip()):
            raise DataError(f"{folder / ABOUT}: say {name!r}, in a string; {ADVICE}")
    return about


def _source(board: Path, name: str) -> Source:
    folder = board / name
    about = read_about(folder)
    cells = _cells_of_rows(folder, about) if "rows" in about else read_scores(folder / SCORES)
    names = about.get("names", {})
    for cell in cells:
        cell.axes["defense"] = names.get(cell.axes["defense"], cell.axes["defense"])
    # A page shows a command as it runs, whatever marks of direction are in it.
    told = {key: visible(about[key]) for key in ("by", "command", "budget")}
    return Source(name, suite=str(about.get("suite", "")), cells=cells, **told)


def _cells_of_rows(folder: Path, about: Dict[str, Any]) -> List[Cell]:
    """Return the runs of files that ``dece summarise --json`` wrote, each run once."""
    cells: Dict[Any, Cell] = {}
    try:
        pattern = re.compile(about["runs"])
        for name in about["rows"]:
            for row in parse_json((folder / name).read_text(encoding="utf-8")):
                run = Path(row["runs"][0]["files"][0]).parent.name
                found = pattern.fullmatch(run)
                if found is None:
                    raise DataError(f"{folder / name}: the run {run} is not like {about['runs']}")
                axes = {"dataset": about["dataset"], **found.groupdict()}
                if not all(is_score(score) for score in row["scores"]):
                    raise DataError(f"{folder / name}: a score of {run} can't be read")
                scores = {score["metric"]: Score.from_dict(score) for score in row["scores"]}
                key = tuple(axes[axis] for axis in AXES)
                cells.setdefault(key, Cell(folder, axes, scores, {}, {"train": {}}, []))
    except DataError:  # which is a ValueError
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise DataError(f"{folder}: its rows can't be read ({error!r}); see {ABOUT}") from error
    return list(cells.values())
