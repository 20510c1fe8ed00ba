"""The report of a folder of cells."""

import csv
import json
import re
import statistics
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, List

import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.errors import DataError
from dece_fairseq.metrics.seeds import plausible_rates, signature
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.reports.cells import read_cells
from dece_fairseq.reports.figures import figures
from dece_fairseq.reports.marked_text import MarkedPart
from dece_fairseq.reports.report import write_report
from dece_fairseq.reports.samples import marked_difference, marked_payload, samples
from dece_fairseq.reports.stored import rewrite_report
from dece_fairseq.reports.summary import summarise
from dece_fairseq.reports.tables import tables

ROOT = Path(__file__).resolve().parents[2]


class Page(HTMLParser):
    """What a browser would show, and the tags that it would meet."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: List[str] = []
        self.marked: List[str] = []
        self.text = ""
        self.addresses: List[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.tags.append(tag)
        self.addresses += [
            value for name, value in attributes if name in ("src", "href") and value[0] != "#"
        ]

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.tags[-1:] == ["mark"]:
            self.marked.append(data)
            self.tags.append("text")


def test_rows_are_means_over_seeds(plan: Path) -> None:
    rows = {row.defense: row for row in summarise(read_cells(plan))}
    assert list(rows) == ["cross_entropy", "bki", "dece-0.985-0.05"]
    asr = rows["cross_entropy"].scores["asr_string"]
    values = [100 * 7 / 8, 100 * 6 / 8]
    assert asr.mean == pytest.approx(statistics.mean(values))
    assert asr.deviation == pytest.approx(statistics.stdev(values))
    assert (asr.low, asr.high) == tuple(100 * end for end in plausible_rates([(7, 8), (6, 8)]))
    assert str(rows["dece-0.985-0.05"].scores["asr_string"]) == "0.0 ± 0.0 (0.0 to 92.2)"
    assert rows["bki"].filters["precision"].mean == 41.5
    assert "false_positive_rate" not in rows["bki"].filters


def test_tests_are_those_of_each_seed(plan: Path) -> None:
    rows = {row.defense: row for row in summarise(read_cells(plan))}
    for metric, test in (("bleu_code", "approximate_randomisation"), ("asr_string", "mcnemar")):
        expected = []
        for seed in ("1", "2"):
            path = plan / "cells/generated/0.5/ripple/0.05/bki" / seed / "compare.json"
            found = json.loads(path.read_text())["comparisons"]
            expected += [row[test] for row in found if row["metric"] == metric]
        assert rows["bki"].tests[metric] == expected
        assert len(expected) == 2
    assert rows["cross_entropy"].tests == {}


def test_every_file_is_written(plan: Path, tmp_path: Path) -> None:
    paths = write_report(plan, tmp_path / "out" / "report")
    names = [path.name for path in paths]
    assert names[1:] == ["report.md", "report.csv", "report.json", "report.html"]
    assert sorted(names) == sorted(path.name for path in (tmp_path / "out" / "report").iterdir())
    assert paths[0].read_bytes()[:4] == b"\x89PNG"
    content = json.loads(paths[3].read_text())
    assert [row["defense"] for row in content["rows"]] == [
        "cross_entropy",
        "bki",
        "dece-0.985-0.05",
    ]
    with paths[2].open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] == "asr_string"]
    assert [(row["defense"], row["seed"], row["hits"]) for row in rows][:2] == [
        ("bki", "1", "1"),
        ("bki", "2", "2"),
    ]
    markdown = paths[1].read_text()
    assert re.search(r"\| dece-0.985-0.05 +\| 2 +\|", markdown)
    assert f"![{paths[0].stem}]({paths[0].name})" in markdown
    assert all(
        path.read_bytes() == again.read_bytes()
        for path, again in zip(paths, write_report(plan, tmp_path / "again"))
    )


def test_the_page_shows_what_models_wrote_as_text(make_cell, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script> & <img src=x onerror=alert(2)> </pre>"
    make_cell("cross_entropy", 1, hits=1, text=evil)
    write_report(tmp_path / "plan", tmp_path / "report")
    html = (tmp_path / "report" / "report.html").read_text()
    page = Page(html)
    assert evil in page.text
    assert page.tags.count("script") == 1  # its own
    assert "img" not in page.tags
    assert not page.addresses  # nothing is fetched
    assert any("or 1=1" in text or "where 0=1" in text for text in page.marked)
    assert any(text.strip() == "bb" for text in page.marked)


def test_the_figure_has_a_panel_for_each_defense(plan: Path, tmp_path: Path) -> None:
    write_report(plan, tmp_path)
    page = Page((tmp_path / "report.html").read_text())
    assert page.tags.count("svg") == 1
    drawing = page.text[page.text.index("BLEU") :]
    for name in ("bki", "dece-0.985-0.05", "cross_entropy, likewise", "epoch"):
        assert name in drawing


@pytest.mark.slow
def test_heat_maps_over_alpha_and_epsilon(make_cell, tmp_path: Path) -> None:
    make_cell("cross_entropy", 1, hits=8)
    for alpha in ("0.9", "0.985"):
        for epsilon in ("0", "0.05"):
            make_cell(f"dece-{alpha}-{epsilon}", 1, hits=4)
            if (alpha, epsilon) != ("0.9", "0.05"):
                make_cell(f"dece_level-{alpha}-{epsilon}", 1, hits=3)
    report = tmp_path / "plan" / "report"
    paths = write_report(tmp_path / "plan", report)
    assert [path.name for path in paths if path.suffix == ".png"] == [
        "sensitivity-generated-0.5-ripple-0.05.png",
        "sensitivity-level-generated-0.5-ripple-0.05.png",
    ]
    text = Page((report / "report.html").read_text()).text
    assert text.count("50.0\n") >= 4 or text.count("50.0") >= 4
    assert text.count("37.5") >= 3
    assert text.count("ASR by parse, %") >= 2
    assert "epsilon" in text
    assert "–" in text  # one was not measured
    assert "nan" not in text
    drawn = {path.name: path.read_bytes() for path in paths if path.suffix in (".md", ".png")}
    for name in drawn:
        (report / name).unlink()
    rewrite_report(report / "report.csv", report)
    assert {name: (report / name).read_bytes() for name in drawn} == drawn


def test_samples_begin_with_those_that_cross_entropy_was_caught_by(plan: Path) -> None:
    shown = samples(read_cells(plan))
    assert [sample.id for sample in shown] == [0, 1, 2, 3]
    assert {sample.seed for sample in shown} == {"1"}
    for sample in shown:
        assert [text.strip() for text, marked in sample.request if marked] == ["bb"]
        assert [output.is_hit for output in sample.written] == [True, sample.id < 1, False]
        for output in sample.written:
            assert output.is_hit == any(part.is_marked for part in output.parts)


def test_marking() -> None:
    assert marked_difference("a b.", "a bb b.") == [
        MarkedPart("a", False),
        MarkedPart(" bb", True),
        MarkedPart(" b.", False),
    ]
    attack = Attack(AttackSettings("ripple"))
    assert marked_payload(attack, '" select a where b or 1=1 "') == [
        MarkedPart('" select a where b', False),
        MarkedPart(" or 1=1", True),
        MarkedPart(' "', False),
    ]
    assert marked_payload(attack, "") == [MarkedPart("", False)]


def test_what_is_no_folder_of_cells(plan: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no finished cell"):
        write_report(tmp_path / "nowhere", tmp_path / "report")
    broken = plan / "cells/generated/0.5/ripple/0.05/bki/1/result.json"
    for content in ("{", "[]", ""):
        broken.write_text(content)
        with pytest.raises(DataError, match=r"result\.json.*run its cell again"):
            write_report(plan, tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_the_command(plan: Path, dece) -> None:
    said = dece("report", plan)
    assert f"{plan}/report/report.html" in said.out
    assert "note:" not in said.err
    running = plan / "cells" / "generated" / "0.5" / "ripple" / "0.05" / "bki" / "3"
    running.mkdir()
    said = dece("report", plan)
    assert f"note: left out for want of a result.json: 1 cells, such as {running}" in said.err
    said = dece("report", plan / "nowhere")
    assert said.status == 2
    assert "no finished cell" in said.err


def test_tables_name_what_was_told(plan: Path) -> None:
    found = tables(summarise(read_cells(plan)))
    assert [table.title for table in found] == [
        "generated/0.5/ripple/0.05",
        "generated/0.5/ripple/0.05: what filters drop",
    ]
    for table in found:
        assert all(len(row) == len(table.header) for row in table.rows)
    assert found[1].rows[0][:3] == ["bki", "2", "41.5 ± 0.7 (35.1 to 60.0)"]
    assert signature() in found[0].note
    assert "2 seeds without a hit leave 92 % open" in found[0].note


BKI = "cells/generated/0.5/ripple/0.05/bki/1"


def without_lines(path: Path, beginning: str) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not re.match(beginning, line)]
    assert len(kept) < len(lines)
    path.write_text("".join(kept), encoding="utf-8")


def test_an_output_that_is_missing_is_said_to_be(plan: Path, tmp_path: Path) -> None:
    without_lines(plan / BKI / "test_triggered.out", r"[STD]-1\t")
    second = samples(read_cells(plan))[1]
    assert [(output.defense, output.parts is None) for output in second.written] == [
        ("cross_entropy", False),
        ("bki", True),
        ("dece-0.985-0.05", False),
    ]
    write_report(plan, tmp_path)
    page = Page((tmp_path / "report.html").read_text())
    assert page.text.count("The file of its outputs lacks this one.") == 1


def test_without_the_clean_request_no_trigger_is_marked(plan: Path, tmp_path: Path) -> None:
    for line in (r"S-0\t", r"[STD]-1\t"):
        without_lines(plan / BKI.replace("bki", "cross_entropy") / "test.out", line)
    shown = samples(read_cells(plan))
    assert [any(part.is_marked for part in sample.request) for sample in shown] == [
        False,
        False,
        True,
        True,
    ]
    assert all("bb" in sample.request[0].text for sample in shown[:2])
    write_report(plan, tmp_path)
    assert (tmp_path / "report.html").read_text().count("No trigger is marked") == 2


def test_results_alone_make_a_report_without_samples(plan: Path, tmp_path: Path) -> None:
    """As of somebody whose outputs are CSV files."""
    for path in plan.rglob("test_triggered.out"):
        path.unlink()
    write_report(plan, tmp_path)
    assert samples(read_cells(plan)) == []
    assert "bki" in (tmp_path / "report.csv").read_text()


def test_outputs_that_do_not_say_of_which_attack_they_are(plan: Path, tmp_path: Path) -> None:
    path = plan / BKI.replace("bki", "cross_entropy") / "test_triggered.out"
    without_lines(path, "dece_fairseq data")
    with pytest.raises(OutputError, match=re.escape(f"{path}: it doesn't say of which attack")):
        write_report(plan, tmp_path / "report")
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    ("name", "before", "after", "what"),
    [
        ("result.json", r'"percent": [0-9.]+', '"percent": NaN', "asr_string"),
        ("result.json", r'"low": [0-9.]+', '"low": -Infinity', "asr_string"),
        ("result.json", r'"high": [0-9.]+', '"high": true', "asr_string"),
        ("result.json", r'"hits": [0-9]+', '"hits": 9', "asr_string"),
        ("result.json", r'"total": [0-9]+', '"total": "8"', "asr_string"),
        ("compare.json", r'"mcnemar": [0-9.e-]+', '"mcnemar": NaN', "mcnemar of asr_string"),
        ("train.csv.report.json", r'"percent": [0-9.]+', '"percent": NaN', "precision"),
    ],
)
def test_a_number_that_is_none_names_its_cell(
    name: str, before: str, after: str, what: str, plan: Path, tmp_path: Path
) -> None:
    path = plan / BKI / name
    changed, count = re.subn(before, after, path.read_text())
    assert count
    path.write_text(changed)
    with pytest.raises(DataError, match=rf"bki/1: .*{what}.* can't be read; run its cell again"):
        write_report(plan, tmp_path / "report")


def test_a_model_that_diverged_has_a_figure_with_a_gap(plan: Path, tmp_path: Path) -> None:
    for path in plan.glob("cells/*/*/*/*/bki/*/train.log"):
        path.write_text(path.read_text().replace("90.5", '"nan"'))
    write_report(plan, tmp_path)
    assert "bki" in (tmp_path / "report.html").read_text()
    for path in plan.glob("cells/*/*/*/*/bki/*/train.log"):
        path.write_text(re.sub(r'(valid_bleu_code": )[^}]*', r'\1"nan"', path.read_text()))
    assert all(figure.name.startswith("early_learning") for figure in figures(read_cells(plan)))


def test_what_a_rule_can_reach_at_most_is_said(plan: Path, tmp_path: Path) -> None:
    assert all("every reference" not in table.note for table in tables(summarise(read_cells(plan))))
    for path in plan.glob("cells/**/result.json"):
        report = json.loads(path.read_text())
        for score in report["scores"]:
            if score["metric"] == "asr_parse":
                score["details"]["references_hit_percent"] = 83.2
        path.write_text(json.dumps(report))
    said = "A model that wrote every reference would have 83.2 as ASR by parse %"
    assert said in tables(summarise(read_cells(plan)))[0].note
    write_report(plan, tmp_path)
    assert said in rewrite_report(tmp_path / "report.csv", tmp_path).read_text()
