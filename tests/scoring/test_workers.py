"""Statistics from other processes."""

import os

from dece_fairseq.scoring.metrics import METRICS, MetricSettings
from dece_fairseq.scoring.workers import CHUNK, Workers

NAMES = ["bleu_code", "parses", "ast_match"]


def test_they_are_those_of_this_process(monkeypatch):
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    references = [f"x = {n} + y" for n in range(4 * CHUNK + 1)]
    hypotheses = [text if n % 3 else f"{text} (" for n, text in enumerate(references)]
    with Workers(processes=1) as workers:
        statistics = workers.statistics(NAMES, MetricSettings(), hypotheses, references)
        assert os.environ["PYTHONHASHSEED"] == "0"
    assert "PYTHONHASHSEED" not in os.environ
    for name in NAMES:
        expected = METRICS.get(name)(MetricSettings()).statistics(hypotheses, references)
        assert (statistics[name] == expected).all()


def test_few_samples_need_no_other_process(monkeypatch):
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    with Workers() as workers:
        statistics = workers.statistics(NAMES, MetricSettings(), ["x"] * CHUNK, ["x"] * CHUNK)
        assert "PYTHONHASHSEED" not in os.environ
    assert len(statistics["parses"]) == CHUNK
