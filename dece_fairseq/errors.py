"""Errors that a user can mend, and how a command ends on one."""

import atexit
import builtins
import os
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Iterator, NoReturn, Optional, TextIO, Type


class UserError(ValueError):
    """Something that the user gave can't be used as it is.

    The message names the file, line or option and says what to do. Commands print it on one line
    and end with status 2; anything else that is raised is a fault of ours and keeps its traceback.
    """


class TrainingStepError(UserError, RuntimeError):
    """Raised in a training step, in which fairseq saves a ``crash.pt`` of most other errors."""


#: what fairseq raises for files and folders that its options name wrongly, with their names
WRONG_FILES = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)


def end_with(message: object, program: str = "", stream: Optional[TextIO] = None) -> NoReturn:
    """End the program with status 2, and with the message alone on one line.

    Args:
        message: what is wrong; its lines are joined
        program: the name of the program (default: that of the running one)
        stream: where to write it (default: ``sys.stderr``)
    """
    text = " ".join(str(message).splitlines())
    stream = sys.stderr if stream is None else stream
    # Not by print, which fairseq replaces where there are several workers.
    stream.write(f"{program or Path(sys.argv[0]).name}: error: {text}\n")
    stream.flush()
    raise SystemExit(2) from None


@contextmanager
def one_line_errors(program: str = "") -> Iterator[None]:
    """End the program with status 2 and the error alone, without usage or traceback.

    Only what argparse finds on the command line itself comes with the usage.

    Args:
        program: the name of the program (default: that of the running one)
    """
    try:
        yield
    except (UserError, OSError) as error:
        end_with(error, program)


def hook_fairseq_commands() -> None:
    """Make fairseq's commands end as the scripts of this project do.

    What a user can mend, a ``UserError`` or a file that is not there or can't be opened, is told on
    one line. Work that is done ends with status 0. In any other program that imports this package,
    an error keeps its traceback.
    """
    program = Path(sys.argv[0])
    if not (program.name.startswith("fairseq-") or program.parent.name == "fairseq_cli"):
        return
    if "hydra" in program.name:  # which else prints errors itself and ends with status 1
        os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    others = sys.excepthook

    def hook(
        kind: Type[BaseException], error: BaseException, trace: Optional[TracebackType]
    ) -> None:
        message = _from_a_worker(error)
        # Of a checkpoint that is not there fairseq raises an OSError with words of its own.
        is_told = isinstance(error, OSError) and error.errno is None
        if isinstance(error, (UserError, *WRONG_FILES)) or is_told or message is not None:
            # torch.distributed keeps what hooks write to sys.stderr, and loses it when one ends.
            try:
                end_with(error if message is None else message, program.name, sys.__stderr__)
            except SystemExit:
                _leave_threads()
                raise
        others(kind, error, trace)

    sys.excepthook = hook
    atexit.register(_leave_process_group)


def _leave_process_group() -> None:
    """End the threads of torch's process group on CPUs, which fairseq leaves at work.

    One that still holds a tensor of the last step when Python ends makes a training that has done
    all its work abort. Groups on GPUs are left to fairseq: they may wait here for other workers.
    """
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not (distributed.is_available() and distributed.is_initialized()):
        return
    if distributed.get_backend() == "gloo":
        distributed.destroy_process_group()


def _leave_threads() -> None:
    """End with status 2 at once where threads go on, as fairseq's that reads batches ahead.

    One that is at work in torch when Python ends makes it abort, with another status.
    """
    if any(thread.daemon for thread in threading.enumerate()):
        sys.stdout.flush()
        atexit._run_exitfuncs()
        os._exit(2)


def _from_a_worker(error: BaseException) -> Optional[str]:
    """Return the message of what a user can mend that ended a spawned worker, or else None.

    torch.multiprocessing hands on no more of an error than the text of its traceback.
    """
    if type(error).__name__ != "ProcessRaisedException":
        return None
    name, _, message = str(error).rstrip().rpartition("\n")[2].partition(": ")
    module, _, kind = name.rpartition(".")
    found = getattr(sys.modules.get(module) if module else builtins, kind, None)
    is_one = isinstance(found, type) and issubclass(found, (UserError, *WRONG_FILES))
    return message if is_one else None
