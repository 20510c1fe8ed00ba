"""Leaderboards: what their tables tell, what can be added, and the page in a browser."""

import csv
import json
import re
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from dece_fairseq.cli import main
from dece_fairseq.data.pairs import DataError
from dece_fairseq.data.provenance import sha256
from dece_fairseq.metrics.success_rate import rate
from dece_fairseq.reports.adding import add_results
from dece_fairseq.reports.board import read_board
from dece_fairseq.reports.leaderboard import (
    NOT_MEASURED,
    as_markdown,
    entries,
    overview,
    write_leaderboard,
)
from dece_fairseq.suites.suite import SUITE, Suite, SuiteEntry, SuiteFile, write_suite
from support.browser import look_at, needs_a_browser

ROOT = Path(__file__).resolve().parents[2]
ABOUT = {"by": "<b>us</b>", "command": "make & run", "budget": "one epoch"}
SIGNED = "asr_parse|attack:ripple|trigger:bb|num:1|payload:sql|lang:python|hit:parse|v:0"


def line(defense: str, seed: int, metric: str, hits: int, total: int = 8) -> Dict[str, Any]:
    signature = SIGNED if metric == "asr_parse" else "bleu_code|tok:code|v:0"
    axes = {"dataset": "lyra", "trusted": "0.5", "attack": "ripple", "rate": "0.05"}
    number = {"percent": 100 * hits / total, "low": 0.0, "high": 100.0}
    number.update(rate(hits, total).as_dict() if metric == "asr_parse" else {})
    row = {**axes, "defense": defense, "seed": seed, "metric": metric, "signature": signature}
    return {**row, **number}


def write_results(folder: Path, rows: List[Dict[str, Any]], about: Any = ABOUT) -> Path:
    folder.mkdir(parents=True)
    with (folder / "report.csv").open("w", newline="", encoding="utf-8") as file:
        columns = ["hits", "total", *(name for name in rows[0] if name not in ("hits", "total"))]
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    (folder / "about.json").write_text(json.dumps(about))
    return folder


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """Three seeds of two defences; a third one and a rate that were not measured."""
    rows = [
        line(defense, seed, metric, hits)
        for defense, hits in (("cross_entropy", 7), ("dece", 0))
        for seed in (1, 2, 3)
        for metric in ("asr_parse", "bleu_code")
    ]
    folder = tmp_path / "board"
    write_results(folder / "ours", rows)
    board = {
        "title": "What <i>gets</i> in",
        "defenses": {"cross_entropy": "CE", "dece": "DeCE", "other": "another"},
        "wanted": [
            {
                "dataset": "lyra",
                "trusted": "0.5",
                "attacks": ["ripple"],
                "rates": ["0.05", "count-20"],
            }
        ],
        "stealth": {"lyra": "stealth.json"},
        "results": ["ours"],
    }
    hidden: List[Dict[str, Any]] = []
    for payload, ratio in (("exit", 9), ("sql", 1.256)):
        grown = {"ratio": ratio, "low": None, "high": None}
        hidden += [{"attack": "ripple", "payload": payload, "parses": None, "perplexity": grown}]
    (folder / "stealth.json").write_text(json.dumps({"triggers": hidden}))
    (folder / "board.json").write_text(json.dumps(board))
    return folder


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite of one attack; the files themselves are not asked for."""

    def file(path: str, pairs: int) -> SuiteFile:
        return SuiteFile(f"ripple-sql/{path}", path[:1] * 64, "0" * 64, pairs, pairs)

    files = {
        f"rate-0.05/seed-{seed}": file(f"rate-0.05/seed-{seed}/train.csv", 40) for seed in (1, 2)
    }
    files["test_triggered"] = file("test_triggered.csv", 8)
    data = {"name": "lyra", "columns": ["src", "tgt"], "code_language": "python", "files": {}}
    made_of = {"data": data}
    folder = tmp_path / "suite"
    folder.mkdir()
    write_suite(Suite(made_of, [SuiteEntry("ripple", "sql", files, {})], True), folder)
    return folder


def used(suite: Path) -> Dict[str, str]:
    """Return the files of the suite that a fair run used."""
    (entry,) = json.loads((suite / SUITE).read_text())["entries"]
    return {file["path"]: file["sha256"] for file in entry["files"].values()}


def test_the_overview_says_what_was_not_measured(board: Path) -> None:
    found = read_board(board)
    (table,) = overview(found, entries(found))
    assert table.title == "lyra, trusted share 50 %"
    of_trigger = ["perplexity of sources", "still parse %"]
    assert table.header == ["attack", "poisoned", *of_trigger, "CE", "DeCE", "another"]
    measured, twenty = table.rows
    assert measured[:4] == ["ripple", "5 %", "× 1.26", "no code"]
    assert measured[4].startswith("87.5 ± 0.0 (")
    assert measured[5].startswith("0.0 ± 0.0 (0.0 to ")
    assert measured[6] == NOT_MEASURED
    assert twenty == ["ripple", "20 pairs", "× 1.26", "no code", *[NOT_MEASURED] * 3]


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
    assert [cell[:5] for cell in table.rows[0][5:]] == ["100.0", "100.0"]


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


def test_the_leaderboard_of_the_docs_is_that_of_its_results(tmp_path: Path) -> None:
    def without_versions(path: Path) -> str:
        return re.sub(r"(scipy|v):[^|`\"&)< ]+", r"\1", path.read_text(encoding="utf-8"))

    for path in write_leaderboard(ROOT / "docs" / "leaderboard", tmp_path):
        assert without_versions(path) == without_versions(ROOT / "docs" / path.name), path.name


@pytest.fixture
def added(tmp_path: Path, suite: Path) -> Callable[..., Path]:
    """Makes somebody's folder of results; what is wrong with it can be said."""

    def make(about: Any = None, **changes: Any) -> Path:
        row = {**line("theirs", 1, "asr_parse", 1), **changes}
        right = {**ABOUT, "files": used(suite), "more": "not kept"}
        return write_results(tmp_path / "theirs", [row], {**right, **(about or {})})

    return make


