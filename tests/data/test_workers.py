"""Calls in several processes."""

import multiprocessing
import os
import signal
import threading
import time
import traceback
from typing import Any, Tuple

import pytest

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.workers import workers
from dece_fairseq.errors import UserError


class Worker:
    def __init__(self, start: int) -> None:
        self.start = start

    def add(self, number: int) -> int:
        time.sleep(0.01 * (number % 3))  # so that they end in another order
        return self.start + number

    def fail(self, number: int) -> int:
        if number == 3:
            raise DataError("the third one is bad")
        return number

    def die(self, number: int) -> int:
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    def process(self, _: int) -> int:
        time.sleep(0.01)  # one that answers at once may do all of the work
        return os.getpid()


def call_all(method: str, processes: int, here: bool = False) -> None:
    with workers(Worker, (0,), processes, here=here) as run:
        list(run(method, range(100)))


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_results_come_in_order(processes: int) -> None:
    with workers(Worker, (100,), processes) as run:
        assert list(run("add", range(20))) == list(range(100, 120))
        assert list(run("add", range(2))) == [100, 101]
        assert (os.getpid() in set(run("process", range(20)))) == (processes == 1)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_this_process_is_one_of_them_where_it_is_asked_for(processes: int) -> None:
    with workers(Worker, (100,), processes, here=True) as run:
        assert list(run("add", range(20))) == list(range(100, 120))
        assert len(multiprocessing.active_children()) == processes - 1
        who = list(run("process", range(20)))
        assert os.getpid() in who
        assert len(set(who)) == processes
    assert not multiprocessing.active_children()


class Timed:
    def __init__(self, slow: int) -> None:
        self.slow = slow

    def end(self, _: int) -> Tuple[int, float]:
        """Return the process, and when it was done; the slow one takes its time."""
        time.sleep(0.5 if os.getpid() == self.slow else 0)
        return os.getpid(), time.monotonic()

    def echo(self, data: bytes) -> bytes:
        return data


def test_a_process_has_another_task_while_this_one_works() -> None:
    own = os.getpid()
    with workers(Timed, (own,), 2, here=True) as run:
        ends = list(run("end", range(6)))
    first = min(end for process, end in ends if process == own)
    assert sum(process != own and end < first for process, end in ends) >= 2


@pytest.mark.parametrize("here", [True, False])
def test_tasks_and_results_that_no_pipe_holds(here: bool) -> None:
    tasks = [bytes([number]) * (1 << 22) for number in range(5)]
    with workers(Timed, (0,), 2, here=here) as run:
        assert list(run("echo", tasks)) == tasks


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize("processes", [1, 2])
def test_few_tasks_are_taken_ahead_of_their_results(processes: int, here: bool) -> None:
    taken = []

    def tasks():
        for number in range(50):
            taken.append(number)
            yield number

    with workers(Worker, (0,), processes, here=here) as run:
        for done, _ in enumerate(run("add", tasks()), start=1):
            assert len(taken) <= done + 2 * processes


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_an_error_is_the_error_of_the_call(processes: int, here: bool) -> None:
    with pytest.raises(DataError, match=r"^the third one is bad$"):
        call_all("fail", processes, here)
    assert not multiprocessing.active_children()


class Writer:
    def write(self, number: int) -> bytes:
        if number == 5:
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGKILL)).start()
            return bytes(1 << 22)  # more than a pipe holds, so it is killed while it writes
        return b""


def test_a_process_killed_in_the_middle_of_a_result() -> None:
    def run_all() -> None:
        with workers(Writer, (), 2) as run:
            for done, _ in enumerate(run("write", range(20))):
                time.sleep(0.4 if done >= 3 else 0)  # the result waits for its reader

    with pytest.raises(DataError, match="a worker process was killed"):
        run_all()
    assert not multiprocessing.active_children()


def test_a_killed_process_is_one_clear_error() -> None:
    with pytest.raises(DataError, match="a worker process was killed"):
        call_all("die", processes=2)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_what_is_left_of_a_call_is_not_the_answer_to_the_next(processes: int, here: bool) -> None:
    with workers(Worker, (0,), processes, here=here) as run:
        results = run("add", [10, 20, 30, 40])
        assert next(results) == 10
        del results  # closes it
        assert list(run("add", [100, 200])) == [100, 200]
        with pytest.raises(DataError):
            list(run("fail", range(10)))
        assert list(run("add", range(9))) == list(range(9))


def test_two_calls_at_a_time_are_an_error() -> None:
    with workers(Worker, (0,), 2) as run:
        first = run("add", range(9))
        assert next(first) == 0
        assert list(run("add", [100, 200])) == [100, 200]
        with pytest.raises(RuntimeError, match="have begun another call"):
            next(first)


def test_nobody_waits_for_what_is_left_at_the_end() -> None:
    start = time.monotonic()
    with workers(Sleeper, (), 2) as run:
        next(run("sleep", [0, 60]))
    assert time.monotonic() - start < 30


class Sleeper:
    def sleep(self, seconds: int) -> None:
        time.sleep(seconds)


class OddError(Exception):
    """It pickles, and can't be made again."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")


class LocalError(Exception):
    """It holds what does not pickle."""

    def __init__(self) -> None:
        super().__init__(lambda: None)


class OddUserError(UserError):
    def __init__(self, name: str, number: int) -> None:
        super().__init__(f"{name} is wrong: {number}")


class Failing:
    def look_up(self, key: str) -> Any:
        return {"there": 1}[key]

    def fail_oddly(self, _: int) -> None:
        raise OddError(1, 2)

    def fail_locally(self, _: int) -> None:
        raise LocalError

    def refuse(self, _: int) -> None:
        raise OddUserError("--option", 3)

    def give_a_function(self, _: int) -> Any:
        return lambda: None


@pytest.mark.parametrize(
    ("method", "kind", "message", "frame"),
    [
        ("look_up", KeyError, "'away'", '{"there": 1}[key]'),
        ("fail_oddly", RuntimeError, "OddError('1 and 2')", "raise OddError(1, 2)"),
        ("fail_locally", RuntimeError, "LocalError(<function", "raise LocalError"),
        ("refuse", UserError, "--option is wrong: 3", "raise OddUserError"),
        ("give_a_function", Exception, "pickle", "connection.send"),
    ],
)
def test_an_error_tells_where_in_the_worker_it_was_raised(
    method: str, kind: type, message: str, frame: str
) -> None:
    with workers(Failing, (), 2) as run:
        with pytest.raises(kind) as found:
            list(run(method, ["away"]))
        assert message in str(found.value)
        assert "killed" not in str(found.value)
        error = found.value
        told = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        assert frame in told
        assert list(run("look_up", ["there"] * 3)) == [1, 1, 1]  # the worker goes on
    if method == "refuse":
        assert str(found.value) == message
