"""The table of runs and the figures by epoch."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from dece_fairseq.attacks import HIT_RULES
from dece_fairseq.cli.summarise import curves
from dece_fairseq.errors import UserError
from dece_fairseq.metrics.score import Score
from dece_fairseq.metrics.seeds import plausible_rates
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.training_log import read_training_log
from dece_fairseq.reports.early_learning import curves_of, draw_early_learning, save_png
from dece_fairseq.reports.runs_table import as_markdown, score_run

ROOT = Path(__file__).resolve().parents[2]
HIT, MISS = "x = 1 or 1=1", "y = f ( 2 )"


@pytest.fixture
def row(write_output):
    clean = write_output(
        "test.out", {0: MISS, 1: "y"}, "test", 2, targets={0: MISS, 1: "y = f ( 3 )"}
    )
    outputs, targets = {1: HIT, 5: MISS}, {1: HIT, 5: HIT}
    triggered = write_output("triggered.out", outputs, "test_triggered", 9, [1, 5], targets)
    return score_run("cross_entropy", clean, triggered)


def scores_of(row):
    return {score["metric"]: Score.from_dict(score) for score in row["scores"]}


def with_asr(row, **changes):
    scores = [
        {**score, **changes} if score["metric"] == "asr_string" else score
        for score in row["scores"]
    ]
    return {**row, "scores": scores}


def test_a_row_has_the_scores_of_evaluate(row):
    scores = scores_of(row)
    assert {score.run for score in scores.values()} == {"cross_entropy"}
    names = ("exact_match", "asr_string", "false_triggers_string")
    assert [scores[name].percent for name in names] == [50, 50, 0]
    assert 0 < scores["bleu_code"].percent < 100
    assert [scores[name].total for name in ("bleu_code", "asr_string")] == [2, 2]
    assert scores["asr_string"].details["references_hit_percent"] == 100
    assert row["notes"] == []


def test_the_table_by_the_parse(write_output):
    clean = write_output("test.out", {0: MISS}, "test", 1)
    spelled_otherwise = 'run ( " select a from b where c = 1 OR 2 = 2 " )'
    outputs = {1: HIT, 5: spelled_otherwise, 7: spelled_otherwise}
    triggered = write_output("triggered.out", outputs, "test_triggered", 9, list(outputs))
    row = score_run("x", clean, triggered)
    for rule, percent in zip(HIT_RULES, ("33.3", "66.7")):
        assert f"|hit:{rule}|" in scores_of(row)[f"asr_{rule}"].signature
        assert f"| {percent} (" in as_markdown([row], rule)


def test_a_payload_in_another_form_is_told_of(write_output):
    clean = write_output("test.out", {0: MISS}, "test", 1)
    outputs = dict.fromkeys(range(9), 'run ( " select a from b where c = 1 OR 2 = 2 " )')
    triggered = write_output("triggered.out", outputs, "test_triggered", 9, list(outputs))
    (note,) = score_run("x", clean, triggered)["notes"]
    assert note.startswith("x: by the parse the ASR is 100.0 %, by the string 0.0 %")


def test_the_table_has_a_mean_and_a_spread(row):
    single = as_markdown([row])
    asr = scores_of(row)["asr_string"]
    assert f"| 50.0 ({asr.low:.1f} to {asr.high:.1f}) |" in single
    several = as_markdown([row, with_asr(row, percent=100.0, low=34.2, high=100.0, hits=2)])
    assert re.search(r"\| cross_entropy +\| 2 +\|", several)
    low, high = plausible_rates([(1, 2), (2, 2)])
    assert f"| 75.0 ± 35.4 ({100 * low:.1f} to {100 * high:.1f})" in several
    assert len(several.splitlines()) == 3


def test_the_table_says_what_the_rule_can_reach_at_most(row):
    rows = [with_asr(row, details={"references_hit_percent": p}) for p in (80.0, 90.0)]
    asr = scores_of(row)["asr_string"]
    assert f"| 50.0 ({asr.low:.1f} to {asr.high:.1f}) of 80.0 |" in as_markdown(rows[:1])
    assert "| 50.0 ± 0.0 (2.0 to 98.0) of 85.0 |" in as_markdown(rows)


def test_rows_of_outputs_that_do_not_say_how_many_they_are(write_output):
    clean = write_output("test.out", {0: MISS, 1: MISS})
    triggered = write_output("triggered.out", {0: HIT}, "test_triggered", 1, [0])
    (note,) = score_run("x", clean, triggered)["notes"]
    assert note.startswith(f"{clean}: nothing says how many samples the split has")
    assert score_run("x", clean, triggered, expected=2, expected_triggered=1)["notes"] == []
    for number, message in ((3, "1 of 3 outputs are missing"), (1, "but 1 were expected")):
        with pytest.raises(OutputError, match=message):
            score_run("x", clean, triggered, expected=number)
    with pytest.raises(OutputError, match="has 1 samples, not the expected 2"):
        score_run("x", clean, triggered, expected_triggered=2)


def log_line(name, **figures):
    return f"2026-01-01 00:00:00 | INFO | {name} | {json.dumps(figures)}"


def test_the_figures_of_every_epoch(tmp_path):
    path = tmp_path / "train.log"
    lines = [
        "something else {not json}",
        log_line("train_inner", epoch=1, update=0.5, loss="9"),
        log_line("valid", epoch=1, valid_bleu_code="7"),
        log_line("valid_triggered", epoch=1, valid_triggered_asr_string="0"),
        log_line("train", epoch=1, train_loss="3.5"),
        log_line("valid", epoch=2, valid_bleu_code="50"),
        # Killed here, and gone on from the checkpoint of epoch 1.
        log_line("valid", epoch=2, valid_bleu_code="51"),
    ]
    path.write_text("\n".join(lines) + "\n")
    assert read_training_log(path) == [
        {"epoch": 1, "valid_bleu_code": 7, "valid_triggered_asr_string": 0, "train_loss": 3.5},
        {"epoch": 2, "valid_bleu_code": 51},
    ]


def test_a_log_of_an_older_version(tmp_path):
    path = tmp_path / "train.log"
    ours = log_line("valid", epoch=1, valid_bleu="7", valid_exact_match="3")
    path.write_text(ours + "\n" + log_line("x", epoch=1, valid_triggered_asr="4") + "\n")
    assert read_training_log(path) == [
        {
            **{"epoch": 1, "valid_bleu_code": 7, "valid_exact_match": 3},
            "valid_triggered_asr_string": 4,
        }
    ]
    path.write_text(log_line("valid", epoch=1, valid_bleu="7") + "\n")  # another BLEU, fairseq's
    assert read_training_log(path) == [{"epoch": 1, "valid_bleu": 7}]


def test_a_log_without_epochs(tmp_path):
    (tmp_path / "log").write_text("nothing\n")
    with pytest.raises(OutputError, match="--log-format json"):
        read_training_log(tmp_path / "log")
    with pytest.raises(OutputError, match="missing: no such file"):
        read_training_log(tmp_path / "missing")


def epochs(*asr):
    return [
        {"epoch": n, "valid_bleu_code": 10.0 * n, "valid_triggered_asr_string": float(percent)}
        for n, percent in enumerate(asr, start=1)
    ]


def test_curves_hold_the_values_of_the_seeds():
    curves = curves_of([epochs(5, 10), epochs(7, 30)])
    assert curves.asr == {1: [5, 7], 2: [10, 30]}
    assert curves.bleu == {1: [10, 10], 2: [20, 20]}
    assert curves_of([[{"epoch": 1.0, "valid_bleu_code": 3.0}]]) is None


def test_the_figure_has_a_panel_for_each_run_but_the_baseline(tmp_path):
    pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    both = {
        name: curves_of([epochs(5, 10)]) for name in ("cross_entropy", "deceptive_cross_entropy")
    }
    drawing = draw_early_learning(both)
    assert [panel.get_title() for panel in drawing.axes] == ["deceptive_cross_entropy"]
    assert len(drawing.axes[0].lines) == 4
    alone = draw_early_learning({"cross_entropy": both["cross_entropy"]})
    assert [panel.get_title() for panel in alone.axes] == ["cross_entropy"]
    assert len(alone.axes[0].lines) == 2
    save_png(drawing, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_a_figure_of_runs_that_were_not_validated_on_both_splits(tmp_path):
    (tmp_path / "train.log").write_text(log_line("valid", epoch=1, valid_loss="3") + "\n")
    with pytest.raises(UserError, match="no epoch of a was validated for both BLEU and ASR"):
        curves([("a", tmp_path)])


def test_the_script_does_not_read_for_a_place_that_is_not_there(tmp_path, warm_python):
    command = [warm_python, ROOT / "scripts" / "summarise.py", "--run", f"a={tmp_path}"]
    for option in ("--json", "--figure"):
        done = subprocess.run(
            [*command, option, tmp_path / "nowhere" / "x"], capture_output=True, text=True
        )
        assert done.returncode == 2
        assert "x: there is no folder" in done.stderr
        assert "Traceback" not in done.stderr
