"""Time and memory of commands that take turns."""

import resource
import statistics
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence

#: what ``measure`` gives
HEAD = ["seconds", "CPU seconds", "peak memory (MiB)"]


def memory_of(pid: int) -> int:
    """Return the PSS of a process and of those that it started, in KiB; 0 for one that is gone."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    own = next((int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:"), 0)
    return own + sum(memory_of(int(child)) for child in children)


def measure(command: Sequence[Any]) -> Dict[str, float]:
    """Run a command; return its seconds by the clock and of all processors together, and MiB."""
    start, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = 0
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, memory_of(process.pid))
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: exit status {process.returncode}")
    end, after = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    return {"seconds": end - start, "cpu_seconds": cpu, "mib": peak / 1024}


def take_turns(
    commands: Mapping[str, Sequence[Any]], repeats: int
) -> Dict[str, List[Dict[str, float]]]:
    """Run each command once, then each once again, and so on; return what ``measure`` gives."""
    taken: Dict[str, List[Dict[str, float]]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            taken[name].append(measure(command))
    return taken


def cells(runs: Sequence[Mapping[str, float]]) -> List[str]:
    """Return the cells below ``HEAD``: each a median, and from where to where the runs went."""
    return [
        with_spread([run[what] for run in runs], digits)
        for what, digits in (("seconds", 1), ("cpu_seconds", 1), ("mib", 0))
    ]


def with_spread(values: Sequence[float], digits: int) -> str:
    """Return the median, and behind it the least and the greatest of several values."""
    median = f"{statistics.median(values):,.{digits}f}"
    if len(values) == 1:
        return median
    return f"{median} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"
