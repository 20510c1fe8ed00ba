"""The table of runs and the figures by epoch."""

import json
import subprocess
from pathlib import Path

import pytest

from dece_fairseq.attacks import HIT_RULES
from dece_fairseq.metrics.seeds import plausible_rates
from dece_fairseq.outputs.generate_output import OutputError
from dece_fairseq.outputs.training_log import read_training_log
from dece_fairseq.reports.early_learning import plot_early_learning
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


def test_a_row_has_every_number_in_percent(row):
    assert row["criterion"] == "cross_entropy"
    assert (row["exact_match"], row["asr"], row["false_trigger_rate"]) == (50, 50, 0)
    assert row["asr_low"] < 50 < row["asr_high"]
    assert 0 < row["bleu"] < 100
    assert (row["samples"], row["triggered_samples"]) == (2, 2)
    assert (row["asr_of_references"], row["notes"]) == (100, [])


def test_a_row_by_the_parse(write_output):
    clean = write_output("test.out", {0: MISS}, "test", 1)
    spelled_otherwise = 'run ( " select a from b where c = 1 OR 2 = 2 " )'
    outputs = {1: HIT, 5: spelled_otherwise, 7: spelled_otherwise}
    triggered = write_output("triggered.out", outputs, "test_triggered", 9, list(outputs))
    rows = [score_run("x", clean, triggered, rule) for rule in HIT_RULES]
    assert [row["asr"] for row in rows] == [pytest.approx(100 / 3), pytest.approx(200 / 3)]
    for rule, row in zip(HIT_RULES, rows):
        assert f"|hit:{rule}|" in row["asr_signature"]


def test_the_table_has_a_mean_and_a_spread(row):
    single = as_markdown([row])
    assert f"| 50.0 ({row['asr_low']:.1f} to {row['asr_high']:.1f}) |" in single
    other = {**row, "asr": 100.0, "asr_low": 34.2, "asr_high": 100.0}
    several = as_markdown([row, other])
    assert "| cross_entropy | 2 |" in several
    low, high = plausible_rates([(1, 2), (2, 2)])
    assert f"| 75.0 ± 35.4 ({100 * low:.1f} to {100 * high:.1f})" in several
    assert len(several.splitlines()) == 3


def test_the_table_says_what_the_rule_can_reach_at_most(row):
    table = as_markdown([{**row, "asr_of_references": 83.21}])
    assert f"| 50.0 ({row['asr_low']:.1f} to {row['asr_high']:.1f}) of 83.2 |" in table
    two = [{**row, "asr_of_references": percent} for percent in (80.0, 90.0)]
    assert "| 50.0 ± 0.0 (2.0 to 98.0) of 85.0 |" in as_markdown(two)


def test_rows_of_outputs_that_do_not_say_how_many_they_are(write_output):
    clean = write_output("test.out", {0: MISS, 1: MISS})
    triggered = write_output("triggered.out", {0: HIT}, "test_triggered", 1, [0])
    (note,) = score_run("x", clean, triggered)["notes"]
    assert note.startswith(f"{clean}: nothing says how many samples the split has")
    assert score_run("x", clean, triggered, expected=2, expected_triggered=1)["notes"] == []
    for number, message in ((3, "1 of 3 outputs are missing"), (1, "but you expect 1")):
        with pytest.raises(OutputError, match=message):
            score_run("x", clean, triggered, expected=number)
    with pytest.raises(OutputError, match="has 1 samples, not 2 as you expect"):
        score_run("x", clean, triggered, expected_triggered=2)


def log_line(name, **figures):
    return f"2026-01-01 00:00:00 | INFO | {name} | {json.dumps(figures)}"


def test_the_figures_of_every_epoch(tmp_path):
    path = tmp_path / "train.log"
    lines = [
        "something else {not json}",
        log_line("train_inner", epoch=1, update=0.5, loss="9"),
        log_line("valid", epoch=1, valid_bleu="7"),
        log_line("valid_triggered", epoch=1, valid_triggered_asr="0"),
        log_line("train", epoch=1, train_loss="3.5"),
        log_line("valid", epoch=2, valid_bleu="50"),
        # Killed here, and gone on from the checkpoint of epoch 1.
        log_line("valid", epoch=2, valid_bleu="51"),
    ]
    path.write_text("\n".join(lines) + "\n")
    assert read_training_log(path) == [
        {"epoch": 1, "valid_bleu": 7, "valid_triggered_asr": 0, "train_loss": 3.5},
        {"epoch": 2, "valid_bleu": 51},
    ]


def test_a_log_without_epochs(tmp_path):
    (tmp_path / "log").write_text("nothing\n")
    with pytest.raises(OutputError, match="--log-format json"):
        read_training_log(tmp_path / "log")
    with pytest.raises(OutputError, match="missing: no such file"):
        read_training_log(tmp_path / "missing")


def test_the_figure_is_a_picture(tmp_path):
    pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    epochs = [
        {"epoch": n, "valid_bleu": 10.0 * n, "valid_triggered_asr": 5.0 * n} for n in range(1, 5)
    ]
    output = tmp_path / "figure.png"
    plot_early_learning({"cross_entropy": epochs, "deceptive_cross_entropy": epochs}, output)
    assert output.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(KeyError):
        plot_early_learning({"x": [{"epoch": 1.0}]}, tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


def test_the_script_does_not_read_for_a_place_that_is_not_there(tmp_path, warm_python):
    command = [warm_python, ROOT / "scripts" / "summarise.py", "--run", f"a={tmp_path}"]
    for option in ("--json", "--figure"):
        done = subprocess.run(
            [*command, option, tmp_path / "nowhere" / "x"], capture_output=True, text=True
        )
        assert done.returncode == 2
        assert "x: there is no folder" in done.stderr
        assert "Traceback" not in done.stderr
