"""dece evaluate, by the script of a checkout."""

import argparse
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from dece_fairseq.cli import evaluate as command
from dece_fairseq.metrics.evaluation import EvaluationSettings, RunFiles, evaluate, metrics_for
from dece_fairseq.reports.evaluation_tables import as_csv

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def script(warm_python):
    """Runs scripts/evaluate.py."""

    def run(*words, python=warm_python):
        command = [python, ROOT / "scripts" / "evaluate.py", *words]
        return subprocess.run(command, capture_output=True, text=True)

    return run


@pytest.mark.slow
def test_the_script(runs, tmp_path, script):
    good, bad = runs
    words = []
    for run in (good, bad):
        words += ["--run", f"{run.name}={run.clean[0]}"]
        words += ["--triggered", f"{run.name}={run.triggered[0]}"]
    words += ["--compare", "--without", "codebleu", "--resamples", "50", "--trials", "64"]
    plain = [name for name in metrics_for("python") if not name.startswith("codebleu")]
    plan = EvaluationSettings(runs, plain, compare=True, resamples=50, trials=64)
    report = evaluate(plan)
    files = ["--output", tmp_path / "table.csv", "--json", tmp_path / "scores.json"]
    done = script(*words, "--format", "csv", *files)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "table.csv").read_text() == as_csv(report)
    assert json.loads((tmp_path / "scores.json").read_text()) == report
    text = script(*good.clean, "--without", "codebleu").stdout
    assert text.split()[:4] == ["good.out", "clean", "samples", "40"]


@pytest.mark.slow
def test_a_run_by_its_folder(runs, tmp_path, script):
    for split, (path,) in (("test", runs[0].clean), ("test_triggered", runs[0].triggered)):
        (tmp_path / f"{split}.out").write_bytes(path.read_bytes())
    done = script("--run", f"good={tmp_path}", "--metrics", "chrf", "--json", "-")
    assert done.returncode == 0, done.stderr
    assert (
        json.loads(done.stdout)["scores"]
        == evaluate(EvaluationSettings(runs[:1], ["chrf"]))["scores"]
    )


@pytest.mark.slow
def test_outputs_behind_names_of_metrics(runs, script):
    (good,), (bad,) = (run.clean for run in runs)
    expected = json.loads(script(good, "--metrics", "chrf", "--json", "-").stdout)["scores"]
    for words in (
        ["--metrics", "chrf", good],
        ["--without", "codebleu", good, "--metrics", "chrf"],
    ):
        done = script(*words, "--json", "-")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["scores"] == expected
    done = script("--metrics", "chrf", good, bad)  # shards of one run
    assert f"{bad}: S-0 occurs twice" in done.stderr
    done = script("--metrics", "chrf", good.with_name("none.out"), good)
    assert f"no metric is called '{good.with_name('none.out')}'" in done.stderr


@pytest.mark.slow
def test_codebleu_starts_no_other_python(tmp_path, runs):
    pytest.importorskip("codebleu", reason="the extra [codebleu] is not installed")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONHASHSEED"}
    command = [sys.executable, ROOT / "scripts" / "evaluate.py", *runs[0].clean, "--json", "-"]
    reports = []
    for processes in (1, 8):
        words = [*command, "--metrics", "codebleu", "--processes", str(processes)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(words, env=environment, capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode == 0, done.stderr
        reports.append(json.loads(done.stdout))
        # Before, eight processes that loaded torch took forty seconds.
        assert after.ru_utime - before.ru_utime < 8
    assert reports[0] == reports[1]
    plan = EvaluationSettings([RunFiles("good.out", runs[0].clean)], ["codebleu"], processes=1)
    assert evaluate(plan)["scores"] == reports[0]["scores"]


@pytest.mark.slow
def test_a_metric_of_ones_own(tmp_path, script):
    package = tmp_path / "my_metrics"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from dece_fairseq.metrics import METRICS, Share\n"
        "from dece_fairseq.metrics.metric import share_statistics\n"
        "@METRICS.register('short')\n"
        "class Short(Share):\n"
        "    summary = 'share of texts of one character'\n"
        "    def statistics(self, hypotheses, references):\n"
        "        return share_statistics([len(text) == 1 for text in hypotheses])\n"
    )
    # So many that other processes have to know it too.
    (tmp_path / "h").write_text("a\nbb\n" * 1000)
    words = [tmp_path / "h", "--references", tmp_path / "h", "--user-dir", package, "--json", "-"]
    done = script(*words, "--metrics", "short", python=sys.executable)
    assert done.returncode == 0, done.stderr
    (score,) = json.loads(done.stdout)["scores"]
    assert (score["metric"], score["hits"], score["total"]) == ("short", 1000, 2000)


def test_an_attack_on_code_that_metrics_alone_read(runs):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    told = {"php": None, "java": "java", "java:csharp": "java:csharp", "cobol": "cobol"}
    for language, of_attack in told.items():
        words = [str(runs[0].clean[0]), "--attack", "ripple", "--payload", "whole_target"]
        settings = command.settings_of(parser.parse_args([*words, "--code-language", language]))
        assert (settings.code_language, settings.attack.code_language) == (language, of_attack)


@pytest.mark.slow
def test_one_clear_error(tmp_path, runs, script):
    for words, message in (
        ([], "give a run's outputs"),
        (["nothing.out"], "nothing.out: no such file"),
        (
            ["x", "--resamples", "1"],  # which has no spread
            "argument --resamples: '1' is not a whole number of at least 2",
        ),
        (["--run", "x"], "argument --run: 'x' is not NAME=PATH"),
        (["--run", "x=a", "--run", "x=b"], "x: give all its clean outputs at once"),
        (
            ["--run", f"x={tmp_path}", "b"],
            f"{tmp_path}: is the folder of a run; give no other path",
        ),
        (["--run", f"x={tmp_path}"], f"{tmp_path}/test.out: no such file; what dece probe"),
        (
            ["x", "--json", runs[0].clean[0]],
            f"argument --json: {runs[0].clean[0]} exists already and its name does not end in",
        ),
        ([*runs[0].clean, "--metrics", "rouge"], "no metric is called 'rouge'"),
        ([*runs[0].clean, "--payload", "sql"], "--payload replaces the payload of --attack"),
        ([*runs[0].clean, "--payload-file", "x.csv"], "--payload-file goes with --attack"),
        (
            ["--triggered", f"x={runs[0].triggered[0]}", "--trigger-file", "x.csv"],
            "--trigger-file goes with --attack; give --attack too",
        ),
        ([*runs[0].clean, "--compare"], "--compare needs at least two runs"),
        (["--triggered", f"x={runs[0].triggered[0]}", "--attack", "y"], "no attack is called 'y'"),
    ):
        done = script(*words, "--output", tmp_path / "out")
        assert done.returncode == 2
        assert f"evaluate.py: error: {message}" in done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "out").exists()
    (output,) = runs[0].clean
    before = output.read_bytes()
    for place, message in (
        (tmp_path / "nowhere" / "out", "there is no folder"),
        (tmp_path, "is a folder; name a file to write"),
        (output, "would be both read and written"),
    ):
        done = script(output, "--metrics", "chrf", "--output", place)
        assert done.returncode == 2
        assert f"evaluate.py: error: {place}: {message}" in done.stderr
        assert "Traceback" not in done.stderr
    assert output.read_bytes() == before
