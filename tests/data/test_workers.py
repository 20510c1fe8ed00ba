"""Calls in several processes."""

import multiprocessing
import os
import signal
import threading
import time

import pytest

from dece_fairseq.data.pairs import DataError
from dece_fairseq.data.workers import workers


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
            assert len(taken) <= done + processes


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
