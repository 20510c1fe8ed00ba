"""Calls the methods of one object in several processes; the results come in the order asked for.

Each process has a pipe of its own. With the one queue of the standard library's executor, a process
that is killed while it writes leaves half a result there, and everyone waits for the other half.
"""

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from contextlib import contextmanager
from functools import partial
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import (
    Any,
    Callable,
    Deque,
    Iterable,
    Iterator,
    List,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from dece_fairseq.data.pairs import DataError
from dece_fairseq.errors import UserError

#: gives the results of a method of the object, called by its name, for each of some arguments
MapMethod = Callable[[str, Iterable[Any]], Iterator[Any]]


@contextmanager
def workers(
    make: Callable[..., Any],
    arguments: Tuple[Any, ...],
    processes: int,
    start: Optional[str] = None,
    here: bool = False,
) -> Iterator[MapMethod]:
    """Make an object in each of some processes, for a time.

    They work on one call at a time: the results of a call end where the next one begins.

    Args:
        make: makes the object; a class or function that can be pickled
        arguments: of ``make``; must pickle where processes are not forked
        processes: how many; with 1 the object is made and called in this process, unless ``start``
            is given
        start: how processes start, as ``multiprocessing`` calls it (default: by a fork where
            that can be)
        here: whether this process is one of them, and works where it would wait; that takes the
            memory of a process less

    Raises:
        DataError: a worker process was killed
    """
    if processes == 1 and start is None:
        worker = make(*arguments)
        yield lambda method, tasks: map(getattr(worker, method), tasks)
        return
    forks = "fork" in multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context(start or ("fork" if forks else "spawn"))
    gc.freeze()  # or the first collection in each process would copy every page that forks share
    members: List[_Member] = [_Here(make, arguments)] if here else []
    started: List[Tuple[Any, Connection]] = []
    try:
        for _ in range(processes - len(members)):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, make, arguments))
            process.start()
            theirs.close()  # or a process that dies would leave its pipe open
            started.append((process, ours))
            members.append(ours)
        yield _Crew(members).call
    finally:
        gc.unfreeze()
        # Nobody waits for what they are still doing.
        for process, connection in started:
            process.kill()
            process.join()
            connection.close()


class _Caller:
    """Calls the methods of an object, which is made for the first call."""

    def __init__(self, make: Callable[..., Any], arguments: Tuple[Any, ...]) -> None:
        self._make = partial(make, *arguments)
        self._worker: Any = None

    def call(self, method: str, task: Any) -> Tuple[bool, Any]:
        """Return whether there is a result, and it or the error in its place."""
        try:
            self._worker = self._worker or self._make()
            return True, getattr(self._worker, method)(task)
        except Exception as error:  # which is the caller's to handle
            return False, error


class _Here(_Caller):
    """This process, in the place of a connection to another: it works when it is read from."""

    def send(self, task: Tuple[str, Any]) -> None:
        self._task = task

    def recv(self) -> Tuple[bool, Any]:
        return self.call(*self._task)


_Member = Union[Connection, _Here]


class _Crew:
    """Workers, of which each has one task or none."""

    def __init__(self, members: Sequence[_Member]) -> None:
        self._members = members
        self._busy: Deque[_Member] = deque()  # those of the last call without a result yet

    def call(self, method: str, tasks: Iterable[Any]) -> Iterator[Any]:
        """Yield results in the order of the tasks. A worker without a result has no task either, so
        that neither side ever waits for the other to read.

        Raises:
            RuntimeError: another call has begun
        """
        self._drop_results()
        busy = self._busy = deque()
        tasks = iter(tasks)
        for member, task in zip(self._members, tasks):
            self._send(member, method, task)
        while busy:
            if busy is not self._busy:
                raise RuntimeError("the workers have begun another call before this one was over")
            with _who_is_gone():
                is_result, answer = busy[0].recv()
            member = busy.popleft()
            if not is_result:
                raise answer
            for task in islice(tasks, 1):
                self._send(member, method, task)
            yield answer

    def _send(self, member: _Member, method: str, task: Any) -> None:
        with _who_is_gone():
            member.send((method, task))
        self._busy.append(member)

    def _drop_results(self) -> None:
        """Receive what is left of a call that nobody heard to its end.

        Only now: where no other call follows nobody has to wait for it.
        """
        for member in self._busy:
            if not isinstance(member, _Here):  # which has not begun
                with _who_is_gone():
                    member.recv()


@contextmanager
def _who_is_gone() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as error:  # nothing to read, half a result, or nobody who reads
        raise DataError(
            "a worker process was killed, possibly out of memory; try fewer --processes"
        ) from error


def _work(connection: Connection, make: Callable[..., Any], arguments: Tuple[Any, ...]) -> None:
    """Do the tasks of a worker process."""
    # Ctrl-C reaches every process, but it is the first one that ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    caller = _Caller(make, arguments)
    while True:
        _answer(connection, caller)


def _answer(connection: Connection, caller: _Caller) -> None:
    is_result, answer = caller.call(*connection.recv())
    try:
        connection.send((is_result, answer if is_result else _with_traceback(answer)))
    except OSError:  # nobody reads
        raise
    except Exception as error:  # the result does not pickle, and nothing was sent
        connection.send((False, _with_traceback(error)))


def _with_traceback(error: Exception) -> Any:
    """Return what pickles, and is unpickled as the error, caused by the text of its traceback."""
    from multiprocessing.pool import ExceptionWithTraceback  # type: ignore[attr-defined]
    from multiprocessing.reduction import ForkingPickler  # as pipes do

    traced = ExceptionWithTraceback(error, error.__traceback__)
    try:
        # An error may pickle, and fail to be made again.
        ForkingPickler.loads(ForkingPickler.dumps(traced))
    except Exception:
        is_users = isinstance(error, UserError)
        traced.exc = UserError(str(error)) if is_users else RuntimeError(repr(error))
    return traced


def _end_with_parent() -> None:
    """End this process when the first one is gone, which a killed one can't see to itself."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
