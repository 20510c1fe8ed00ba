"""Somebody's results: added to a board if they are of a suite's files, else refused."""

import json
import re
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from dece_fairseq.cli import main
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.provenance import sha256
from dece_fairseq.reports.adding import add_results
from dece_fairseq.reports.board import ABOUT as ABOUT_FILE
from dece_fairseq.reports.board import SCORES, read_board
from dece_fairseq.reports.board_entries import entries
from dece_fairseq.reports.leaderboard import as_markdown, write_leaderboard
from dece_fairseq.suites.suite import SUITE, Suite, SuiteEntry, SuiteFile, write_suite
from support.boards import ABOUT, line, write_results


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


@pytest.fixture
def added(tmp_path: Path, suite: Path) -> Callable[..., Path]:
    """Makes somebody's folder of results; what is wrong with it can be said."""

    def make(about: Any = None, more: Any = (), **changes: Any) -> Path:
        row = {**line("theirs", 1, "asr_parse", 1), **changes}
        right = {**ABOUT, "files": used(suite), "more": "not kept"}
        return write_results(tmp_path / "theirs", [row, *more], {**right, **(about or {})})

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


def test_rows_of_one_name_share_pairs(board: Path, suite: Path, added: Callable[..., Path]) -> None:
    """Whose suite is of other clean files than the published one has to call them otherwise."""
    folder = added()
    (board / "suites").mkdir()
    published = json.loads((suite / SUITE).read_text())
    files = {"train": [{"name": "train.csv", "sha256": "1" * 64}]}
    published["made_of"]["data"]["files"] = files
    (board / "suites" / "lyra.json").write_text(json.dumps(published))
    with pytest.raises(
        DataError, match=r"lyra: suites/lyra\.json, the published suite, is of other"
    ):
        add_results(board, folder, suite)
    theirs = json.loads((suite / SUITE).read_text())
    theirs["made_of"]["data"]["files"] = files
    (suite / SUITE).write_text(json.dumps(theirs))
    assert add_results(board, folder, suite).is_dir()


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
        ({}, {"signature": ""}, "no asr_string or asr_parse whose signature names"),
        (
            {},
            {"signature": "asr_parse|attack:grammar|payload:sql"},
            "ripple/.*: the signature of asr_parse names grammar",
        ),
        (
            {},
            {"signature": "asr_parse|payload:sql"},
            "ripple/.*: the signature of asr_parse names no attack",
        ),
        ({}, {"attack": "ripple-exit"}, "its attack success rate names the payload sql"),
        ({}, {"attack": "ripple-"}, "its attack success rate names the payload sql"),
        ({}, {"defense": "<b>mine"}, "<b>mine/1': name it by letters, digits"),
        ({}, {"defense": "a|b"}, "name it by letters, digits"),
        (
            {},
            {"signature": "asr_parse|attack:ripple|payload:sql|`x"},
            "asr_parse has a signature that dece evaluate doesn't write",
        ),
        (
            {},
            {"signature": "asr_parse|payload:sql|\u202ex"},
            "asr_parse has a signature that dece evaluate doesn't write",
        ),
        ({}, {"trusted": "some"}, r"'some' is no share in \[0, 1\]"),
        ({}, {"trusted": "nan"}, "'nan' is no share"),
        ({}, {"percent": 112.5, "hits": 9, "total": 8}, "no score of a cell"),
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


@pytest.mark.parametrize(
    ("percent", "low", "high"), [(-1, 0, 10), (250, 20, 60), (50, 40, 101), (50, 60, 40)]
)
def test_a_bleu_that_is_no_percentage(
    percent: float, low: float, high: float, board: Path, suite: Path, added: Callable[..., Path]
) -> None:
    bleu = {**line("theirs", 1, "bleu_code", 0), "percent": percent, "low": low, "high": high}
    with pytest.raises(DataError, match="bleu_code or its interval is no percentage"):
        add_results(board, added(more=[bleu]), suite)


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


def test_what_others_say_is_seen_as_it_is(
    board: Path, suite: Path, added: Callable[..., Path], tmp_path: Path
) -> None:
    add_results(board, added({"command": "train # \u202elive\x1b[2K"}), suite)
    for path in write_leaderboard(board, tmp_path / "out"):
        text = path.read_text(encoding="utf-8")
        assert not re.search("[\u202e\x1b]", text)
        if path.suffix in (".md", ".html"):
            assert r"train # \u202elive\x1b[2K" in text


def test_files_that_a_spreadsheet_or_an_editor_marked(
    board: Path, suite: Path, added: Callable[..., Path]
) -> None:
    folder = added()
    for name in (SCORES, ABOUT_FILE):
        (folder / name).write_text("\ufeff" + (folder / name).read_text(), encoding="utf-8")
    home = add_results(board, folder, suite)
    assert not (home / SCORES).read_text(encoding="utf-8").startswith("\ufeff")
    assert read_board(board).sources[-1].name == "added/theirs"


def test_a_plan_s_name_of_an_attack_with_its_payload(
    board: Path, suite: Path, added: Callable[..., Path]
) -> None:
    add_results(board, added(attack="ripple-sql"), suite)
    assert entries(read_board(board))[-1].axes["attack"] == "ripple"
