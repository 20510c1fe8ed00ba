"""The tables of a report, made again from its scores."""

import re
import subprocess
from pathlib import Path

import pytest

from dece_fairseq.cli import main
from dece_fairseq.data.errors import DataError
from dece_fairseq.reports.report import write_report
from dece_fairseq.reports.stored import read_scores, rewrite_report
from dece_fairseq.reports.summary import summarise
from dece_fairseq.reports.tables import tables


def test_tables_come_out_as_they_were(plan: Path, tmp_path: Path) -> None:
    report = plan / "report"
    write_report(plan, report)
    written = (report / "report.md").read_bytes()
    (report / "report.md").unlink()
    assert rewrite_report(report / "report.csv", report) == report / "report.md"
    assert (report / "report.md").read_bytes() == written
    elsewhere = tmp_path / "elsewhere"
    rewrite_report(report / "report.csv", elsewhere)
    lines = [line for line in written.decode().splitlines() if not line.startswith("![")]
    assert (elsewhere / "report.md").read_text().splitlines() == lines[:-1]


def test_the_command_writes_beside_the_file(plan: Path) -> None:
    report = plan / "report"
    write_report(plan, report)
    written = (report / "report.md").read_bytes()
    (report / "report.md").unlink()
    main.run("report", [str(report / "report.csv")], "dece report")
    assert (report / "report.md").read_bytes() == written


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("percent", "share", "score 1: 'percent'"),
        ("87.5", "many", "score 1: could not convert"),
        ("87.5", "nan", "score 1: no score of a cell"),
        ("ripple", "", "score 1: no score of a cell"),
        (",7,8,", ",7.5,8,", "score 1: invalid literal"),
        (",7,8,0.5", ",9,8,0.5", "score 1: no score"),
    ],
)
def test_what_is_no_table_of_scores(before: str, after: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    text = (
        "dataset,trusted,attack,rate,defense,seed,metric,percent,low,high,hits,total,p,signature\n"
        "generated,0.5,ripple,0.05,bki,1,asr_string,87.5,52.9,97.8,7,8,0.5,x\n"
    )
    path.write_text(text)
    assert len(read_scores(path)) == 1
    path.write_text(text.replace(before, after))
    with pytest.raises(DataError, match=message):
        rewrite_report(path, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.csv"]


def test_a_score_that_is_there_twice(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    header = "dataset,trusted,attack,rate,defense,seed,metric,percent,low,high,hits,total,signature"
    first = "generated,0.5,ripple,0.05,bki,1,asr_string,87.5,52.9,97.8,7,8,x"
    second = "generated,0.5,ripple,0.05,bki,1,asr_string,0.0,0.0,32.4,0,8,x"
    path.write_text(f"{header}\n{first}\n{second}\n")
    with pytest.raises(DataError, match=r"score 2: generated/.*/bki/1/asr_string is there twice"):
        read_scores(path)


def test_no_scores_at_all(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    with pytest.raises(DataError, match=r"report\.csv: .*No such file"):
        read_scores(path)
    path.write_text("dataset\n")
    with pytest.raises(DataError, match="no scores"):
        read_scores(path)
    path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(DataError, match="can't decode"):
        read_scores(path)


def test_what_a_run_was_not_asked_for_is_not_tested(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    header = (
        "dataset,trusted,attack,rate,defense,seed,metric,percent,low,high,hits,total,p,signature"
    )
    cell = "generated,0.5,ripple,0.05,{},1,{},{},,x"
    rows = [
        cell.format("cross_entropy", "codebleu", "25.0,,,,8"),
        cell.format("bki", "bleu_code", "50.0,40.0,60.0,,8"),
    ]
    path.write_text("\n".join([header, *rows]) + "\n")
    table = tables(summarise(read_scores(path)))[0]
    assert table.header == ["defence", "seeds", "BLEU", "CodeBLEU", "CodeBLEU parts"]
    # No interval was told of the first, and none is shown.
    assert table.rows == [
        ["cross_entropy", "1", "not tested", "25.0", "not tested"],
        ["bki", "1", "50.0 (40.0 to 60.0)", "not tested", "not tested"],
    ]
    assert "where its parts, which have none for it, are not tested" in table.note


def test_every_commit_that_results_name_can_be_had_or_is_said_to_be_gone() -> None:
    root = Path(__file__).resolve().parents[2]
    git = ["git", "-C", str(root), "rev-list", "HEAD"]
    listed = subprocess.run(git, capture_output=True, text=True, check=False)
    known = listed.stdout.split()
    folders = [path.parent for path in root.glob("examples/experiments/results/*/report.csv")]
    named = {
        (folder, commit)
        for folder in folders
        for commit in re.findall(r"\+g([0-9a-f]+)", (folder / "report.csv").read_text("utf-8"))
    }
    assert named
    if listed.returncode or (root / ".git" / "shallow").exists():
        pytest.skip("the history is not here")
    for folder, commit in named:
        is_known = any(each.startswith(commit) for each in known)
        assert is_known or commit in (folder / "about.json").read_text("utf-8"), (folder, commit)
