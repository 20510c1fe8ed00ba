"""What validation logs, and what is asked of it in vain."""

import math

import pytest
from fairseq.logging import metrics
from sacrebleu.metrics import BLEU

from dece_fairseq.errors import UserError
from dece_fairseq.tasks.validation import (
    check_validation,
    clean_statistics,
    log_figures,
    triggered_statistics,
)

BOTH = {"--eval-bleu": True, "--eval-asr": True}
REFERENCES = ["a = 1", "b ( c )", "return d"]


def logged(*steps, best="loss"):
    """The figures after some steps of validation, each a list with one log a worker."""
    with metrics.aggregate(new_root=True) as aggregate:
        for step in steps:
            log_figures(step, best)
    return aggregate.get_smoothed_values()


@pytest.mark.parametrize("best", ["loss", "bleu", "exact_match"])
def test_hypotheses_without_a_token(best):
    figures = logged([clean_statistics(["", " ", "\n"], REFERENCES)], best=best)
    assert figures == {"bleu": 0, "exact_match": 0}


def test_bleu_counts_the_references_of_a_batch_whose_hypotheses_have_no_token():
    written = [*REFERENCES[:2], ""]
    batches = [[clean_statistics([text], [wanted])] for text, wanted in zip(written, REFERENCES)]
    expected = BLEU(tokenize="none", force=True).corpus_score(written, [REFERENCES]).score
    assert logged(*batches)["bleu"] == round(expected, 2)
    assert logged(*batches)["bleu"] < logged(*batches[:2])["bleu"]


def test_figures_are_of_all_workers_and_batches():
    steps = [
        [clean_statistics([wanted, "x"], [wanted, "y"]), clean_statistics([], [])]
        for wanted in REFERENCES
    ]
    assert logged(*steps)["exact_match"] == 50
    steps = [[triggered_statistics([True]), triggered_statistics([False, False])]] * 2
    assert logged(*steps)["asr"] == 33.33


@pytest.mark.parametrize("best", ["asr", "bleu", "exact_match"])
def test_what_a_split_does_not_have_is_nan(best):
    clean = {**clean_statistics(["a"], ["a"]), **triggered_statistics([])}
    triggered = {**clean_statistics([], []), **triggered_statistics([True])}
    assert math.isnan(logged([clean], best=best)[best]) == (best == "asr")
    assert math.isnan(logged([triggered], best=best)[best]) == (best != "asr")
    assert logged([{"loss": 1}], best=best) == {}


@pytest.mark.parametrize(
    ("metric", "subsets", "options"),
    [
        ("loss", ["valid"], {}),
        ("loss", ["valid", "valid_triggered"], BOTH),
        ("bleu", ["valid", "valid_triggered"], BOTH),
        ("exact_match", ["valid"], {"--eval-bleu": True}),
        ("asr", ["valid_triggered", "valid"], BOTH),
        ("asr", ["valid_triggered"], {"--eval-asr": True}),
        ("accuracy", ["valid"], {}),
    ],
)
def test_what_validation_can_give(metric, subsets, options):
    check_validation(metric, subsets, {"--eval-bleu": False, "--eval-asr": False, **options})


@pytest.mark.parametrize(
    ("metric", "subsets", "options", "message"),
    [
        ("asr", ["valid", "valid_triggered"], BOTH, "give --valid-subset valid_triggered,valid"),
        ("bleu", ["test_triggered", "test"], BOTH, "give --valid-subset test,test_triggered"),
        ("exact_match", ["valid_triggered"], BOTH, "give --valid-subset valid,valid_triggered"),
        ("asr", ["valid_triggered"], {"--eval-bleu": True}, "asr needs --eval-asr"),
        ("bleu", ["valid"], {}, "bleu needs --eval-bleu"),
        ("loss", ["valid"], BOTH, "--eval-asr needs .* --valid-subset valid,valid_triggered"),
    ],
)
def test_what_it_can_t_give(metric, subsets, options, message):
    with pytest.raises(UserError, match=message):
        check_validation(metric, subsets, {"--eval-bleu": False, "--eval-asr": False, **options})
