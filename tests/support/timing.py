"""Times that hold on slower machines, and with others at work on the same one."""

import time
from typing import Callable

#: seconds of a fast machine in which a rule reads 10 kB of anything
LIMIT = 0.05


def seconds_here(seconds: float) -> float:
    """How long what takes ``seconds`` on a fast machine takes on this one now, at least so long."""

    def work() -> None:
        for _ in range(20):
            " ".join(str(number) for number in range(5_000))

    return seconds * max(1.0, quickest(work) / 0.0105)


def quickest(work: Callable[[], object]) -> float:
    """The seconds of processor time that ``work`` takes, the best of three."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)
