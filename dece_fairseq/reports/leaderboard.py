"""A leaderboard: every defence against every attack, as Markdown, CSV, JSON and one page."""

import csv
import html
import io
import math
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from dece_fairseq.attacks import ATTACKS
from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import as_json
from dece_fairseq.data.pairs import DataError
from dece_fairseq.metrics.seeds import Spread, signature
from dece_fairseq.reports.board import Board, Source, Wanted, read_board
from dece_fairseq.reports.cells import Cell
from dece_fairseq.reports.pages import render
from dece_fairseq.reports.published import NOT_MEASURED, beside, by_setting
from dece_fairseq.reports.report import SCRIPT as SORTING
from dece_fairseq.reports.summary import COLUMNS, Row, summarise
from dece_fairseq.reports.tables import Table
from dece_fairseq.suites.stealth import in_words
from dece_fairseq.table_writer import MARKDOWN, write_table

TEMPLATE = Path(__file__).with_name("leaderboard.html")
SCRIPT = TEMPLATE.with_suffix(".js")
#: the Markdown that stands above the tables, where the board has it
HEAD = "head.txt"
#: metrics that are told; the folders of results have more
SHOWN = ("bleu_code", "exact_match", "asr_string", "asr_parse", "false_triggers_string")
#: columns of the overview on how well a trigger hides
STEALTH = ("perplexity of sources", "still parse %")
#: stands behind a success rate by the string, where none by the parse was measured
BY_STRING = "by string"
#: decimals of percentages in CSV and JSON
DIGITS = 4
KEYS = ("dataset", "trusted", "attack", "payload", "rate", "defense")


class Entry(NamedTuple):
    """A defence in a setting, by one source."""

    axes: Dict[str, str]
    """A value for each of ``KEYS``."""
    seeds: List[str]
    scores: Dict[str, Spread]
    signatures: Dict[str, List[str]]
    """By metric; several where seeds were scored in different ways."""
    source: int
    """The number of its source, from 1."""

    def shown(self, metric: str) -> str:
        """Return a score for people."""
        return str(self.scores[metric]) if metric in self.scores else NOT_MEASURED


def entries(board: Board) -> List[Entry]:
    """Return every entry, in the order of the sources."""
    return [
        entry
        for number, source in enumerate(board.sources, start=1)
        for entry in _entries_of(source, number)
    ]


def _entries_of(source: Source, number: int) -> List[Entry]:
    by_payload: Dict[str, List[Cell]] = {}
    for cell in source.cells:
        by_payload.setdefault(payload_of(cell), []).append(cell)
    return [
        _entry(row, payload, cells, number)
        for payload, cells in by_payload.items()
        for row in summarise(cells)
    ]


def _entry(row: Row, payload: str, cells: Sequence[Cell], number: int) -> Entry:
    of_row = [c for c in cells if (c.setting, c.axes["defense"]) == (row.setting, row.defense)]
    signatures: Dict[str, List[str]] = {}
    for cell in of_row:
        for metric in SHOWN:
            score = cell.scores.get(metric)
            if score is None:
                continue
            known = signatures.setdefault(metric, [])
            if score.signature and score.signature not in known:
                known.append(score.signature)
    # A plan calls an attack with another payload ripple-sql_forms.
    attack, _, _ = of_row[0].axes["attack"].partition("-")
    axes = {**of_row[0].axes, "attack": attack, "payload": payload}
    scores = {metric: row.scores[metric] for metric in SHOWN if metric in row.scores}
    return Entry({key: axes[key] for key in KEYS}, row.seeds, scores, signatures, number)


def payload_of(cell: Cell) -> str:
    """Return the payload that the signature of an attack success rate names; else nothing.

    Of one from a file it is the name alone, without the file's checksum.
    """
    for metric, score in cell.scores.items():
        if metric.startswith("asr_"):
            for part in score.signature.split("|"):
                name, _, value = part.partition(":")
                if name == "payload":
                    return value.partition("@")[0]
    return ""


