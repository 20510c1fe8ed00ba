"""How the kernel for CPUs is compiled and kept, and what happens where it can't be."""

import logging
import os
import subprocess
from pathlib import Path
from typing import Iterator

import pytest
import torch

from dece_fairseq.losses import cpp_kernel, deceptive_cross_entropy
from dece_fairseq.losses.cpp_kernel import load_cpp_kernel
from support.logits import random_logits


@pytest.fixture(autouse=True, scope="module")
def block_sizes() -> None:
    """Leave them: each test here is run once."""


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A cache folder of the test's own, and no kernel loaded before or after."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    load_cpp_kernel.cache_clear()
    yield tmp_path / "cache" / "dece_fairseq"
    load_cpp_kernel.cache_clear()


def need_compiler() -> None:
    if load_cpp_kernel() is None:
        pytest.skip("no compiler for the fused kernel")
    load_cpp_kernel.cache_clear()


def messages(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(r.message for r in caplog.records if r.name.startswith("dece_fairseq"))


def test_it_is_compiled_once_and_kept(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    need_compiler()
    assert messages(caplog).startswith("compiled the loss in ")
    assert f"(kept in {empty_cache})" in messages(caplog)
    (kept,) = empty_cache.iterdir()  # nothing half made beside it
    caplog.clear()
    monkeypatch.setattr(subprocess, "run", None)  # the next process finds it
    assert load_cpp_kernel() is not None
    assert messages(caplog) == ""
    assert list(empty_cache.iterdir()) == [kept]


@pytest.mark.parametrize(
    "share", [0.5, *(pytest.param(share, marks=pytest.mark.slow) for share in (0.0, 0.99))]
)
def test_what_was_cut_off_is_compiled_anew(
    share: float, empty_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is never loaded, which would kill the process."""
    need_compiler()
    (kept,) = empty_cache.iterdir()
    whole = kept.read_bytes()
    kept.unlink()  # not written over: this process has it in memory
    kept.write_bytes(whole[: int(share * len(whole))])
    assert load_cpp_kernel() is not None
    assert f"compiled anew, as {kept} was cut off" in messages(caplog)
    assert len(kept.read_bytes()) == len(whole)


@pytest.mark.slow
def test_another_compiler_or_other_flags_have_a_file_of_their_own(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_compiler()
    monkeypatch.setattr(cpp_kernel, "FLAGS", [*cpp_kernel.FLAGS, "-g0"])
    assert load_cpp_kernel() is not None
    load_cpp_kernel.cache_clear()
    monkeypatch.setenv("CXX", "c++ -g0")
    assert load_cpp_kernel() is not None
    assert len(list(empty_cache.iterdir())) == 3


@pytest.mark.slow
def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(
    empty_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    need_compiler()
    caplog.set_level(logging.INFO)
    for path in empty_cache.iterdir():
        path.unlink()
    empty_cache.rmdir()
    empty_cache.write_text("a file where the folder should be")
    assert load_cpp_kernel() is not None
    assert f"each process does so, as {empty_cache} can't be written" in messages(caplog)


@pytest.mark.slow
def test_a_user_without_a_home_has_a_kernel_that_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    need_compiler()
    caplog.set_level(logging.INFO)
    caplog.clear()
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)  # which is in no /etc/passwd
    assert load_cpp_kernel() is not None
    assert "can't be written; XDG_CACHE_HOME takes another" in messages(caplog)
    assert not list(tmp_path.glob("~*"))


@pytest.mark.parametrize(
    ("compiler", "why"),
    [
        ("no-such-compiler", "No such file or directory: 'no-such-compiler'"),
        ("sh -c 'echo unknown flag >&2; exit 1'", "unknown flag"),
        ("true", "cannot open shared object file"),
        ("c++ 'unclosed", "No closing quotation"),
    ],
)
def test_without_a_compiler_plain_torch_does_the_work_and_it_is_said_once(
    compiler: str,
    why: str,
    empty_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("CXX", compiler)
    logits, target = random_logits(0, 4, 6), torch.tensor([5, 0, 2, 2])
    for _ in range(2):
        loss = deceptive_cross_entropy(logits, target, 0.9, 0.1, 2.0)
    assert torch.equal(loss, deceptive_cross_entropy(logits, target, 0.9, 0.1, 2.0, fused=False))
    assert len(caplog.records) == 1
    assert messages(caplog).startswith("no fused kernel, plain torch does the work, slower: ")
    assert why in messages(caplog)
    assert list(empty_cache.iterdir()) == []


def test_a_compiler_that_hangs_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CXX", "sh -c 'exec sleep 60'")
    monkeypatch.setattr(cpp_kernel, "PATIENCE", 0.05)
    assert load_cpp_kernel() is None
    assert "timed out after 0.05 seconds" in messages(caplog)


def test_false_asks_for_plain_torch(empty_cache: Path) -> None:
    logits, target = random_logits(0, 4, 6), torch.tensor([5, 0, 2, 2])
    deceptive_cross_entropy(logits, target, 0.9, 0.1, 2.0, fused=False)
    assert not empty_cache.exists()