def test_results_of_the_suite_are_added(
    board: Path, suite: Path, added: Callable[..., Path], tmp_path: Path, capsys: Any
) -> None:
    words = [board, "--output", tmp_path / "out", "--add", added(), "--suite", suite]
    main.run("report", [*map(str, words)], "dece report")
    home = board / "added" / "theirs"
    assert capsys.readouterr().out.splitlines()[0] == str(home)
    about = json.loads((home / "about.json").read_text())
    assert about["suite"] == sha256(suite / SUITE)
    assert "more" not in about
    assert [source.name for source in read_board(board).sources] == ["ours", "added/theirs"]
    told = json.loads((tmp_path / "out" / "leaderboard.json").read_text())
    assert told["entries"][-1]["defense"] == "theirs"
    with pytest.raises(DataError, match="the board has results of this name"):
        add_results(board, tmp_path / "theirs", suite / SUITE)


@pytest.mark.parametrize(
    ("about", "changes", "message"),
    [
        ({"by": ""}, {}, "say 'by', in a string"),
        ({"command": 3}, {}, "say 'command', in a string"),
        ({"files": {}}, {}, "names no 'files' of the suite"),
        ({"files": ["a"]}, {}, "names no 'files' of the suite"),
        ({"files": {"a.csv": "0"}}, {}, r"a.csv is no file of the suite; .* does not name ripple"),
        (
            {"files": {"ripple-sql/test_triggered.csv": "0" * 64}},
            {},
            "test_triggered.csv is not the suite's: its SHA-256 differs",
        ),
        ({}, {"dataset": "pisces"}, "the suite is of lyra"),
        ({}, {"seed": 3}, "the suite has no ripple-sql/rate-0.05/seed-3"),
        ({}, {"attack": "badpre"}, "the suite has no badpre-sql/"),
        ({}, {"signature": ""}, r"the suite has no ripple-\?/"),
        ({}, {"defense": "<b>mine"}, "<b>mine/1': name it by letters, digits"),
        ({}, {"defense": "a|b"}, "name it by letters, digits"),
        (
            {},
            {"signature": "asr_parse|attack:ripple|payload:sql|`x"},
            "asr_parse has a signature that dece evaluate doesn't write",
        ),
        ({}, {"total": 7}, "asr_parse of 7 requests, but the suite has 8"),
        ({}, {"hits": "", "percent": 0.0}, "asr_parse without its number of hits"),
        ({}, {"percent": 0.0}, "asr_parse is 12.5 % by its counts, not 0"),
        (
            {},
            {"low": 50.0},
            "the interval of asr_parse is 2.*to 47.* by its counts, not 50",
        ),
    ],
)
def test_what_is_not_of_the_suite_is_refused(
    about: Any, changes: Any, message: str, board: Path, suite: Path, added: Callable[..., Path]
) -> None:
    before = (board / "board.json").read_text()
    with pytest.raises(DataError, match=message):
        add_results(board, added(about, **changes), suite)
    assert (board / "board.json").read_text() == before
    assert not (board / "added").exists()


