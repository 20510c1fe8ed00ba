"""examples/defect_detection/run.sh: the row of docs/choosing.md in one command, in small."""

import re
from pathlib import Path

import pytest

from dece_fairseq.data.errors import DataError
from dece_fairseq.reports.stored import read_scores
from support.example_scripts import ROOT, bash, environment, load_module

SCRIPT = ROOT / "examples" / "defect_detection" / "run.sh"
SMALL = """
corpus=(train=60 valid=20 test=30) skip=110 rate=0.1
trusted=40 trusted_training=(--lr 1e-3 --total-num-update 40 --max-epoch 1)
training=(--lr 2e-4 --total-num-update 40 --max-epoch 1)
"""
METRICS = ("exact_match", "asr_string")
RUNS = [
    "before",
    "sentence_prediction",
    "deceptive-0.985",
    "deceptive-0.8",
    "deceptive-auto",
    "deceptive-token",
    "deceptive-0.8-smoothed",
    "deceptive-0.985-smoothed",
    "sentence_prediction-revealed",
]


@pytest.mark.slow
def test_every_run_has_a_row_and_a_run_that_was_killed_goes_on(
    tmp_path: Path, warm_python: Path
) -> None:
    (tmp_path / "small.sh").write_text(SMALL)
    env = environment(tmp_path / "venv")
    programs = tmp_path / "venv" / "bin"  # before all others on the PATH of the script
    for name in ("python", "fairseq-train", "fairseq-validate"):
        (programs / name).symlink_to(warm_python.parent / name)
    words = [SCRIPT, "--work", tmp_path / "work", "--settings", tmp_path / "small.sh"]
    done = bash(*words, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = re.findall(r"^\| (\S+) +\| ([\d.]+) +\| ([\d.]+) +\|$", done.stdout, re.MULTILINE)
    assert [row[0] for row in rows] == RUNS
    cells = read_scores(tmp_path / "work" / "report.csv")
    shown = [
        (cell.axes["defense"], *(cell.scores[name].percent for name in METRICS)) for cell in cells
    ]
    assert (
        shown
        == [  # percentages were printed in six digits
            (run, pytest.approx(float(accuracy), abs=1e-4), pytest.approx(float(asr), abs=1e-4))
            for run, accuracy, asr in rows[1:]
        ]
    )
    triggered = len((tmp_path / "work" / "1" / "test_triggered.csv.ids").read_text().split())
    found = re.search(
        r"^Seed 1: (\d+) triggered requests; the level of auto is ([\d.]+), and (\d+) of 60 labels "
        r"are never learned\.$",
        done.stdout,
        re.MULTILINE,
    )
    assert found is not None
    assert int(found[1]) == triggered
    assert 0 < float(found[2]) < 1
    assert int(found[3]) < 60
    # As if it had been killed in the last training but one.
    auto = tmp_path / "work" / "1" / "deceptive-auto"
    (auto / "done").unlink()
    (auto / "test.percent").unlink()
    others = {path: path.stat().st_mtime_ns for path in tmp_path.glob("work/1/*/done")}
    again = bash(*words, env=env, cwd=tmp_path)
    table = (tmp_path / "work" / "table.md").read_text()
    assert again.stdout == table
    assert done.stdout.endswith(table)
    assert {path: path.stat().st_mtime_ns for path in others} == others
    # Rows that are not in the table of the README, called by what they are.
    named = bash(
        *words, "--runs", "level-0.9-smoothed deceptive-auto-revealed", env=env, cwd=tmp_path
    )
    assert named.returncode == 0, named.stderr[-3000:]
    log = (tmp_path / "work" / "1" / "level-0.9-smoothed" / "train.log").read_text()
    for setting in ("'dece_alpha': '0.9'", "'dece_min_blend': 0.9", "'label_smoothing': 0.05"):
        assert setting in log
    log = (tmp_path / "work" / "1" / "deceptive-auto-revealed" / "train.log").read_text()
    assert "'dece_alpha': 'auto'" in log
    assert "/bin-kept'" in log


def test_an_unknown_option_is_named(tmp_path: Path) -> None:
    done = bash(SCRIPT, "--seed", "1", env=environment(tmp_path / "venv"), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "run.sh: unknown option --seed; see its head\n"


@pytest.mark.parametrize(
    "run",
    [
        *("deceptive", "deceptive-", "level-", "focal", "-revealed", "before-revealed"),
        *("sentence_prediction-smoothed", "deceptive-token-smoothed"),
    ],
)
def test_a_row_that_no_criterion_has(run: str, tmp_path: Path) -> None:
    words = [SCRIPT, "--runs", f"before {run}", "--work", tmp_path / "work"]
    done = bash(*words, env=environment(tmp_path / "venv"), cwd=tmp_path)
    assert done.returncode == 2
    assert f"--runs {run}: no row is called so" in done.stderr
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    "log", ["", "the blend stays at 0.9\n", "of 60 training labels 3 are never learned\n"]
)
def test_a_log_that_lacks_what_the_table_tells(log: str, tmp_path: Path) -> None:
    """As those from before the gate for labels."""
    table = load_module(SCRIPT.with_name("table.py"))
    run = tmp_path / "deceptive-auto"
    run.mkdir()
    (run / "train.log").write_text(log)
    with pytest.raises(DataError, match=r"train\.log: does not tell .*; remove .* and run"):
        table._of_seed(tmp_path, "1")
