"""benchmarks/gpu.sh: what it says where there is no GPU, and that nothing of it can hang."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "gpu.sh"


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script that gpu.sh runs, as a module."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import _gpu_day

    return _gpu_day


def gpu(python: Path, *words: Any) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHON": str(python), "CUDA_VISIBLE_DEVICES": ""}
    command = ["bash", SCRIPT, *words]
    return subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_without_a_gpu_it_says_so_and_names_what_it_left_out(
    warm_python: Path, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    done = gpu(warm_python, "--output", tmp_path / "gpu.json")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "there is no GPU here that torch can use" in done.stdout
    assert "skipped losses, 0.0 s: there is no GPU" in done.stdout
    steps = json.loads((tmp_path / "gpu.json").read_text())["steps"]
    of_gpus = ["tests of CUDA and Triton", "losses", "half precision", "words a second"]
    assert [*steps] == ["machine", *of_gpus, "tests of Triton in its interpreter"]
    assert steps["machine"]["status"] == "passed"
    assert steps["machine"]["result"]["gpu"] is None
    for name in of_gpus:
        assert (steps[name]["status"], steps[name]["why"]) == ("skipped", "there is no GPU")
    last = steps["tests of Triton in its interpreter"]
    if last["status"] == "skipped":
        assert last["why"] == "not installed: triton"
    else:
        assert last["result"]["tests"] > 0


def test_a_wrong_call(tmp_path: Path) -> None:
    done = gpu(Path(sys.executable), "--output", tmp_path / "none" / "gpu.json")
    assert done.returncode == 2
    assert "there is no such folder" in done.stderr


@pytest.mark.slow
def test_a_step_that_hangs_is_killed_with_all_that_it_started(day: Any, tmp_path: Path) -> None:
    code = (
        "import pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(tmp_path / 'child')!r}).write_text(str(child.pid))\n"
        "print('begun', flush=True)\n"
        "time.sleep(60)\n"
    )
    found = day.run(day.Step("hangs", 5, (), ("-c", code)), 60)
    assert (found["status"], found["why"]) == ("failed", "killed after 5 s")
    assert "begun" in found["output"]
    child = Path("/proc", (tmp_path / "child").read_text(), "stat")
    for _ in range(100):
        if not child.exists() or child.read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    raise AssertionError("its process is still there")


@pytest.mark.parametrize(
    ("step", "left", "status", "why"),
    [
        (
            ("x", 9, ("no_such_package",), ("-c", "")),
            60,
            "skipped",
            "not installed: no_such_package",
        ),
        (("x", 9, (), ("-c", "")), 3, "skipped", "no time was left"),
        (("x", 9, (), ("-c", "raise SystemExit(7)")), 60, "failed", "exit status 7"),
        (("x", 9, (), ("-c", "")), 60, "failed", "it wrote no result"),
    ],
)
def test_how_a_step_may_end(day: Any, step: Any, left: float, status: str, why: str) -> None:
    found = day.run(day.Step(*step), left)
    assert (found["status"], found["why"]) == (status, why)


@pytest.mark.slow
def test_tests_are_counted_and_none_is_a_failure(day: Any, tmp_path: Path) -> None:
    test = tmp_path / "test_x.py"
    words = ("-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(tmp_path), str(test))
    step = day.Step("tests", 60, (), (*words, "--junit-xml"))
    test.write_text("def test_one(): pass\ndef test_two(): pass\n")
    assert day.run(step, 60)["result"]["tests"] == 2
    test.write_text("import pytest\npytest.skip('no GPU', allow_module_level=True)\n")
    found = day.run(step, 60)
    assert found["status"] == "failed"


def test_the_steps_fit_ten_minutes(day: Any) -> None:
    for gpu in (True, False):
        assert sum(step.seconds for step in (day.FIRST, *day.STEPS) if step.gpu == gpu) <= day.ALL
    assert day.FIRST.gpu is True
    assert f" {day.ALL + 20} " in SCRIPT.read_text()
