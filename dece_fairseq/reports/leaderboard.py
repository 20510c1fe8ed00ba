"""A leaderboard: every defence against every attack, as Markdown, CSV, JSON and one page."""

import csv
import html
import io
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence

from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import as_json
from dece_fairseq.metrics.seeds import Spread, signature
from dece_fairseq.reports.board import Board, Source, read_board
from dece_fairseq.reports.board_entries import (
    KEYS,
    SHOWN,
    Entry,
    best_by_setting,
    entries,
    rate_in_words,
    trusted_in_words,
    with_one_payload,
)
from dece_fairseq.reports.overview import overview
from dece_fairseq.reports.pages import render
from dece_fairseq.reports.published import NOT_MEASURED, beside
from dece_fairseq.reports.report import SCRIPT as SORTING
from dece_fairseq.reports.summary import COLUMNS
from dece_fairseq.reports.tables import Table
from dece_fairseq.table_writer import MARKDOWN, write_table

TEMPLATE = Path(__file__).with_name("leaderboard.html")
SCRIPT = TEMPLATE.with_suffix(".js")
#: the Markdown that stands above the tables, where the board has it
HEAD = "head.txt"
#: decimals of percentages in CSV and JSON
DIGITS = 4


def listing(found: Sequence[Entry]) -> List[Table]:
    """Return a table of every entry for each data set."""
    header = ["attack", "payload", "poisoned", "start", "defence", "seeds"]
    header += [*(COLUMNS[metric] for metric in SHOWN), "source"]
    tables = []
    for dataset in dict.fromkeys(entry.axes["dataset"] for entry in found):
        rows = [_listed(entry) for entry in found if entry.axes["dataset"] == dataset]
        tables.append(Table(dataset, header, rows))
    return tables


def _listed(entry: Entry) -> List[str]:
    axes = entry.axes
    return [
        *(axes["attack"], axes["payload"], rate_in_words(axes["rate"])),
        *(trusted_in_words(axes["trusted"]), axes["defense"], str(len(entry.seeds))),
        *(entry.shown(metric) for metric in SHOWN),
        str(entry.source),
    ]


def write_leaderboard(folder: Path, output: Path) -> List[Path]:
    """Write ``leaderboard.md``, ``.csv``, ``.json`` and ``.html``.

    Args:
        folder: of the board
        output: the folder that gets them; it is made

    Returns:
        what was written

    Raises:
        DataError: the board or a folder of results can't be read
        PackageError: jinja2 is not there
        OSError: the folder can't be written
    """
    board = read_board(folder)
    found = entries(board)
    head = folder / HEAD
    above = head.read_text(encoding="utf-8") if head.exists() else f"# {board.title}\n"
    texts = {
        "leaderboard_page.html": as_html(board, found),
        "leaderboard.csv": as_csv(board, found),
        "leaderboard.json": as_json(as_dict(board, found)),
        "leaderboard.md": as_markdown(board, found, above),
    }
    output.mkdir(parents=True, exist_ok=True)
    paths = [output / name for name in texts]
    with replacing(*paths) as temporaries:
        for temporary, text in zip(temporaries, texts.values()):
            temporary.write_bytes(text.encode())
    return paths


def as_dict(board: Board, found: Sequence[Entry]) -> Dict[str, Any]:
    """Return everything as plain values, for JSON."""
    return {
        "title": board.title,
        "interval": signature(),
        "stealth": board.stealth,
        "sources": [_told(source) for source in board.sources],
        "entries": [
            {
                **entry.axes,
                "seeds": entry.seeds,
                "source": entry.source,
                "scores": {
                    metric: {**_rounded(score), "signatures": entry.signatures.get(metric, [])}
                    for metric, score in entry.scores.items()
                },
            }
            for entry in found
        ],
    }


def _rounded(score: Spread) -> Dict[str, Any]:
    """Return the score with as many digits as every version of scipy agrees on."""
    return {
        name: round(value, DIGITS) if isinstance(value, float) else value
        for name, value in score._asdict().items()
    }


