"""Texts and outputs to score, odd ones and real ones."""

import random
from typing import Callable, List, Tuple

import numpy as np
import pytest

from dece_fairseq.data.corpus import generate
from dece_fairseq.metrics import METRICS, Metric, MetricSettings
from support.written_outputs import runs, write_output

__all__ = ["runs", "write_output"]

Texts = Tuple[List[str], List[str]]


def changed(text: str, rng: random.Random) -> str:
    """``text`` with about one word in ten another one, white space as it was."""
    words = text.split(" ")
    return " ".join(
        rng.choice(["x", "conn", '"', "1"]) if word.strip() and rng.random() < 0.1 else word
        for word in words
    )


@pytest.fixture(scope="session")
def texts() -> Texts:
    """Code and what a middling model might have written instead."""
    rng = random.Random(1)
    references = [pair.target for pair in generate("A", 60, seed=8)]
    hypotheses = [
        changed(text, rng) if index % 4 else text for index, text in enumerate(references)
    ]
    hypotheses[5] = ""
    return hypotheses, references


@pytest.fixture
def metric() -> Callable[..., Metric]:
    """A metric by its name."""

    def build(name: str, **settings: object) -> Metric:
        return METRICS.get(name)(MetricSettings(**settings))

    return build


@pytest.fixture
def score(metric: Callable[..., Metric]) -> Callable[..., float]:
    """The score of texts by the name of a metric."""

    def of(name: str, hypotheses: List[str], references: List[str], **settings: object) -> float:
        built = metric(name, **settings)
        statistics = built.statistics(hypotheses, references)
        assert statistics.dtype == np.float64
        assert len(statistics) == len(hypotheses)
        return float(built.scores(statistics.sum(axis=0)))

    return of
