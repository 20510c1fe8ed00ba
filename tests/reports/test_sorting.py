"""How a column's head sorts its table: the pages' script in Node, and a table of one column."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import List

import pytest

from dece_fairseq.reports.report import SCRIPT

TABLE = """
const body = { append(...rows) { this.rows = rows; } };
body.rows = TEXTS.map((text) => ({ cells: [{ textContent: text }] }));
const said = {};
const head = {
  cellIndex: 0, parentElement: { cells: [] }, closest: () => ({ tBodies: [body] }),
  getAttribute: (name) => said[name], setAttribute: (name, value) => { said[name] = value; },
};
const shown = () => body.rows.map((row) => row.cells[0].textContent);
sortBy(head);
const up = shown();
sortBy(head);
console.log(JSON.stringify([up, shown()]));
"""
NO_PAGE = "const document = { querySelectorAll: () => [], querySelector: () => null };"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node")


def sorted_both_ways(texts: List[str], folder: Path) -> List[List[str]]:
    script = folder / "sort.js"
    code = SCRIPT.read_text(encoding="utf-8") + TABLE.replace("TEXTS", json.dumps(texts))
    script.write_text(NO_PAGE + code, encoding="utf-8")
    shown = subprocess.run(["node", str(script)], capture_output=True, text=True, check=True)
    up, down = json.loads(shown.stdout)
    return [up, down]


def test_numbers_sort_as_numbers_and_what_is_none_comes_last(tmp_path: Path) -> None:
    texts = ["95.4 ± 3.2 (72.7 to 98.8)", "not measured", "8.1 (4 to 9)", "", "0.0", "no code"]
    numbers, others = ["0.0", texts[2], texts[0]], ["not measured", "", "no code"]
    up, down = sorted_both_ways(texts, tmp_path)
    assert up == numbers + others
    assert down == numbers[::-1] + others


def test_times_sort_as_numbers(tmp_path: Path) -> None:
    up, down = sorted_both_ways(["× 12.15 (11.7 to 12.6)", "× 2.44", "× 1.00"], tmp_path)
    assert up == ["× 1.00", "× 2.44", "× 12.15 (11.7 to 12.6)"]
    assert down == up[::-1]


def test_words_sort_by_the_alphabet_and_nothing_comes_last(tmp_path: Path) -> None:
    up, down = sorted_both_ways(["ripple", "", "badpre", "header"], tmp_path)
    assert up == ["badpre", "header", "ripple", ""]
    assert down == ["ripple", "header", "badpre", ""]


def test_names_that_begin_with_a_digit_are_words(tmp_path: Path) -> None:
    up, down = sorted_both_ways(["onion", "2stage", "0.985-dece", "dece"], tmp_path)
    assert up == ["0.985-dece", "2stage", "dece", "onion"]
    assert down == up[::-1]


def test_what_stands_behind_a_number_or_before_it(tmp_path: Path) -> None:
    numbers = ["-1.5", "1e-05", "3/60 (0 to 9)", "5 %", "20 pairs", "100"]
    up, _ = sorted_both_ways([*numbers[::-1], "not measured"], tmp_path)
    assert up == [*numbers, "not measured"]
