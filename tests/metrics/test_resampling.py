"""Intervals and paired tests, against sacrebleu's own and scipy."""

import json
import subprocess
import sys

import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.significance import PairedTest, _bootstrap_resample, estimate_ci
from scipy.stats import binom

from dece_fairseq.metrics import METRICS, MetricSettings, resampling

WORDS = ["select", "a", "from", "t", "where", "id", "=", "1", "(", ")"]


@pytest.fixture(scope="module")
def systems():
    """Two systems and their references; the second errs a little more often."""
    rng = np.random.default_rng(3)
    references = [" ".join(rng.choice(WORDS, rng.integers(5, 15))) for _ in range(101)]

    def system(rate):
        return [
            " ".join(rng.choice(WORDS) if rng.random() < rate else word for word in text.split())
            for text in references
        ]

    return system(0.2), system(0.24), references


def statistics(name, systems):
    metric = METRICS.get(name)(MetricSettings())
    return metric, [metric.statistics(system, systems[2]) for system in systems[:2]]


@pytest.mark.parametrize(("name", "theirs"), [("bleu_13a", BLEU()), ("chrf", CHRF())])
def test_bootstrap_is_sacrebleus(systems, name, theirs):
    metric, (one, _) = statistics(name, systems)
    scores = metric.scores(resampling.bootstrap_sums([one], 500)[0])
    _, expected = _bootstrap_resample(
        theirs._extract_corpus_statistics(systems[0], [systems[2]]), theirs, 500
    )
    # sacrebleu sums in single precision.
    assert scores == pytest.approx([score.score for score in expected], rel=1e-5)
    low, high = resampling.interval(scores)
    mean, half = estimate_ci(np.array([score.score for score in expected]))
    assert (high - low) / 2 == pytest.approx(half, rel=1e-4)
    assert low < mean < high


@pytest.mark.parametrize(("name", "theirs"), [("bleu_13a", BLEU()), ("chrf", CHRF())])
@pytest.mark.parametrize("swapped", [False, True])
def test_p_values_are_sacrebleus(systems, name, theirs, swapped):
    one, other, references = systems
    if swapped:
        one, other = other, one
    metric, (first, second) = statistics(name, (one, other, references))
    difference = float(metric.scores(second.sum(axis=0)) - metric.scores(first.sum(axis=0)))
    named = [("one", one), ("other", other)]
    for kind, ours in (
        (
            "bs",
            resampling.paired_bootstrap(
                metric.scores(resampling.bootstrap_sums([first])[0]),
                metric.scores(resampling.bootstrap_sums([second])[0]),
                difference,
            ),
        ),
        (
            "ar",
            resampling.approximate_randomisation(
                *map(metric.scores, resampling.swapped_sums(first, second, 1000)), difference
            ),
        ),
    ):
        test = PairedTest(named, {"metric": theirs}, [references], test_type=kind, n_samples=1000)
        expected = test()[1][theirs.corpus_score([""], [[""]]).name][1].p_value
        assert 1 / 1001 <= ours < 1
        assert ours == pytest.approx(expected, abs=1e-12), kind


@pytest.mark.slow
def test_p_values_of_sacrebleus_command_line(systems, tmp_path):
    for name, texts in zip(("one", "other", "references"), systems):
        (tmp_path / name).write_text("".join(f"{text}\n" for text in texts))
    metric, (first, second) = statistics("bleu_13a", systems)
    difference = float(metric.scores(second.sum(axis=0)) - metric.scores(first.sum(axis=0)))
    swapped = resampling.swapped_sums(first, second)
    ours = resampling.approximate_randomisation(*map(metric.scores, swapped), difference)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "sacrebleu", tmp_path / "references", "-i"),
            *(tmp_path / "one", tmp_path / "other", "--paired-ar", "-f", "json", "-w", "6"),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    row = json.loads(done.stdout)[1]
    assert row["BLEU"]["p_value"] == pytest.approx(ours, abs=1e-6)
    assert row["BLEU"]["score"] == pytest.approx(metric.scores(second.sum(axis=0)), abs=1e-5)


def test_a_system_does_not_differ_from_itself(systems):
    metric, (one, _) = statistics("bleu_13a", systems)
    scores = metric.scores(resampling.bootstrap_sums([one])[0])
    assert resampling.paired_bootstrap(scores, scores, 0.0) == 1
    swapped = resampling.swapped_sums(one, one, 100)
    assert resampling.approximate_randomisation(*map(metric.scores, swapped), 0.0) == 1


@pytest.mark.parametrize("differ", [1, 2, 5])
def test_a_difference_by_chance_that_is_as_large_counts(differ):
    other = np.zeros((40, 1))
    other[:differ] = 1
    swapped = resampling.swapped_sums(np.zeros((40, 1)), other)
    p_value = resampling.approximate_randomisation(*(s[:, 0] for s in swapped), float(differ))
    # Only all swapped and none swapped differ by as much.
    assert p_value == pytest.approx(2 * 0.5**differ, rel=0.1)


def test_sums_do_not_depend_on_what_stands_beside_them(systems):
    _, (one, other) = statistics("bleu_13a", systems)
    first, second = resampling.bootstrap_sums([one, other], 70)
    assert (first == resampling.bootstrap_sums([one], 70)[0]).all()
    assert (second == resampling.bootstrap_sums([other], 70)[0]).all()
    first, second = resampling.swapped_sums(one, other, 70)
    assert (first + second == one.sum(axis=0) + other.sum(axis=0)).all()


@pytest.mark.parametrize(("lost", "won"), [(0, 0), (1, 0), (3, 9), (9, 3), (5, 5), (0, 12)])
def test_mcnemar(lost, won):
    one = np.array([1] * lost + [0] * won + [1, 1, 0, 0])
    other = np.array([0] * lost + [1] * won + [1, 1, 0, 0])
    # Twice the smaller tail of fair coins, at most one.
    tail = binom.cdf(min(lost, won), lost + won, 0.5)
    assert resampling.mcnemar(one, other) == pytest.approx(min(1, 2 * tail))
