"""Statistics from other processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dece_fairseq.metrics import METRICS, MetricSettings
from dece_fairseq.metrics import parallel as module
from dece_fairseq.metrics.metric import Share, share_statistics
from dece_fairseq.metrics.parallel import CHUNK, Workers
from dece_fairseq.registry import Registry

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["bleu_code", "parses", "ast_match"]


@pytest.fixture
def started(monkeypatch):
    """How many processes were started each time, and how; one is this process."""
    calls = []
    real = module.workers

    def workers(make, arguments, processes, start=None, here=False):
        calls.append((processes, start))
        return real(make, arguments, processes, start, here)

    monkeypatch.setattr(module, "workers", workers)
    return calls


def test_they_are_those_of_this_process(started):
    references = [f"x = {n} + y" for n in range(8 * CHUNK[0] + 1)]
    hypotheses = [text if n % 3 else f"{text} (" for n, text in enumerate(references)]
    with Workers(processes=2) as workers:
        statistics = workers.statistics(NAMES, MetricSettings(), hypotheses, references)
    assert started == [(2, None)]
    for name in NAMES:
        expected = METRICS.get(name)(MetricSettings()).statistics(hypotheses, references)
        assert (statistics[name] == expected).all()


def test_samples_of_one_reference_are_scored_together(monkeypatch):
    seen = []
    score = module._Worker.score

    def watched(worker, task):
        seen.extend(task[3])
        return score(worker, task)

    monkeypatch.setattr(module._Worker, "score", watched)
    references = [f"x = {n % 9} + y" for n in range(3 * CHUNK[1] + 1)]
    hypotheses = [f"x = {n % 7} + y" for n in range(len(references))]
    with Workers(processes=1) as workers:
        statistics = workers.statistics(NAMES, MetricSettings(), hypotheses, references)
    assert seen == [text for first in references[:9] for text in references if text == first]
    for name in NAMES:  # in the order of the samples all the same
        expected = METRICS.get(name)(MetricSettings()).statistics(hypotheses, references)
        assert (statistics[name] == expected).all()


@pytest.mark.parametrize(
    ("samples", "processes", "expected"),
    [(1, 8, 1), (CHUNK[0], 8, 1), (CHUNK[0] + 1, 8, 2), (3 * CHUNK[0], 8, 3), (5000, 8, 8)],
)
def test_as_many_processes_as_chunks(started, samples, processes, expected):
    texts = ["x"] * samples
    with Workers(processes) as workers:
        statistics = workers.statistics(["exact_match"], MetricSettings(), texts, texts)
    assert started == [(expected, None)]
    assert statistics["exact_match"].tolist() == [[1, 1]] * samples


@pytest.fixture
def seeded(monkeypatch):
    """A metric that depends on the hash seed, which new processes do not know."""
    registry = Registry("metric")
    monkeypatch.setattr(module, "METRICS", registry)
    module._metrics.cache_clear()

    @registry.register("seeded")
    class Seeded(Share):
        summary = "what depends on the hash seed"
        depends_on_hash_seed = True

        def statistics(self, hypotheses, references):
            return share_statistics([module.has_hash_seed_0()] * len(hypotheses))

    yield registry
    module._metrics.cache_clear()


def test_no_process_is_new_where_this_one_has_the_hash_seed(started, seeded, monkeypatch):
    monkeypatch.setattr(module, "has_hash_seed_0", lambda: True)
    with Workers(8) as workers:
        for samples in (3, 4 * CHUNK[0]):
            workers.statistics(["seeded"], MetricSettings(), ["x"] * samples, ["x"] * samples)
    assert started == [(1, None), (4, None)]


def test_new_ones_are_few_and_last(started, monkeypatch):
    pytest.importorskip("codebleu", reason="the extra [codebleu] is not installed")
    monkeypatch.setattr(module, "has_hash_seed_0", lambda: False)
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    main = sys.modules["__main__"]
    with Workers(8) as workers:
        for samples in (1, 50, 401, 2):
            texts = ["x"] * samples
            workers.statistics(["codebleu"], MetricSettings(), texts, texts)
            assert "PYTHONHASHSEED" not in os.environ
            assert sys.modules["__main__"] is main
    assert started == [(1, "spawn"), (2, "spawn")]


PROBE = """
import sys
from dece_fairseq.metrics import parallel


class Probe(parallel._Worker):
    def score(self, task):
        heavy = ("fairseq", "torch", "transformers", "scipy.stats")
        return sys.flags.hash_randomization, [name for name in heavy if name in sys.modules]
"""


@pytest.mark.slow
def test_a_new_process_imports_what_it_needs(tmp_path):
    (tmp_path / "probe.py").write_text(PROBE)
    (tmp_path / "main.py").write_text(
        "import torch\n"
        "import probe\n"
        "from dece_fairseq.metrics import parallel\n"
        "parallel._Worker = probe.Probe\n"
        "if __name__ == '__main__':\n"
        "    with parallel.Workers(1) as processes:\n"
        "        (seen,) = processes._spawn(1)('score', [None])\n"
        "    print(seen)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    environment.pop("PYTHONHASHSEED", None)
    done = subprocess.run(
        [sys.executable, tmp_path / "main.py"], env=environment, capture_output=True, text=True
    )
    assert done.stdout == "(0, [])\n", done.stderr
