"""The overview of a leaderboard: what it sets side by side, and what it says was not measured."""

import json
from pathlib import Path

from dece_fairseq.reports.board import read_board
from dece_fairseq.reports.board_entries import entries
from dece_fairseq.reports.overview import overview
from dece_fairseq.reports.published import NOT_MEASURED
from support.boards import SIGNED, line, write_results


def test_the_overview_says_what_was_not_measured(board: Path) -> None:
    found = read_board(board)
    (table,) = overview(found, entries(found))
    assert table.title == "lyra, trusted share 50 %"
    of_trigger = ["perplexity of sources", "still parse %"]
    assert table.header == ["attack", "poisoned", *of_trigger, "CE", "DeCE"]
    (measured,) = table.rows
    assert measured[:4] == ["ripple", "5 %", "× 1.26", "no code"]
    assert measured[4].startswith("87.5 ± 0.0 (")
    assert measured[5].startswith("0.0 ± 0.0 (0.0 to ")
    note = "2 of 6 cells were measured, and none of: ripple 20 pairs; another."
    assert table.note == note
    (table,) = overview(found, [])
    assert (table.rows, table.note) == ([], "0 of 6 cells were measured.")


def test_payloads_are_not_mixed(board: Path) -> None:
    """A carrier comes with every payload, and a row of the overview tells of one."""
    other = [
        {**line("dece", seed, "asr_parse", 8), "signature": SIGNED.replace(":sql", ":exit")}
        for seed in range(1, 6)  # more seeds than those of the attack's own payload
    ]
    other += [{**row, "defense": "other"} for row in other]
    own = [{**line("other", 1, "asr_parse", 8), "rate": "count-20"}]
    write_results(board / "theirs", [*other, *own])
    content = json.loads((board / "board.json").read_text())
    (board / "board.json").write_text(json.dumps({**content, "results": ["theirs", "ours"]}))
    found = read_board(board)
    (table,) = overview(found, entries(found))
    measured, twenty = table.rows
    assert measured[5].startswith("0.0 ± 0.0 (0.0 to ")
    assert measured[6] == NOT_MEASURED
    assert twenty[4:6] == [NOT_MEASURED] * 2
    assert twenty[6].startswith("100.0 (")
    (board / "board.json").write_text(json.dumps({**content, "results": ["theirs"]}))
    exits = [entry for entry in entries(read_board(board)) if entry.axes["payload"] == "exit"]
    (table,) = overview(found, exits)  # where its own was not measured
    assert [cell[:5] for cell in table.rows[0][4:]] == ["100.0", "100.0"]
