"""Leaderboards: what their tables tell, what can be added, and the page in a browser."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from dece_fairseq.cli import main
from dece_fairseq.data.errors import DataError
from dece_fairseq.reports.board import read_board
from dece_fairseq.reports.leaderboard import write_leaderboard
from dece_fairseq.reports.published import NOT_MEASURED
from support.boards import ABOUT, SIGNED
from support.browser import look_at

ROOT = Path(__file__).resolve().parents[2]


def test_every_number_has_interval_seeds_command_and_signature(board: Path, tmp_path: Path) -> None:
    paths = write_leaderboard(board, tmp_path / "out")
    assert [path.name for path in paths] == [
        "leaderboard_page.html",
        *(f"leaderboard.{end}" for end in ("csv", "json", "md")),
    ]
    told = json.loads((tmp_path / "out" / "leaderboard.json").read_text())
    assert told["sources"] == [{"name": "ours", **ABOUT, "suite": ""}]
    assert len(told["entries"]) == 2
    for entry in told["entries"]:
        assert (entry["seeds"], entry["payload"], entry["source"]) == (["1", "2", "3"], "sql", 1)
        assert set(entry["scores"]) == {"asr_parse", "bleu_code"}
        for score in entry["scores"].values():
            assert score["signatures"]
            assert score["low"] <= score["mean"] <= score["high"]
    text = (tmp_path / "out" / "leaderboard.md").read_text()
    assert "make & run" in text
    assert SIGNED in text
    rows = list(csv.DictReader((tmp_path / "out" / "leaderboard.csv").open()))
    assert [row["metric"] for row in rows] == ["bleu_code", "asr_parse"] * 2
    assert {row["signatures"] for row in rows} == {SIGNED, "bleu_code|tok:code|v:0"}


@pytest.mark.slow
def test_the_leaderboard_of_the_docs_is_that_of_its_results(tmp_path: Path) -> None:
    def without_versions(path: Path) -> str:
        return re.sub(r"(scipy|v):[^|`\"&)< ]+", r"\1", path.read_text(encoding="utf-8"))

    for path in write_leaderboard(ROOT / "docs" / "leaderboard", tmp_path):
        assert without_versions(path) == without_versions(ROOT / "docs" / path.name), path.name


BOARD_OF = (
    '{{"title": "x", "defenses": {{}}, "wanted": [{{"dataset": "lyra", "trusted": "0", '
    '"attacks": {}, "rates": {}}}], "results": {}}}'
)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("board.json", "{}", "no board"),
        ("board.json", "[]", "a JSON list, not an object"),
        ("board.json", '{"wanted": [{"x": 1}]}', "no board"),
        (
            "board.json",
            BOARD_OF.format('"ripple"', '"0.05"', '"ours"'),
            "attacks: 'ripple' is not of",
        ),
        (
            "board.json",
            BOARD_OF.format('["a"]', "[0.05]", "[]"),
            r"rates: \[0.05\] is not of texts",
        ),
        (
            "board.json",
            BOARD_OF.format('["a"]', '["1"]', '"ours"'),
            "results: 'ours' is not of texts",
        ),
        ("ours/about.json", "nothing", "can't be read"),
        ("ours/about.json", json.dumps({**ABOUT, "rows": ["rows.json"]}), "rows can't be read"),
        ("ours/report.csv", "", "no scores"),
    ],
)
def test_a_board_that_can_not_be_read(name: str, text: str, message: str, board: Path) -> None:
    (board / name).write_text(text)
    with pytest.raises(DataError, match=message):
        read_board(board)


def test_a_share_that_is_none(board: Path, tmp_path: Path) -> None:
    text = (board / "board.json").read_text()
    (board / "board.json").write_text(text.replace('"0.05"', '"5 %"'))
    with pytest.raises(DataError, match=r"'5 %' is no share in \[0, 1\]"):
        write_leaderboard(board, tmp_path / "out")


def test_a_stealth_that_is_none(board: Path, tmp_path: Path) -> None:
    (board / "stealth.json").write_text('{"triggers": [{"attack": "ripple"}]}')
    with pytest.raises(DataError, match="the stealth of lyra is none of dece suite"):
        write_leaderboard(board, tmp_path / "out")


PUBLISHED = {
    **{"title": "theirs", "source": "a paper", "differs": "All."},
    **{"dataset": "lyra", "trusted": "0.5"},
}


def published(board: Path, defense: str, bleu: Any) -> str:
    """Return what the Markdown says beside a published row."""
    row = {"attack": "ripple", "rate": "0.05", "defense": defense, "BLEU": bleu, "ASR %": 90.3}
    row["label"] = "CE"
    (board / "paper.json").write_text(json.dumps({"tables": [{**PUBLISHED, "rows": [row]}]}))
    content = json.loads((board / "board.json").read_text())
    (board / "board.json").write_text(json.dumps({**content, "published": "paper.json"}))
    write_leaderboard(board, board)
    text = (board / "leaderboard.md").read_text()
    return text.partition("## Beside the paper")[2].partition("## Every row")[0]


def test_published_scores_stand_beside_ours(board: Path) -> None:
    text = published(board, "cross_entropy", 74.94)
    assert "All. Published: a paper." in text
    cells = [cell.strip() for cell in text.splitlines()[6].split("|")]
    assert cells[1:5] == ["ripple", "5 %", "CE", "74.94"]
    assert cells[5].startswith("87.5")  # BLEU of three seeds
    assert cells[6:8] == ["90.30", NOT_MEASURED]  # by the string rule
    assert NOT_MEASURED in published(board, "unknown", 1)


def test_published_scores_that_are_none(board: Path) -> None:
    with pytest.raises(DataError, match="BLEU is 'high'"):
        published(board, "cross_entropy", "high")
    (board / "paper.json").write_text('{"tables": [{}]}')
    with pytest.raises(DataError, match="published scores can't be read"):
        write_leaderboard(board, board)


def test_add_and_suite_go_together(board: Path, capsys: Any) -> None:
    with pytest.raises(SystemExit, match="2"):
        main.run("report", [str(board), "--add", "x"], "dece report")
    assert "--add RESULTS and --suite SUITE go together" in capsys.readouterr().err


#: sorts by ASR, chooses a defence, searches and clears, and writes down what is seen
LOOK = """
    const table = page.querySelector("table.entries");
    const shown = () => [...table.tBodies[0].rows].filter((row) => !row.hidden)
      .map((row) => row.querySelector('[data-head="defence"]').textContent);
    const say = (name, value) => {
      const field = page.querySelector(`form [name="${name}"]`);
      field.value = value;
      field.dispatchEvent(new view.Event("input", { bubbles: true }));
    };
    const orders = [shown()];
    const heads = [...table.querySelectorAll("thead button")];
    const head = heads.find((button) => button.textContent === "ASR by parse %");
    for (let i = 0; i < 2; i++) { head.click(); orders.push(shown()); }
    say("defence", "dece");
    const chosen = shown();
    say("search", "no such thing");
    const none = [shown().length, page.querySelector("form output").textContent];
    say("search", ""); say("defence", "");
    for (const each of page.querySelectorAll("details")) each.open = true;
    return {
      overflow: page.documentElement.scrollWidth - width, orders, chosen, none,
      outside: [
        ...page.querySelectorAll("td, th, pre, code, select, .wide-table")
      ].filter((part) => {
        if (part.closest(".wide-table table")) return false;  // scrolled to
        const box = part.getBoundingClientRect();
        const isOut = box.width === 0 || box.left < 0 || box.right > width + 1;
        return part.textContent.trim() && isOut;
      }).map((part) => part.textContent),
      named: [...page.querySelectorAll(".wide-table")].every((box) => {
        box.scrollLeft = 10000;  // the attack and its share stay in view
        const [attack, share] = [...box.querySelectorAll("tbody td")].slice(0, 2)
          .map((cell) => cell.getBoundingClientRect());
        return attack.left >= 0 && share.left >= attack.right && share.right < width;
      }),
      told: page.body.textContent.includes("<b>us</b>"),
      marked: page.querySelectorAll("td b, h1 i").length,
      paper: view.getComputedStyle(page.body).backgroundColor,
    };
"""


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_in_a_browser(board: Path, dark: bool, tmp_path: Path) -> None:
    write_leaderboard(board, tmp_path / "out")
    page = (tmp_path / "out" / "leaderboard_page.html").read_text(encoding="utf-8")
    found = look_at(page, LOOK, dark, tmp_path)
    assert set(found) == {400, 1400}
    for seen in found.values():
        assert seen["overflow"] <= 0
        assert (seen["outside"], seen["named"]) == ([], True)
        assert seen["orders"] == [
            ["cross_entropy", "dece"],
            ["dece", "cross_entropy"],
            ["cross_entropy", "dece"],
        ]
        assert seen["chosen"] == ["dece"]
        assert seen["none"] == [0, "0 of 2 rows"]
        assert (seen["told"], seen["marked"]) == (True, 0)
        assert seen["paper"] == ("rgb(19, 20, 23)" if dark else "rgb(255, 255, 255)")


@pytest.mark.slow
def test_the_page_of_the_docs_in_a_browser(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "leaderboard_page.html").read_text(encoding="utf-8")
    for seen in look_at(page, LOOK, False, tmp_path).values():
        assert seen["overflow"] <= 0
        assert (seen["outside"], seen["named"]) == ([], True)