def _told(source: Source) -> Dict[str, str]:
    """Return what is told of a source."""
    names = ("name", "by", "command", "budget", "suite")
    return {name: getattr(source, name) for name in names}


def as_csv(board: Board, found: Sequence[Entry]) -> str:
    """Return a line for each entry and metric."""
    file = io.StringIO()
    spread = [name for name in Spread._fields if name != "seeds"]
    columns = [*KEYS, "seeds", "metric", *spread, "by", "source", "suite", "signatures"]
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    for entry in found:
        source = _told(board.sources[entry.source - 1])
        common = {**entry.axes, "seeds": " ".join(entry.seeds), "source": source["name"]}
        common.update(by=source["by"], suite=source["suite"])
        for metric, score in entry.scores.items():
            numbers = {name: _rounded(score)[name] for name in spread}
            signed = " ".join(entry.signatures.get(metric, []))
            writer.writerow({**common, "metric": metric, **numbers, "signatures": signed})
    return file.getvalue()


def as_markdown(board: Board, found: Sequence[Entry], above: str) -> str:
    """Return the tables and what they are made of."""
    parts = [above.rstrip(), ""]
    for title, tables in (
        ("Attack success by parse, in percent", overview(board, found)),
        ("Beside the paper", beside(board.published, _scores(with_one_payload(found)))),
        ("Every row", listing(found)),
    ):
        parts += [f"## {title}", ""] if tables else []
        for table in tables:
            parts += [f"### {table.title}", ""]
            parts += [write_table(table.header, table.rows, MARKDOWN), ""] if table.rows else []
            parts += [table.note, ""] if table.note else []
    parts += ["## Sources", ""]
    for number, source in enumerate(board.sources, start=1):
        suite = f", suite {source.suite}" if source.suite else ""
        told = f"by {_escaped(source.by)}: {_escaped(source.budget)}"
        parts += [f"{number}. `{source.name}`, {told}{suite}", ""]
        fence = "`" * (1 + max(2, *map(len, re.findall("`*", source.command))))
        lines = [f"{fence}bash", *source.command.splitlines(), fence]
        parts += [*(f"    {line}" for line in lines), ""]
        parts += [f"    - `{signed}`" for signed in _signatures(found, number)]
        parts += [""]
    return "\n".join(parts).rstrip() + "\n"


def _scores(found: Sequence[Entry]) -> Dict[Any, Dict[str, Spread]]:
    """Return the scores that are set beside published ones, by setting."""
    return {setting: entry.scores for setting, entry in best_by_setting(found).items()}


def _escaped(text: str) -> str:
    """Return what others say of themselves as a line that is no Markdown and no HTML."""
    return re.sub(r"([\\`*\[\]])", r"\\\1", html.escape(" ".join(text.split()), quote=False))


def _signatures(found: Sequence[Entry], source: int) -> List[str]:
    """Return the signatures of all shown scores of a source, each once."""
    signed: Dict[str, None] = {}
    for entry in found:
        if entry.source == source:
            for metric in SHOWN:
                signed.update(dict.fromkeys(entry.signatures.get(metric, [])))
    return list(signed)


def as_html(board: Board, found: Sequence[Entry]) -> str:
    """Return one self-contained page.

    Raises:
        PackageError: jinja2 is not there
    """
    return render(
        TEMPLATE,
        [SORTING, SCRIPT],
        board=board,
        overview=overview(board, found),
        entries=found,
        filters=_filters(found),
        metrics={metric: COLUMNS[metric] for metric in SHOWN},
        rate_in_words=rate_in_words,
        trusted_in_words=trusted_in_words,
        not_measured=NOT_MEASURED,
        interval=signature(),
    )


def _filters(found: Sequence[Entry]) -> Mapping[str, List[str]]:
    """Return the values that each filter of the page can take."""
    names = {"dataset": "data set", "attack": "attack", "rate": "poisoned", "defense": "defence"}
    values: Dict[str, List[str]] = {}
    for key, label in names.items():
        of_key = dict.fromkeys(entry.axes[key] for entry in found)
        values[label] = [rate_in_words(value) if key == "rate" else value for value in of_key]
    return values
