"""What every test may use."""

import contextlib
import gc
import importlib.util
import logging
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable, Iterator, NamedTuple, Optional

import pytest
from hypothesis import HealthCheck, settings

from dece_fairseq.cli import main
from dece_fairseq.data.prepare import prepare

# A collection of the oldest goes through all of torch and fairseq, and took a seventh of the time.
gc.set_threshold(*gc.get_threshold()[:2], 100)

MISSING = [name for name in ("fairseq", "torch") if importlib.util.find_spec(name) is None]
_NEEDS = re.compile(rf"^(?:from|import) (?:{'|'.join(MISSING)})\b", re.MULTILINE)
_SUPPORT = re.compile(r"^from support\.(\w+) import", re.MULTILINE)

# A test may take as long as a busy machine makes it. CI tries hypothesis's own number of examples,
# by --hypothesis-profile thorough, and a run that somebody waits for a fifth of them.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", patient, max_examples=100)
settings.register_profile("fast", patient, max_examples=20)
settings.load_profile("fast")

os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports its client: no test asks the hub

SUPPORT = Path(__file__).with_name("support")
SHARED = Path(__file__).resolve().parents[2] / "shared"
WARM_PYTHON = Path(__file__).with_name("support") / "warm_python.py"


def pytest_collectstart() -> None:
    """Import what tests name plug-ins of, but not in a process whose workers collect."""
    if not MISSING:
        import dece_fairseq.plugin  # noqa: F401


def pytest_ignore_collect(collection_path: Path) -> Optional[bool]:
    """Leave out the tests of the rooms that need fairseq or torch, where these are missing."""
    is_test = collection_path.suffix == ".py" and collection_path.name.startswith("test_")
    return True if MISSING and is_test and _needs_them(collection_path) else None


def _needs_them(path: Path) -> bool:
    """Whether a file imports what is missing, itself or by what it takes from tests/support."""
    text = path.read_text(encoding="utf-8")
    helpers = [SUPPORT / f"{name}.py" for name in _SUPPORT.findall(text)]
    rooms = ["criterions", "encoders", "integrations", "models", "tasks"]
    if "torch" in MISSING:
        rooms.append("losses")
    return (
        path.parent.name in rooms
        or _NEEDS.search(text) is not None
        or any(map(_needs_them, helpers))
    )


def pytest_report_header() -> str:
    """Say what is left out."""
    if not MISSING:
        return "everything is installed"
    return f"without {' and '.join(MISSING)}: tests that need them are left out"


def _beside_the_checkout(name: str) -> Path:
    if not (SHARED / name).is_dir():
        pytest.skip(f"there is no {SHARED / name}")
    return SHARED / name


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of real data sets beside the checkout; without it the test is skipped."""
    return _beside_the_checkout("datasets")


#: what takes longer to import than most commands take to run; the first optimizer imports dynamo
SLOW_IMPORTS = ("fairseq", "sacrebleu", "scipy.stats", "sqlglot", "torch", "torch._dynamo")
OF_HUGGING_FACE = ("bart", "codegen", "roberta", "t5")


@pytest.fixture(scope="session")
def warm_python() -> Iterator[Path]:
    """A program that does what ``python`` does, and need not import torch and fairseq first.

    Beside it stand ``fairseq-train`` and the like, for scripts that find them on the PATH.
    """
    with _warm(*SLOW_IMPORTS) as python:
        yield python


@pytest.fixture(scope="session")
def warm_transformers() -> Iterator[Path]:
    """``warm_python`` that need not import the models of Hugging Face either."""
    models = (f"transformers.models.{name}.modeling_{name}" for name in OF_HUGGING_FACE)
    with _warm(*SLOW_IMPORTS, "transformers.models.auto.tokenization_auto", *models) as python:
        yield python


@pytest.fixture(scope="session")
def warm_torch() -> Iterator[Path]:
    """``warm_python`` that has imported what fairseq imports, and not fairseq."""
    with _warm("torch", "hydra", "sacrebleu", "scipy.stats", "sklearn.metrics") as python:
        yield python


@contextlib.contextmanager
def _warm(*modules: str) -> Iterator[Path]:
    with TemporaryDirectory() as name:  # short, as a socket's path has to be
        python, address = Path(name) / "python", Path(name) / "socket"
        run = f"{sys.executable} -S -E {WARM_PYTHON} run {address}"
        programs = {"python": run}
        for command in ("train", "generate", "validate"):
            programs[f"fairseq-{command}"] = f"{run} -m fairseq_cli.{command}"
        for program, words in programs.items():
            path = Path(name) / program
            path.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
            path.chmod(0o755)
        with subprocess.Popen(
            [sys.executable, WARM_PYTHON, "serve", address, python, *modules],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            yield python  # the server ends with its standard input, at the end of the block


@pytest.fixture(scope="session")
def quick_prepare(warm_python: Path) -> Callable[..., Any]:
    """``prepare``, whose fairseq-preprocess starts at once."""

    def quick(*args: Any, **kwargs: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "executable", str(warm_python))
            return prepare(*args, **kwargs)

    return quick


class Said(NamedTuple):
    """How a command of dece ended, and what it said."""

    status: int
    out: str
    err: str


@pytest.fixture
def dece(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Said]]:
    """Run a command of dece in this process, which takes no seconds to start."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    level = logging.root.manager.disable

    def run(command: str, *words: Any) -> Said:
        arguments = list(map(str, words))
        monkeypatch.setattr(sys, "argv", ["dece", command, *arguments])
        capsys.readouterr()
        status: Any = 0
        try:
            main.run(command, arguments, f"dece {command}")
        except SystemExit as end:
            status = end.code
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    yield run
    logging.disable(level)  # which the command changes
