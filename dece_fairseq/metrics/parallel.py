"""Statistics of many samples, made on all cores, a chunk at a time."""

import multiprocessing
import os
import sys
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from types import ModuleType, TracebackType
from typing import Dict, Iterator, List, Optional, Sequence, Tuple, Type

import numpy as np

from dece_fairseq.data.workers import MapMethod, workers
from dece_fairseq.metrics import METRICS, Metric, MetricSettings
from dece_fairseq.user_dir import import_user_dir

#: samples scored at once: at least as many as are worth a fork, and at most as many as make numpy's
#: calls worth while; more take memory alone
CHUNK = (50, 100)
# So many are worth a process that has to import numpy and the metrics, about a second.
_WORTH_AN_IMPORT = 400

#: names of metrics, what they depend on, and as many hypotheses as references
_Task = Tuple[Sequence[str], MetricSettings, Sequence[str], Sequence[str]]


class Workers:
    """Processes that make statistics: as many as there is work for, and none for a few samples.

    They are this one and forks of it where that can be. A metric that depends on the hash seed
    (CodeBLEU) has to have the seed 0, so that it gives the same texts the same score every time:
    where this process has another, new processes are started for it, which import what metrics
    need and no more. They last until the block ends.

    Args:
        processes: how many at most; 0 for as many as there are cores
        user_dir: a folder of plug-ins to import in new ones, what ``--user-dir`` names
    """

    def __init__(self, processes: int = 0, user_dir: Optional[str] = None) -> None:
        self.processes = processes or _cores()
        self.user_dir = user_dir
        self._stack = ExitStack()
        self._spawned: Optional[MapMethod] = None
        self._number_spawned = 0

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    def statistics(
        self,
        names: Sequence[str],
        settings: MetricSettings,
        hypotheses: Sequence[str],
        references: Sequence[str],
        what: str = "scoring",
    ) -> Dict[str, np.ndarray]:
        """Return the statistics (samples, as many as the metric has) of each metric.

        Args:
            names: of the metrics
            settings: what they depend on besides the texts
            hypotheses: what a model wrote
            references: what it should have written, as many
            what: to say beside the progress, on stderr, of what takes more than two seconds

        Raises:
            AttackError: the settings' attack can't be
            DataError: a process was killed
            PackageError: a metric needs a package that is not there
            MetricError: a metric is unknown, or can't be told of the settings' language
        """
        metrics = _metrics(tuple(names), settings)
        few, many = CHUNK
        size = min(max(-(-len(hypotheses) // (4 * self.processes)), few), many)
        order = _by_reference(references)
        chunks = [order[start : start + size] for start in range(0, len(order), size)]
        tasks: Iterator[_Task] = (
            (names, settings, [hypotheses[i] for i in chunk], [references[i] for i in chunk])
            for chunk in chunks
        )
        from tqdm import tqdm  # here, for commands start without it

        needs_seed = any(metric.depends_on_hash_seed for metric in metrics)
        forked = min(self.processes, len(chunks)) if _can_fork() else 1
        spawned = min(self.processes, -(-len(hypotheses) // _WORTH_AN_IMPORT))
        statistics: Dict[str, np.ndarray] = {}
        with ExitStack() as stack:
            if (needs_seed and not has_hash_seed_0()) or (spawned > 1 and not _can_fork()):
                score = self._spawn(spawned)
            else:
                score = stack.enter_context(workers(_Worker, (), forked, here=True))
            with tqdm(total=len(hypotheses), desc=what, unit=" samples", delay=2) as progress:
                for chunk, parts in zip(chunks, score("score", tasks)):
                    for name, part in zip(names, parts):
                        if name not in statistics:
                            statistics[name] = np.empty((len(order), part.shape[1]))
                        statistics[name][chunk] = part
                    progress.update(len(chunk))
        return statistics

    def _spawn(self, number: int) -> MapMethod:
        """Return a pool of at least so many processes with the hash seed 0."""
        if self._spawned is None or self._number_spawned < number:
            self._stack.close()
            with _environment(PYTHONHASHSEED="0"), _without_main():
                self._spawned = self._stack.enter_context(
                    workers(_Worker, (self.user_dir,), number, start="spawn")
                )
            self._number_spawned = number
        return self._spawned


def _by_reference(references: Sequence[str]) -> np.ndarray:
    """Return the numbers of all samples (samples,), those with the same reference side by side.

    Metrics look at each text of a chunk once.
    """
    hashes = np.array([hash(text) for text in references], dtype=np.int64)
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    return np.argsort(first[inverse], kind="stable")


class _Worker:
    def __init__(self, user_dir: Optional[str] = None) -> None:
        import_user_dir(user_dir)

    def score(self, task: _Task) -> List[np.ndarray]:
        """Return the statistics of each metric."""
        names, settings, hypotheses, references = task
        metrics = _metrics(tuple(names), settings)
        return [metric.statistics(hypotheses, references) for metric in metrics]


def has_hash_seed_0() -> bool:
    """Return whether this process was started with ``PYTHONHASHSEED=0``."""
    return not sys.flags.hash_randomization


def _can_fork() -> bool:
    return "fork" in multiprocessing.get_all_start_methods()


def _cores() -> int:
    """Return how many cores this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Set environment variables for a time."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _without_main() -> Iterator[None]:
    """Start processes that don't run this program's main module again, as spawned ones do.

    They need nothing of it, and it may import torch and fairseq.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@lru_cache(maxsize=4)
def _metrics(names: Tuple[str, ...], settings: MetricSettings) -> List[Metric]:
    return [METRICS.get(name)(settings) for name in names]
