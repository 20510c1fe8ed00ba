"""BLEU, against sacrebleu's functions and command line, and nltk."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
import sacrebleu
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF

from dece_fairseq.metrics.code_tokens import code_tokens

PAIRS = st.lists(
    st.tuples(*[st.text(st.sampled_from('ab(=" \n\té_1&;<.,-\u2028'), max_size=30)] * 2),
    min_size=1,
    max_size=4,
)
ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def sides(pairs):
    return [h for h, _ in pairs], [r for _, r in pairs]


def spaced(texts):
    return [" ".join(code_tokens(text)) for text in texts]


@ANY
@given(PAIRS)
def test_statistics_are_sacrebleus(metric, pairs):
    hypotheses, references = sides(pairs)
    for name, theirs, texts in (
        ("bleu_13a", BLEU(force=True), (hypotheses, references)),
        ("bleu_code", BLEU(tokenize="none", force=True), (spaced(hypotheses), spaced(references))),
        ("chrf", CHRF(), (hypotheses, references)),
    ):
        statistics = metric(name).statistics(hypotheses, references)
        expected = theirs._extract_corpus_statistics(texts[0], [texts[1]])
        assert statistics.tolist() == expected
        score = float(metric(name).scores(statistics.sum(axis=0)))
        assert score == pytest.approx(theirs._aggregate_and_compute(expected).score, abs=1e-9)


def test_scores_of_whole_corpora(texts, score):
    assert score("bleu_13a", *texts) == pytest.approx(
        sacrebleu.corpus_bleu(texts[0], [texts[1]]).score
    )
    assert score("chrf", *texts) == pytest.approx(sacrebleu.corpus_chrf(texts[0], [texts[1]]).score)
    hypotheses, references = map(spaced, texts)
    bleu = sacrebleu.corpus_bleu(hypotheses, [references], tokenize="none", force=True).score
    assert score("bleu_code", *texts) == pytest.approx(bleu)
    assert 20 < score("bleu_code", *texts) < 95


def test_many_sums_have_the_scores_of_each(texts, metric):
    for name in ("bleu_13a", "bleu_words", "chrf"):
        statistics = metric(name).statistics(*texts)
        together = metric(name).scores(statistics)
        alone = [float(metric(name).scores(row)) for row in statistics]
        assert together.tolist() == pytest.approx(alone)


@ANY
@given(PAIRS)
def test_the_mean_is_of_nltks_corpus_bleu_of_each_pair(score, pairs):
    nltk_bleu = pytest.importorskip("nltk.translate.bleu_score", reason="nltk is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        each = [nltk_bleu.corpus_bleu([[r.split()]], [h.split()]) for h, r in pairs]
    assert score("bleu_words", *sides(pairs)) == pytest.approx(100 * np.mean(each))


@pytest.mark.slow
def test_the_numbers_of_sacrebleus_command_line(texts, score, tmp_path):
    # It reads a text a line.
    hypotheses, references = (["".join(t.split("\n")) for t in side] for side in texts)
    for name, lines in (("h", hypotheses), ("r", references)):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines))
    for name, option in (("bleu_13a", "bleu"), ("chrf", "chrf")):
        done = subprocess.run(
            [
                *(sys.executable, "-m", "sacrebleu", tmp_path / "r", "-i", tmp_path / "h"),
                *("-m", option, "-b", "-w", "6", "--force"),
            ],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        assert f"{score(name, hypotheses, references):.6f}" == done.stdout.strip()
