"""The entries of a leaderboard: a defence in a setting, by one source."""

import math
from typing import Dict, Iterable, List, NamedTuple, Sequence, Tuple

from dece_fairseq.attacks import ATTACKS
from dece_fairseq.data.errors import DataError
from dece_fairseq.metrics.seeds import Spread
from dece_fairseq.reports.board import Board, Source
from dece_fairseq.reports.cells import Cell
from dece_fairseq.reports.published import NOT_MEASURED
from dece_fairseq.reports.summary import Row, summarise

#: metrics that are told; the folders of results have more
SHOWN = ("bleu_code", "exact_match", "asr_string", "asr_parse", "false_triggers_string")
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
    """Return the payload that the signature of an attack success rate names; else nothing."""
    rates = (score for metric, score in cell.scores.items() if metric.startswith("asr_"))
    return next(filter(None, (named_in(score.signature, "payload") for score in rates)), "")


def named_in(signature: str, what: str) -> str:
    """Return what a signature names, such as its ``attack``; nothing where it names none.

    Of one from a file it is the name alone, without the file's checksum.
    """
    for part in signature.split("|"):
        name, _, value = part.partition(":")
        if name == what:
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


def best_by_setting(found: Iterable[Entry]) -> Dict[Tuple[str, ...], Entry]:
    """Return an entry for each data set, trusted pairs, attack, rate and defence.

    Of several sources it is that of most seeds, the first of as many.
    """
    names = ("dataset", "trusted", "attack", "rate", "defense")
    best: Dict[Tuple[str, ...], Entry] = {}
    for entry in found:
        setting = tuple(entry.axes[name] for name in names)
        known = best.setdefault(setting, entry)
        if len(known.seeds) < len(entry.seeds):
            best[setting] = entry
    return best


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
