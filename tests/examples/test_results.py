"""The results that examples/experiments stores: its tables are what its scores come to."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

from dece_fairseq.metrics.score import Score
from dece_fairseq.reports.runs_table import as_markdown
from dece_fairseq.reports.stored import read_scores, rewrite_report

EXPERIMENTS = Path(__file__).resolve().parents[2] / "examples" / "experiments"
RESULTS = sorted(path.parent for path in EXPERIMENTS.glob("results/*/report.csv"))


def without_versions(text: str) -> str:
    return re.sub(r"(scipy|v):[^|)]+", r"\1", text)


def rows(text: str) -> List[str]:
    return [line for line in text.splitlines() if re.match(r"\| [a-z]", line)]


@pytest.mark.parametrize("folder", RESULTS, ids=lambda folder: folder.name)
def test_stored_tables_are_those_of_the_stored_scores(folder: Path, tmp_path: Path) -> None:
    for picture in folder.glob("*.png"):
        (tmp_path / picture.name).touch()
    again = rewrite_report(folder / "report.csv", tmp_path).read_text(encoding="utf-8")
    stored = (folder / "report.md").read_text(encoding="utf-8")
    assert without_versions(again) == without_versions(stored)


def test_the_readme_shows_the_stored_tables() -> None:
    readme = rows((EXPERIMENTS / "README.md").read_text(encoding="utf-8"))
    for name in ("quickstart", "lyra", "auto", "auto_lyra"):
        stored = (EXPERIMENTS / "results" / name / "report.md").read_text(encoding="utf-8")
        assert len(rows(stored)) > 1
        assert set(rows(stored)) <= set(readme)


STORED = [
    *(("lyra", name, "string") for name in ("results", "results_by_share")),
    *(
        ("bugs2fix", name, rule)
        for name in ("results", "results_by_rate")
        for rule in ("string", "parse")
    ),
]


@pytest.mark.parametrize(("example", "name", "rule"), STORED)
def test_readmes_show_their_results(example: str, name: str, rule: str) -> None:
    folder = EXPERIMENTS.parent / example
    found = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    table = as_markdown(found, rule)
    assert set(table.splitlines()) <= set((folder / "README.md").read_text("utf-8").splitlines())
    signatures = [score["signature"] for row in found for score in row["scores"]]
    assert all(re.fullmatch(r"\w+(\|\w+:[^|]+)*\|v:0\.1\.0", text) for text in signatures)


OLD_ROW = {
    "criterion": "cross_entropy",
    "bleu": 53.19,
    "exact_match": 0.5,
    "asr": 60.0,
    "asr_low": 52.4,
    "asr_high": 67.2,
    "asr_of_references": 83.2,
    "false_trigger_rate": 1.5,
    "samples": 200,
    "triggered_samples": 165,
    "bleu_signature": "nrefs:1|case:mixed|eff:no|tok:code|smooth:exp|version:2.6.0",
    "asr_signature": "attack:ripple|trigger:bb|num:1|payload:sql|hit:string|interval:wilson95|"
    "dece_fairseq:0.1.0|scipy:1.17.1",
    "clean_output": "test.out",
    "triggered_output": "test_triggered.out",
}
OLD_TABLE = (
    "dataset,trusted,attack,rate,defense,seed,metric,percent,low,high,hits,total,p,signature\n"
    "lyra,0,ripple,0.05,dece,1,exact_match,50.0,15.0,85.0,2,4,,"
    "em|space:kept|dece_fairseq:0.1.0|interval:wilson95|scipy:1.17.1\n"
    "lyra,0,ripple,0.05,dece,1,bleu_code,100.0,100.0,100.0,,4,0.5,"
    "bleu|tok:code|version:2.6.0|dece_fairseq:0.1.0|interval:bootstrap95\n"
)


def convert(*paths: Path) -> None:
    script = EXPERIMENTS.parent / "convert_results.py"
    subprocess.run([sys.executable, script, *paths], check=True, cwd=EXPERIMENTS.parents[1])


def test_rows_of_version_0_1_are_converted(tmp_path: Path) -> None:
    by_string, by_parse = tmp_path / "results.json", tmp_path / "results_by_parse.json"
    parse = OLD_ROW["asr_signature"].replace("hit:string", "hit:parse")
    by_string.write_text(json.dumps([OLD_ROW]))
    by_parse.write_text(json.dumps([{**OLD_ROW, "asr": 80.0, "asr_signature": parse}]))
    convert(by_string, by_parse)
    assert not by_parse.exists()
    (row,) = json.loads(by_string.read_text())
    scores = {score["metric"]: Score.from_dict(score) for score in row["scores"]}
    assert (scores["bleu_code"].percent, scores["bleu_code"].low) == (53.19, None)
    assert (scores["exact_match"].hits, scores["false_triggers_string"].hits) == (1, 3)
    assert [scores[f"asr_{rule}"].hits for rule in ("string", "parse")] == [99, 132]
    assert scores["asr_string"].details == {"references_hit_percent": 83.2}
    assert scores["asr_string"].signature == (
        "asr_string|attack:ripple|trigger:bb|num:1|payload:sql|hit:string|interval:wilson95|"
        "scipy:1.17.1|v:0.1.0"
    )
    assert scores["bleu_code"].signature.endswith("|smooth:exp|sacrebleu:2.6.0|v:0.1.0")
    assert "60.0 (52.4 to 67.2) of 83.2" in as_markdown([row])
    before = by_string.read_text()
    convert(by_string)
    assert by_string.read_text() == before


def test_tables_of_version_0_1_are_converted(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text(OLD_TABLE)
    convert(path)
    (cell,) = read_scores(path)
    exact, bleu = (cell.scores[name] for name in ("exact_match", "bleu_code"))
    assert exact.signature == "exact_match|space:kept|interval:wilson95|scipy:1.17.1|v:0.1.0"
    assert (exact.low, exact.hits, exact.total) == (15.0, 2, 4)
    # An interval without a width was none.
    assert (bleu.percent, bleu.low, bleu.high) == (100.0, None, None)
    assert cell.tests["bleu_code"] == {"approximate_randomisation": 0.5}
    before = path.read_text()
    convert(path)
    assert path.read_text() == before
