"""Times that hold on slower machines, and with others at work on the same one."""

import time
from typing import Callable

#: seconds of a fast machine in which a rule reads 10 kB of anything
LIMIT = 0.05


def takes_at_most(limit: float, work: Callable[[], object]) -> bool:
    """Whether ``work`` takes at most so many seconds of a fast machine, in one of three tries.

    This machine's speed is measured only where the first try takes longer.
    """
    return _seconds(work) <= limit or any(
        _seconds(work) <= limit * max(1.0, _seconds(_known) / 0.0105) for _ in range(2)
    )


def _known() -> None:
    """Do what takes a fast machine 10.5 ms."""
    for _ in range(20):
        " ".join(str(number) for number in range(5_000))


def _seconds(work: Callable[[], object]) -> float:
    """Return the seconds of processor time that ``work`` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start