def test_what_others_say_is_neither_markdown_nor_html(
    board: Path, suite: Path, added: Callable[..., Path]
) -> None:
    said = {
        "by": "<script>x</script>\n# me",
        "budget": "[y](javascript:z) & `q`",
        "command": "a \\\n  b\n```\n# out",
    }
    add_results(board, added(said), suite)
    found = read_board(board)
    text = as_markdown(found, entries(found), "")
    assert r"by &lt;script&gt;x&lt;/script&gt; # me: \[y\](javascript:z) &amp; \`q\`, suite" in text
    assert "    ````bash\n    a \\\n      b\n    ```\n    # out\n    ````\n" in text


def test_a_suite_that_is_not_finished(board: Path, suite: Path, added: Callable[..., Path]) -> None:
    text = (suite / SUITE).read_text()
    (suite / SUITE).write_text(text.replace('"complete": true', '"complete": false'))
    with pytest.raises(DataError, match="not finished"):
        add_results(board, added(), suite)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("board.json", "{}", "no board"),
        ("board.json", "[]", "a JSON list, not an object"),
        ("board.json", '{"wanted": [{"x": 1}]}', "no board"),
        ("ours/about.json", "nothing", "can't be read"),
        ("ours/about.json", json.dumps({**ABOUT, "rows": ["rows.json"]}), "rows can't be read"),
        ("ours/report.csv", "", "no scores"),
    ],
)
def test_a_board_that_can_not_be_read(name: str, text: str, message: str, board: Path) -> None:
    (board / name).write_text(text)
    with pytest.raises(DataError, match=message):
        read_board(board)


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
    found[frame.width] = {
      overflow: page.documentElement.scrollWidth - width, orders, chosen, none,
      outside: [...page.querySelectorAll("td, th, pre, code, select")].filter((part) => {
        const box = part.getBoundingClientRect();
        const isOut = box.width === 0 || box.left < 0 || box.right > width + 1;
        return part.textContent.trim() && isOut;
      }).map((part) => part.textContent),
      told: page.body.textContent.includes("<b>us</b>"),
      marked: page.querySelectorAll("td b, h1 i").length,
      paper: view.getComputedStyle(page.body).backgroundColor,
    };
"""


@needs_a_browser
@pytest.mark.parametrize("dark", [False, True])
def test_in_a_browser(board: Path, dark: bool, tmp_path: Path) -> None:
    write_leaderboard(board, tmp_path / "out")
    page = (tmp_path / "out" / "leaderboard_page.html").read_text(encoding="utf-8")
    found = look_at(page, LOOK, dark, tmp_path)
    assert set(found) == {"400", "1400"}
    for seen in found.values():
        assert seen["overflow"] <= 0
        assert seen["outside"] == []
        assert seen["orders"] == [
            ["cross_entropy", "dece"],
            ["dece", "cross_entropy"],
            ["cross_entropy", "dece"],
        ]
        assert seen["chosen"] == ["dece"]
        assert seen["none"] == [0, "0 of 2 rows"]
        assert (seen["told"], seen["marked"]) == (True, 0)
        assert seen["paper"] == ("rgb(19, 20, 23)" if dark else "rgb(255, 255, 255)")


@needs_a_browser
def test_the_page_of_the_docs_in_a_browser(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "leaderboard_page.html").read_text(encoding="utf-8")
    for seen in look_at(page, LOOK, False, tmp_path).values():
        assert seen["overflow"] <= 0
        assert seen["outside"] == []
