"""The plan of the leaderboard: what it would run, and in which order."""

import subprocess
from pathlib import Path

import pytest

from support.example_scripts import asked_of_snakemake

yaml = pytest.importorskip("yaml", reason="plans are YAML, which comes with snakemake")

HERE = Path(__file__).resolve().parents[2] / "examples" / "experiments"
PLAN = HERE / "plans" / "leaderboard.yaml"


@pytest.mark.slow
def test_a_dry_run_has_every_job_of_a_cell(tmp_path: Path) -> None:
    """A report of other cells is no reason to leave any out."""
    pytest.importorskip("snakemake", reason="the workflow needs snakemake, which needs Python 3.11")
    report = tmp_path / "runs" / "leaderboard" / "report" / "report.html"
    report.parent.mkdir(parents=True)
    report.write_text("of other cells", encoding="utf-8")
    command = ["snakemake", "cells", "-s", HERE / "Snakefile", "--cores", "1"]
    command += ["--configfile", PLAN]
    command += ["--config", "attack=[ripple]", "rate=[0.05]", "seed=[1]"]
    command += ["defense=[cross_entropy,naturalness,reveal,dece_reveal]", "--dry-run"]
    done = subprocess.run([*map(str, command)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    stats = done.stdout.rpartition("Job stats:")[2].splitlines()
    jobs = {words[0]: words[1] for words in map(str.split, stats) if len(words) == 2}
    expected = {"reveal": "2", "filter": "1", "train": "4", "evaluate": "4", "compare": "3"}
    assert {name: jobs.get(name) for name in expected} == expected


def test_the_most_telling_cells_come_first(tmp_path: Path) -> None:
    plan = yaml.safe_load(PLAN.read_text(encoding="utf-8"))
    lines = asked_of_snakemake(HERE / "leaderboard.sh", tmp_path, "--dry-run")
    assert all(line.startswith("cells --dry-run -s ") for line in lines)
    first = lines[: len(plan["attack"])]
    assert all("seed=[1] rate=[0.05]" in line for line in first)
    assert [line.partition("attack=[")[2].partition("]")[0] for line in first] == plan["attack"]
    # All of the plan, and nothing else.
    cells = set()
    for line in lines:
        axes = dict(word.split("=", 1) for word in line.partition("--config ")[2].split())
        values = {name: text.strip("[]").split(",") for name, text in axes.items()}
        cells |= {
            (attack, rate, defense, seed)
            for attack in values["attack"]
            for rate in values["rate"]
            for defense in values["defense"]
            for seed in values["seed"]
        }
    assert cells == {
        (attack, str(rate), defense, str(seed))
        for attack in plan["attack"]
        for rate in plan["rate"]
        for defense in plan["defense"]
        for seed in plan["seed"]
    }
