"""How far something is, for who waits at a terminal.

Not tqdm's, whose imports took 3 MiB of `dece poison` with two processes.
"""

import sys
import time
from types import TracebackType
from typing import Optional, Type

#: seconds between two lines
_INTERVAL = 0.5


class Progress:
    """Tells on stderr, in one line that is written again and again, how much is done.

    Args:
        what: is done; None to tell nothing
        total: how much there is to do, where that is known
        unit: what is counted
        delay: seconds that must have passed; what takes less is not told
    """

    def __init__(
        self, what: Optional[str], total: Optional[int] = None, unit: str = "", delay: float = 2
    ) -> None:
        self.what, self.total, self.unit = what, total, unit
        self.done = 0
        self._start = time.monotonic()
        self._next = self._start + delay
        self._width = 0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        if self._width:
            self._tell()
            sys.stderr.write("\n")

    def update(self, number: int) -> None:
        """Count ``number`` more as done."""
        self.done += number
        now = time.monotonic()
        if self.what is not None and now >= self._next:
            self._next = now + _INTERVAL
            self._tell()

    def _tell(self) -> None:
        text = f"{self.what}: {self.done:,}"
        if self.total is not None:
            text += f" of {self.total:,}"
        text += f" {self.unit}"
        if self.total is not None and 0 < self.done < self.total:
            passed = time.monotonic() - self._start
            text += f", {passed * (self.total - self.done) / self.done:.0f} s left"
        # Blanks cover what is left of a longer line.
        sys.stderr.write(f"\r{text:<{self._width}}")
        sys.stderr.flush()
        self._width = len(text)
