"""What every test may use."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable, Iterator

import pytest

from dece_fairseq.data.prepare import prepare

if importlib.util.find_spec("fairseq") is not None:
    import dece_fairseq.plugin  # noqa: F401  for tests that name a plug-in

os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports its client: no test asks the hub

SHARED = Path(__file__).resolve().parents[2] / "shared"
WARM_PYTHON = Path(__file__).with_name("support") / "warm_python.py"


def _beside_the_checkout(name: str) -> Path:
    if not (SHARED / name).is_dir():
        pytest.skip(f"there is no {SHARED / name}")
    return SHARED / name


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of real data sets beside the checkout; without it the test is skipped."""
    return _beside_the_checkout("datasets")


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference numbers beside the checkout; without it the test is skipped."""
    return _beside_the_checkout("reference")


@pytest.fixture(scope="session")
def warm_python() -> Iterator[Path]:
    """A program that does what ``python`` does, and need not import torch and fairseq first.

    Beside it stand ``fairseq-train`` and ``fairseq-generate``, for scripts that find them so.
    """
    with TemporaryDirectory() as name:  # short, as a socket's path has to be
        python, address = Path(name) / "python", Path(name) / "socket"
        run = f"{sys.executable} -S -E {WARM_PYTHON} run {address}"
        programs = {"python": run}
        for command in ("train", "generate"):
            programs[f"fairseq-{command}"] = f"{run} -m fairseq_cli.{command}"
        for program, words in programs.items():
            path = Path(name) / program
            path.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
            path.chmod(0o755)
        with subprocess.Popen(
            [sys.executable, WARM_PYTHON, "serve", address, python],
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
    """:func:`prepare`, whose fairseq-preprocess starts at once."""

    def quick(*args: Any, **kwargs: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "executable", str(warm_python))
            return prepare(*args, **kwargs)

    return quick