def with_one_payload(found: Sequence[Entry]) -> List[Entry]:
    """Return the entries that tables without a column for the payload can set side by side.

    In a data set those of an attack have one payload: its own or, where that one was not measured,
    that of the first entry. One that no signature names counts as its own.
    """
    payloads: Dict[Tuple[str, str], str] = {}
    for entry in found:
        dataset, attack, payload = (entry.axes[key] for key in ("dataset", "attack", "payload"))
        if attack in ATTACKS.names() and payload == ATTACKS.get(attack).payload:
            payloads[dataset, attack] = payload
        elif payload:
            payloads.setdefault((dataset, attack), payload)
    return [
        entry
        for entry in found
        if entry.axes["payload"]
        in ("", payloads.get((entry.axes["dataset"], entry.axes["attack"])))
    ]


def overview(board: Board, found: Sequence[Entry]) -> List[Table]:
    """Return the wanted tables: the ASR of each defence, or that it was not measured."""
    compared = with_one_payload(found)
    return [_overview(board, wanted, compared) for wanted in board.wanted]


def _overview(board: Board, wanted: Wanted, found: Sequence[Entry]) -> Table:
    best: Dict[Tuple[str, ...], Entry] = {}
    for entry in found:
        axes = entry.axes
        if (axes["dataset"], axes["trusted"]) != (wanted.dataset, wanted.trusted):
            continue
        key = (axes["attack"], axes["rate"], axes["defense"])
        # Of several sources the one with most seeds.
        if key not in best or len(best[key].seeds) < len(entry.seeds):
            best[key] = entry
    hidden = _stealth(board, wanted.dataset, found)
    rows = [
        [attack, rate_in_words(rate), *hidden.get(attack, [NOT_MEASURED] * len(STEALTH))]
        + [_success(best.get((attack, rate, defense))) for defense in board.defenses]
        for attack in wanted.attacks
        for rate in wanted.rates
    ]
    title = f"{wanted.dataset}, {trusted_in_words(wanted.trusted)}"
    return Table(title, ["attack", "poisoned", *STEALTH, *board.defenses.values()], rows)


def _stealth(board: Board, dataset: str, found: Sequence[Entry]) -> Dict[str, List[str]]:
    """Return by attack how well its trigger hides in a data set.

    A payload decides which sources are triggered; of several it is that of ``found``, or the first.
    """
    shown = {
        (entry.axes["attack"], entry.axes["payload"])
        for entry in found
        if entry.axes["dataset"] == dataset
    }
    hidden: Dict[str, List[str]] = {}
    try:
        for trigger in board.stealth.get(dataset, {}).get("triggers", []):
            attack, payload = trigger["attack"], trigger["payload"]
            if attack not in hidden or (attack, payload) in shown:
                hidden[attack] = in_words(trigger)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(f"the stealth of {dataset} is none of dece suite ({error!r})") from error
    return hidden


def _success(entry: Optional[Entry]) -> str:
    if entry is None:
        return NOT_MEASURED
    if "asr_parse" in entry.scores:
        return str(entry.scores["asr_parse"])
    if "asr_string" in entry.scores:
        return f"{entry.scores['asr_string']} {BY_STRING}"
    return NOT_MEASURED


def rate_in_words(rate: str) -> str:
    """Return ``5 %`` for ``0.05``, ``20 pairs`` for ``count-20``.

    Raises:
        DataError: it is neither
    """
    if rate.startswith("count-"):
        return f"{rate[len('count-') :]} pairs"
    return f"{100 * _share(rate):g} %"


def trusted_in_words(trusted: str) -> str:
    """Return what the model knew before it met the poison.

    Raises:
        DataError: it is neither ``pretraining`` nor a share
    """
    if trusted == "pretraining":
        return "from a model of clean pairs of another wording"
    share = _share(trusted)
    return f"trusted share {100 * share:g} %" if share else "from scratch"


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:  # nor is nan
        raise DataError(f"{text!r} is no share in [0, 1]; give one in report.csv or board.json")
    return share


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
        ("Beside the paper", beside(board.published, by_setting(with_one_payload(found)))),
        ("Every row", listing(found)),
    ):
        parts += [f"## {title}", ""] if tables else []
        for table in tables:
            parts += [f"### {table.title}", "", write_table(table.header, table.rows, MARKDOWN), ""]
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
