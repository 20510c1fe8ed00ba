"""The overview of a leaderboard: the ASR of each defence under each attack, a table a data set."""

from typing import Dict, List, Optional, Sequence

from dece_fairseq.data.errors import DataError
from dece_fairseq.reports.board import Board, Wanted
from dece_fairseq.reports.board_entries import (
    Entry,
    best_by_setting,
    rate_in_words,
    trusted_in_words,
    with_one_payload,
)
from dece_fairseq.reports.published import NOT_MEASURED
from dece_fairseq.reports.stealth import in_words
from dece_fairseq.reports.tables import Table

#: columns on how well a trigger hides
STEALTH = ("perplexity of sources", "still parse %")
#: stands behind a success rate by the string, where none by the parse was measured
BY_STRING = "by string"


def overview(board: Board, found: Sequence[Entry]) -> List[Table]:
    """Return the wanted tables: the ASR of each defence, or that it was not measured."""
    compared = with_one_payload(found)
    return [_overview(board, wanted, compared) for wanted in board.wanted]


def _overview(board: Board, wanted: Wanted, found: Sequence[Entry]) -> Table:
    best, setting = best_by_setting(found), (wanted.dataset, wanted.trusted)
    hidden = _stealth(board, wanted.dataset, found)
    rows = [
        [attack, rate_in_words(rate), *hidden.get(attack, [NOT_MEASURED] * len(STEALTH))]
        + [_success(best.get((*setting, attack, rate, defense))) for defense in board.defenses]
        for attack in wanted.attacks
        for rate in wanted.rates
    ]
    title = f"{wanted.dataset}, {trusted_in_words(wanted.trusted)}"
    return _measured(Table(title, ["attack", "poisoned", *STEALTH, *board.defenses.values()], rows))


def _measured(table: Table) -> Table:
    """Return a table without its rows and columns of nothing; its note names them, and counts."""
    first = 2 + len(STEALTH)  # of the defences
    rows = [row for row in table.rows if any(cell != NOT_MEASURED for cell in row[first:])]
    places = range(len(table.header))
    kept = [p for p in places if p < 2 or any(row[p] != NOT_MEASURED for row in rows)]
    number = sum(cell != NOT_MEASURED for row in rows for cell in row[first:])
    note = f"{number} of {len(table.rows) * (len(table.header) - first)} cells were measured"
    left_out = [" ".join(row[:2]) for row in table.rows if row not in rows]
    left_out += [table.header[p] for p in places if p not in kept]
    note += f", and none of: {'; '.join(left_out)}." if rows and left_out else "."
    header, *rows = ([row[p] for p in kept] for row in (table.header, *rows))
    return Table(table.title, header, rows, note)


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
