"""The workflow of examples/experiments runs its smoke plan, also when it is killed on the way."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Dict, List

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "examples" / "experiments"
SMOKE = Path("runs") / "smoke"

pytest.importorskip("snakemake", reason="the workflow needs snakemake, which needs Python 3.11")
pytestmark = pytest.mark.slow


class Workflow:
    """The smoke plan in a folder.

    Args:
        folder: where it runs
        python: a folder with the ``python`` and fairseq's commands that it finds, or none
    """

    def __init__(self, folder: Path, python: Any = None) -> None:
        self.folder = folder
        path = os.pathsep.join([*([str(python)] if python else []), os.environ["PATH"]])
        self.how: Dict[str, Any] = {"cwd": folder, "env": {**os.environ, "PATH": path}}

    @staticmethod
    def command(*words: str) -> List[str]:
        plan = str(HERE / "plans" / "smoke.yaml")
        return ["snakemake", "-s", str(HERE / "Snakefile"), "--cores", "2", "--configfile", plan,
                *words]  # fmt: skip

    def run(self, *words: str) -> str:
        """What it said."""
        done = subprocess.run(self.command(*words), capture_output=True, text=True, **self.how)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout + done.stderr

    def kill_at(self, path: Path) -> None:
        """Starts it, and kills all its processes when a file is there."""
        with subprocess.Popen(
            self.command(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **self.how,
        ) as process:
            while not (self.folder / path).exists():
                assert process.poll() is None, "it ended before"
                time.sleep(0.05)
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, warm_python: Path) -> Workflow:
    """A run that nobody disturbed."""
    workflow = Workflow(tmp_path_factory.mktemp("whole"), warm_python.parent)
    workflow.run()
    return workflow


def test_the_smoke_plan_runs_and_is_not_made_again(whole: Workflow) -> None:
    smoke = whole.folder / SMOKE
    assert (smoke / "report" / "report.html").stat().st_size > 10_000
    lines = (smoke / "report" / "report.csv").read_text().splitlines()
    assert len({tuple(line.split(",")[4:6]) for line in lines[1:]}) == 4
    cells = list((smoke / "cells").glob("*/*/*/*/*/*"))
    assert len(cells) == 4
    for cell in cells:
        assert (cell / "result.json").is_file()
        assert (cell / "generate.sh").read_text().startswith("set -euo pipefail\n")
        assert list(cell.glob("*.json"))
        # No output may be missing unseen: cleaned requests are counted too.
        notes = json.loads((cell / "result.json").read_text())["notes"]
        assert not any("nothing says how many samples" in note for note in notes)
    assert "Nothing to be done" in whole.run("-n")
    other = whole.run("-n", "--config", "rate=[0.2]", "seed=[1, 2]", "defense=[dece]")
    assert "/0.2/dece-0.985-0.05/2/trained" in other


def results(written: bytes) -> List[bytes]:
    """What fairseq-generate wrote, without the log, which may go to the same place."""
    return [line for line in written.splitlines() if not re.match(rb"\d{4}-\d\d-\d\d ", line)]


def test_outputs_are_those_of_fairseq_generate(whole: Workflow) -> None:
    cell = next((whole.folder / SMOKE / "cells").glob("*/*/*/*/cross_entropy/*"))
    script = (cell / "generate.sh").read_text()
    command = re.search(r"python \S+/generate.py (.*) -- ", script)
    assert command is not None
    for asked in command[1].split():
        split, path = asked.split("=")
        alone = script.replace(command[0], f"fairseq-generate --gen-subset {split} ")
        done = subprocess.run(["bash", "-c", alone], capture_output=True, **whole.how)
        assert done.returncode == 0, done.stderr
        written = results(done.stdout)
        assert len(written) > 5 * 10
        assert written == results((whole.folder / path).read_bytes())


def test_a_split_that_fails_leaves_no_file(tmp_path: Path, warm_python: Path) -> None:
    script = f"{warm_python} {HERE / 'generate.py'} test=test.out -- nowhere --path none.pt"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "fairseq-generate failed for the split test" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_run_that_is_killed_comes_to_the_same(
    whole: Workflow, tmp_path: Path, warm_python: Path
) -> None:
    workflow = Workflow(tmp_path, warm_python.parent)
    workflow.kill_at(SMOKE / "base" / "generated" / "pretraining" / "1" / "pretrained")
    workflow.run("--unlock")
    workflow.run("--rerun-incomplete")
    for name in ("report.csv", "report.md"):
        path = SMOKE / "report" / name
        assert (tmp_path / path).read_text() == (whole.folder / path).read_text()
