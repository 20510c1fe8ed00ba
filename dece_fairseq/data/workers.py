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
from multiprocessing.reduction import ForkingPickler  # as pipes do
from queue import SimpleQueue
from typing import (
    Any,
    Callable,
    Deque,
    Dict,
    Iterable,
    Iterator,
    List,
    Optional,
    Sequence,
    Tuple,
)

from dece_fairseq.data.errors import DataError
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
    own = _Caller(make, arguments) if here else None
    started: List[Tuple[Any, Connection]] = []
    try:
        for _ in range(processes - here):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, make, arguments))
            process.start()
            theirs.close()  # or a process that dies would leave its pipe open
            started.append((process, ours))
        yield _Crew([ours for _, ours in started], own).call
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

    def call(self, method: str, task: Any) -> "_Answer":
        """Return whether there is a result, and it or the error in its place."""
        try:
            self._worker = self._worker or self._make()
            return True, getattr(self._worker, method)(task)
        except Exception as error:  # which is the caller's to handle
            return False, error


_Answer = Tuple[bool, Any]
#: holds an answer when it is there
_Place = List[_Answer]


class _Crew:
    """Other processes, by their connections, and this one where it is told to work too."""

    def __init__(self, connections: Sequence[Connection], own: Optional[_Caller]) -> None:
        self._connections = connections
        self._own = own
        self._owed: Dict[Connection, Deque[_Place]] = {}  # of the last call

    def call(self, method: str, tasks: Iterable[Any]) -> Iterator[Any]:
        """Yield results in the order of the tasks.

        Raises:
            RuntimeError: another call has begun
        """
        self._drop_results()
        owed = self._owed = {connection: deque() for connection in self._connections}
        own, most = self._own, 2 * (len(owed) + bool(self._own))
        places: Deque[_Place] = deque()  # of all answers that are not yielded yet, in order
        tasks = iter(tasks)

        def next_task() -> Iterator[Any]:
            for task in islice(tasks, 1 if len(places) < most else 0):
                places.append([])
                yield task

        def ask_whoever_has_less_than(number: int) -> None:
            for connection, theirs in owed.items():
                for task in next_task() if len(theirs) < number else ():
                    with _who_is_gone():
                        connection.send((method, task))
                    theirs.append(places[-1])

        def work_here(caller: _Caller) -> bool:
            for task in next_task():
                place = places[-1]
                ask_whoever_has_less_than(2)  # or one that is done soon would wait for this one
                place.append(caller.call(method, task))
                return True
            return False

        while owed is self._owed:
            ask_whoever_has_less_than(1)
            if not places:
                return
            if places[0]:
                is_result, answer = places.popleft()[0]
                if not is_result:
                    raise answer
                yield answer
            elif not _receive(owed, timeout=0) and not (own and work_here(own)):
                _receive(owed, timeout=None)
        raise RuntimeError("the workers have begun another call before this one was over")

    def _drop_results(self) -> None:
        """Receive what is left of a call that nobody heard to its end.

        Only now: where no other call follows nobody has to wait for it.
        """
        while any(self._owed.values()):
            _receive(self._owed, timeout=None)


def _receive(owed: Dict[Connection, Deque[_Place]], timeout: Optional[float]) -> bool:
    """Put the answers that come within the timeout in their places, and return whether any did."""
    ready: Any = wait([connection for connection, places in owed.items() if places], timeout)
    for connection in ready:
        with _who_is_gone():
            owed[connection].popleft().append(connection.recv())
    return bool(ready)


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
    tasks: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_take_tasks, args=(connection, tasks), daemon=True).start()
    caller = _Caller(make, arguments)
    while True:
        is_result, answer = caller.call(*ForkingPickler.loads(tasks.get()))
        try:
            connection.send((is_result, answer if is_result else _with_traceback(answer)))
        except OSError:  # nobody reads
            raise
        except Exception as error:  # the result does not pickle, and nothing was sent
            connection.send((False, _with_traceback(error)))


def _take_tasks(connection: Connection, tasks: "SimpleQueue[bytes]") -> None:
    """Take tasks as they come, so that neither side ever waits for the other to read."""
    while True:
        tasks.put(connection.recv_bytes())


def _with_traceback(error: Exception) -> Any:
    """Return what pickles, and is unpickled as the error, caused by the text of its traceback."""
    from multiprocessing.pool import ExceptionWithTraceback  # type: ignore[attr-defined]

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
