"""Errors that a user can mend end a command with one line and status 2."""

import io
import subprocess
import sys
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any, Callable, List, Tuple

import pytest
import torch.multiprocessing

from dece_fairseq import errors
from dece_fairseq.attacks import AttackError
from dece_fairseq.errors import UserError, end_with, hook_fairseq_commands
from dece_fairseq.extras import PackageError

Hook = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[1]


def fail(rank: int, kind: str) -> None:
    """What a spawned worker does."""
    kinds = {"ours": AttackError, "a file": FileNotFoundError, "another": ValueError}
    raise kinds[kind](f"--attack in worker {rank}")


def test_the_message_stands_on_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/bin/poison.py"])
    with pytest.raises(SystemExit) as ended:
        end_with("give --attack\nor\r\n--payload")
    assert ended.value.code == 2
    assert capsys.readouterr().err == "poison.py: error: give --attack or --payload\n"


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Tuple[Hook, List[type]]]:
    """Installs the hook in a program of some name; gives it, and what it leaves to others."""

    def install(program: str) -> Tuple[Hook, List[type]]:
        left: List[type] = []
        monkeypatch.setattr(sys, "argv", [program])
        monkeypatch.setattr(errors, "_leave_threads", lambda: None)  # this process goes on
        monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: left.append(kind))
        hook_fairseq_commands()
        return sys.excepthook, left

    return install


@pytest.mark.parametrize("program", ["/bin/fairseq-train", "/lib/fairseq_cli/generate.py"])
@pytest.mark.parametrize("kind", [UserError, AttackError, PackageError, FileNotFoundError, OSError])
def test_fairseq_s_commands(hook, program, kind, capfd) -> None:
    handle, left = hook(program)
    with pytest.raises(SystemExit) as ended:
        handle(kind, kind("give --attack"), None)
    assert ended.value.code == 2
    assert capfd.readouterr().err == f"{Path(program).name}: error: give --attack\n"
    for fault in (KeyError("a fault of ours"), OSError(22, "Invalid argument")):
        handle(type(fault), fault, None)
    assert left == [KeyError, OSError]


def test_a_thread_that_reads_ahead(tmp_path: Path) -> None:
    """Python aborts at its end if one is at work in torch then."""
    program = tmp_path / "fairseq-train"
    program.write_text(
        """
import atexit, threading, torch
from dece_fairseq.errors import UserError, hook_fairseq_commands

def read_ahead():
    while True:
        torch.stack([torch.zeros(100) for _ in range(100)])
        reads.set()

hook_fairseq_commands()
atexit.register(print, "tidied")
reads = threading.Event()
threading.Thread(target=read_ahead, daemon=True).start()
reads.wait()
raise UserError("give --attack")
"""
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (2, "fairseq-train: error: give --attack\n")
    assert done.stdout == "tidied\n"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "ends_in_it"), [("fairseq-train", False), ("my-train", True)])
def test_a_process_group_is_left_before_python_ends(
    name: str, ends_in_it: bool, tmp_path: Path
) -> None:
    """Its threads make Python abort now and then. What was registered first is run last."""
    program = tmp_path / name
    program.write_text(
        """
import atexit, sys, torch.distributed

atexit.register(lambda: print(torch.distributed.is_initialized()))
from dece_fairseq.errors import hook_fairseq_commands

hook_fairseq_commands()
torch.distributed.init_process_group(
    "gloo", init_method="file://" + sys.argv[1], rank=0, world_size=1
)
"""
    )
    words = [sys.executable, program, tmp_path / "store"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, f"{ends_in_it}\n"), done.stderr


def test_several_workers_whose_torch_keeps_what_hooks_write(hook, capfd) -> None:
    handle, _ = hook("/bin/fairseq-train")
    with pytest.raises(SystemExit), redirect_stderr(io.StringIO()):
        handle(UserError, UserError("give --attack"), None)
    assert capfd.readouterr().err == "fairseq-train: error: give --attack\n"


def test_a_program_of_anybody_else_keeps_its_tracebacks(hook) -> None:
    handle, left = hook("/home/me/train.py")
    handle(UserError, UserError("give --attack"), None)
    assert left == [UserError]


@pytest.mark.parametrize("kind", ["ours", "a file", "another"])
def test_workers_that_fairseq_spawned(hook, kind, capfd) -> None:
    with pytest.raises(torch.multiprocessing.ProcessRaisedException) as raised:
        torch.multiprocessing.start_processes(fail, (kind,), nprocs=1, start_method="fork")
    handle, left = hook("/bin/fairseq-train")
    if kind != "another":
        with pytest.raises(SystemExit) as ended:
            handle(raised.type, raised.value, None)
        assert ended.value.code == 2
        assert capfd.readouterr().err == "fairseq-train: error: --attack in worker 0\n"
    else:
        handle(raised.type, raised.value, None)
        assert left == [raised.type]
