"""The steps of gpu.sh: each in a process of its own that is killed when its time is up."""

import argparse
import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
ALL = 580  # seconds of all steps together, a little less than gpu.sh allows
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
SOME_FAILED, NO_GPU = 1, 3

MACHINE = """
import json, platform, sys, torch
found = {"python": platform.python_version(), "torch": torch.__version__, "gpu": None}
if torch.cuda.is_available():
    of = torch.cuda.get_device_properties(0)
    found.update(gpu=of.name, cuda=torch.version.cuda, gib=round(of.total_memory / 2**30, 1))
    assert torch.ones(8, device="cuda").sum().item() == 8
with open(sys.argv[1], "w") as file:
    json.dump(found, file)
"""
TESTING = ("torch", "triton", "pytest", "hypothesis")
PYTEST = ("-m", "pytest", "-q", "-m", "", "-p", "no:cacheprovider")
ON_TRITON = "tests/losses/test_triton_kernel.py"


class Step(NamedTuple):
    """Runs ``python WORDS RESULT``, which writes what it found to the file RESULT."""

    name: str
    seconds: int
    needs: Tuple[str, ...]
    words: Tuple[str, ...]
    gpu: bool = True  # for a machine with a GPU, or for one without


FIRST = Step("machine", 40, ("torch",), ("-c", MACHINE))
STEPS = [
    Step(
        "tests of CUDA and Triton",
        120,
        TESTING,
        (*PYTEST, "tests/losses/test_cuda.py", ON_TRITON, "--junit-xml"),
    ),
    Step("losses", 140, ("torch", "triton"), (str(HERE / "_gpu_losses.py"),)),
    Step("half precision", 120, ("fairseq",), (str(HERE / "_gpu_training.py"), "half")),
    Step("words a second", 150, ("fairseq",), (str(HERE / "_gpu_training.py"), "speed")),
    Step(
        "tests of Triton in its interpreter",
        400,
        TESTING,
        (*PYTEST, ON_TRITON, "--junit-xml"),
        gpu=False,
    ),
]


def run(step: Step, left: float) -> Dict[str, Any]:
    """Run a step in the seconds that are left; return how it ended, and what it found."""
    missing = [name for name in step.needs if importlib.util.find_spec(name) is None]
    if missing:
        return {"status": SKIPPED, "why": f"not installed: {', '.join(missing)}"}
    limit = min(step.seconds, int(left))
    if limit < 5:
        return {"status": SKIPPED, "why": "no time was left"}
    with tempfile.TemporaryDirectory() as folder:
        result, output = Path(folder, "result"), Path(folder, "output")
        with output.open("wb") as file:
            why = _run(step, result, file, limit)
        found: Dict[str, Any] = {"status": PASSED}
        try:
            found["result"] = _read(result)
        except (OSError, ValueError, ElementTree.ParseError):
            why = why or "it wrote no result"
        tests = found.get("result", {}).get("tests")
        if tests == 0:
            why = why or "no test ran"
        if why:
            text = output.read_text(encoding="utf-8", errors="replace")
            found.update(status=FAILED, why=why, output=text[-3000:])
        return found


def _run(step: Step, result: Path, output: Any, limit: int) -> Optional[str]:
    """Run a step and end all its processes; return why it failed, None if it did not."""
    environment = dict(os.environ)
    if not step.gpu:
        environment.update(TRITON_INTERPRET="1", CUDA_VISIBLE_DEVICES="")
    process = subprocess.Popen(
        [sys.executable, *step.words, str(result)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        code = process.wait(timeout=limit)
        return f"exit status {code}" if code else None
    except subprocess.TimeoutExpired:
        return f"killed after {limit} s"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):  # one that the driver holds fast
            process.wait(timeout=5)


def _read(result: Path) -> Dict[str, Any]:
    text = result.read_text(encoding="utf-8")
    if not text.startswith("<"):
        found: Dict[str, Any] = json.loads(text)
        return found
    suite = next(iter(ElementTree.fromstring(text).iter("testsuite")))  # what pytest writes
    counts = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
    counts["tests"] -= counts["skipped"]
    return counts


def save(output: Path, steps: Dict[str, Any], seconds: float) -> None:
    """Write what there is so far, as a whole."""
    temporary = output.with_name(output.name + ".tmp")
    found = {"seconds": round(seconds, 1), "steps": steps}
    temporary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    temporary.replace(output)


def main() -> int:
    """Run all steps; return the exit status, see gpu.sh."""
    parser = argparse.ArgumentParser(prog="gpu.sh", description="What a GPU is needed for.")
    parser.add_argument("--output", type=Path, default=Path("gpu.json"), help="the result file")
    output: Path = parser.parse_args().output.resolve()
    if not output.parent.is_dir():
        parser.error(f"--output {output}: there is no such folder")
    start = time.monotonic()
    steps: Dict[str, Any] = {}
    gpu: Optional[str] = None
    for step in [FIRST, *STEPS]:
        began = time.monotonic()
        if step is FIRST or step.gpu == bool(gpu):
            steps[step.name] = run(step, ALL - (began - start))
        else:
            why = "the GPU itself ran them" if gpu else "there is no GPU"
            steps[step.name] = {"status": SKIPPED, "why": why}
        steps[step.name]["seconds"] = round(time.monotonic() - began, 1)
        if step is FIRST:
            gpu = steps[step.name].get("result", {}).get("gpu")
            print(f"GPU: {gpu}" if gpu else "there is no GPU here that torch can use", flush=True)
        save(output, steps, time.monotonic() - start)
        print(line(step.name, steps[step.name]), flush=True)
    print(f"written to {output}")
    if any(found["status"] == FAILED for found in steps.values()):
        return SOME_FAILED
    return 0 if gpu else NO_GPU


def line(name: str, found: Dict[str, Any]) -> str:
    """Return how a step ended in one line, and what it said at the end if it failed."""
    why = f": {found['why']}" if "why" in found else ""
    said: List[str] = found.get("output", "").strip().splitlines()[-5:]
    return "\n    ".join([f"{found['status']:8}{name}, {found['seconds']} s{why}", *said])


if __name__ == "__main__":
    sys.exit(main())
