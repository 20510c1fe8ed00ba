"""Statistics of many samples, made on all cores, a chunk at a time."""

import os
from argparse import Namespace
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from types import TracebackType
from typing import Dict, Iterator, List, Optional, Sequence, Tuple, Type

import numpy as np
from fairseq.utils import import_user_module
from tqdm import tqdm

from dece_fairseq.data.workers import MapMethod, workers
from dece_fairseq.scoring.metrics import METRICS, Metric, MetricSettings

#: samples scored at once; few enough for the processor's cache
CHUNK = 400
# So many samples are scored sooner than a worker starts.
_FEW = 4 * CHUNK

#: names of metrics, what they depend on, and as many hypotheses as references
_Task = Tuple[Sequence[str], MetricSettings, Sequence[str], Sequence[str]]


class Workers:
    """Processes that make statistics. They start when they are needed, and end with the block.

    All of them have the hash seed 0, so that a metric that depends on it (CodeBLEU) gives the same
    texts the same score every time.

    Args:
        processes: how many; 0 for as many as there are cores
        user_dir: a folder of plug-ins to import in them, what ``--user-dir`` names
    """

    def __init__(self, processes: int = 0, user_dir: Optional[str] = None) -> None:
        self.processes = processes or _cores()
        self.user_dir = user_dir
        self._stack = ExitStack()
        self._run: Optional[MapMethod] = None

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
        """The statistics (samples, as many as the metric has) of each metric.

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
        tasks: Iterator[_Task] = (
            (names, settings, hypotheses[start : start + CHUNK], references[start : start + CHUNK])
            for start in range(0, len(hypotheses), CHUNK)
        )
        done: Iterator[List[np.ndarray]] = map(_Worker().score, tasks)
        if len(hypotheses) > _FEW or any(metric.depends_on_hash_seed for metric in metrics):
            done = self._started()("score", tasks)
        rows: List[List[np.ndarray]] = []
        with tqdm(total=len(hypotheses), desc=what, unit=" samples", delay=2) as progress:
            for row in done:
                rows.append(row)
                progress.update(len(row[0]) if row else 0)
        return {name: np.concatenate(parts) for name, parts in zip(names, zip(*rows))}

    def _started(self) -> MapMethod:
        if self._run is None:
            # Where a process is forked it has its parent's hash seed.
            self._stack.enter_context(_environment(PYTHONHASHSEED="0"))
            arguments = (self.user_dir,)
            self._run = self._stack.enter_context(
                workers(_Worker, arguments, self.processes, start="spawn")
            )
        return self._run


class _Worker:
    def __init__(self, user_dir: Optional[str] = None) -> None:
        import_user_module(Namespace(user_dir=user_dir))

    def score(self, task: _Task) -> List[np.ndarray]:
        """The statistics of each metric."""
        names, settings, hypotheses, references = task
        metrics = _metrics(tuple(names), settings)
        return [metric.statistics(hypotheses, references) for metric in metrics]


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Environment variables for a time."""
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


@lru_cache(maxsize=4)
def _metrics(names: Tuple[str, ...], settings: MetricSettings) -> List[Metric]:
    return [METRICS.get(name)(settings) for name in names]
