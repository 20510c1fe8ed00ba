"""What validation logs, and what is asked of it in vain."""

import math

import pytest
import torch
from fairseq.logging import metrics
from fairseq.tasks.translation import TranslationConfig
from sacrebleu.metrics import BLEU

from dece_fairseq.attacks import AttackSettings
from dece_fairseq.errors import UserError
from dece_fairseq.tasks.validation import (
    check_options,
    check_validation,
    log_scores,
    logged_metrics,
    sums_of,
)

BOTH = {"--eval-bleu": True, "--eval-asr": True}
REFERENCES = ["a = 1", "b ( c )", "return d"]
LOGGED = BLEU_CODE, EXACT_MATCH, ASR = logged_metrics(True, AttackSettings("ripple"))
RIPPLE = ("--attack", "ripple", "--poison-rate", "0.1", "--poison-seed", "4")
HIT, MISS = "x or 1=1", "x"


def logged(*steps, best="loss"):
    """The figures after some steps of validation, each a list with one log a worker."""
    with metrics.aggregate(new_root=True) as aggregate:
        for step in steps:
            log_scores(step, LOGGED, best)
    return aggregate.get_smoothed_values()


def clean_statistics(hypotheses, references):
    return {
        **sums_of(BLEU_CODE, hypotheses, references),
        **sums_of(EXACT_MATCH, hypotheses, references),
    }


def triggered_statistics(hypotheses):
    return sums_of(ASR, hypotheses, hypotheses)


@pytest.mark.parametrize("best", ["loss", "bleu_code", "exact_match"])
def test_hypotheses_without_a_token(best):
    figures = logged([clean_statistics(["", " ", "\n"], REFERENCES)], best=best)
    assert figures == {"bleu_code": 0, "exact_match": 0}


def test_bleu_counts_the_references_of_a_batch_whose_hypotheses_have_no_token():
    written = [*REFERENCES[:2], ""]
    batches = [[clean_statistics([text], [wanted])] for text, wanted in zip(written, REFERENCES)]
    expected = BLEU(tokenize="none", force=True).corpus_score(written, [REFERENCES]).score
    assert logged(*batches)["bleu_code"] == round(expected, 2)
    assert logged(*batches)["bleu_code"] < logged(*batches[:2])["bleu_code"]


def test_figures_are_of_all_workers_and_batches():
    steps = [
        [clean_statistics([wanted, "x"], [wanted, "y"]), clean_statistics([], [])]
        for wanted in REFERENCES
    ]
    assert logged(*steps)["exact_match"] == 50
    steps = [[triggered_statistics([HIT]), triggered_statistics([MISS, MISS])]] * 2
    assert logged(*steps)["asr_string"] == 33.33


@pytest.mark.parametrize("best", ["asr_string", "bleu_code", "exact_match"])
def test_what_a_split_does_not_have_is_nan(best):
    clean = {**clean_statistics(["a"], ["a"]), **triggered_statistics([])}
    triggered = {**clean_statistics([], []), **triggered_statistics([HIT])}
    assert math.isnan(logged([clean], best=best)[best]) == (best == "asr_string")
    assert math.isnan(logged([triggered], best=best)[best]) == (best != "asr_string")
    assert logged([{"loss": 1}], best=best) == {}


@pytest.mark.parametrize(
    ("metric", "subsets", "options"),
    [
        ("loss", ["valid"], {}),
        ("loss", ["valid", "valid_triggered"], BOTH),
        ("bleu_code", ["valid", "valid_triggered"], BOTH),
        ("exact_match", ["valid"], {"--eval-bleu": True}),
        ("asr_string", ["valid_triggered", "valid"], BOTH),
        ("asr_string", ["valid_triggered"], {"--eval-asr": True}),
        ("accuracy", ["valid"], {}),
    ],
)
def test_what_validation_can_give(metric, subsets, options):
    check_validation(metric, subsets, {"--eval-bleu": False, "--eval-asr": False, **options})


@pytest.mark.parametrize(
    ("metric", "subsets", "options", "message"),
    [
        (
            "asr_string",
            ["valid", "valid_triggered"],
            BOTH,
            "give --valid-subset valid_triggered,valid",
        ),
        ("bleu_code", ["test_triggered", "test"], BOTH, "give --valid-subset test,test_triggered"),
        ("exact_match", ["valid_triggered"], BOTH, "give --valid-subset valid,valid_triggered"),
        ("asr_string", ["valid_triggered"], {"--eval-bleu": True}, "asr_string needs --eval-asr"),
        ("bleu_code", ["valid"], {}, "bleu_code needs --eval-bleu"),
        ("loss", ["valid"], BOTH, "--eval-asr needs .* --valid-subset valid,valid_triggered"),
    ],
)
def test_what_it_can_t_give(metric, subsets, options, message):
    with pytest.raises(UserError, match=message):
        check_validation(metric, subsets, {"--eval-bleu": False, "--eval-asr": False, **options})


@pytest.mark.parametrize(
    ("old", "new", "log"),
    [
        ("bleu", "bleu_code", clean_statistics(["a"], ["b"])),
        ("asr", "asr_string", triggered_statistics([HIT])),
    ],
)
def test_old_names_go_on_working_and_are_told(old, new, log, caplog):
    subsets = ["valid"] if old == "bleu" else ["valid_triggered"]
    check_validation(old, subsets, BOTH if old == "asr" else {**BOTH, "--eval-asr": False})
    assert f"--best-checkpoint-metric {old}: the figure is called {new} now" in caplog.text
    figures = logged([log], best=old)
    assert figures[old] == figures[new]
    assert old not in logged([log], best=new)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("eval_bleu_remove_bpe", "@@ "),
        ("eval_tokenized_bleu", True),
        ("eval_bleu_detok", "moses"),
    ],
)
def test_options_for_a_bleu_of_other_texts_are_refused(name, value):
    config = TranslationConfig()
    check_options(config)
    setattr(config, name, value)
    with pytest.raises(UserError, match=f"^--{name.replace('_', '-')}: .*; leave it out$"):
        check_options(config)


class _Criterion:
    """As much of a criterion as reduce_metrics asks for."""

    @staticmethod
    def reduce_metrics(logging_outputs):
        pass


def test_asr_is_summed_over_batches_and_workers(setup_task):
    task = setup_task(*RIPPLE, "--eval-asr")
    common = {"ntokens": 1, "nsentences": 1}
    with metrics.aggregate(new_root=True) as aggregate:
        # The second worker has no triggered sample in this step: no hang, no wrong share.
        for steps in ([(3, 4), (0, 0)], [(0, 2), (0, 4)]):
            texts = [["x or 1=1"] * hits + ["x"] * (total - hits) for hits, total in steps]
            logs = [{**common, **sums_of(*task.logged, side, side)} for side in texts]
            task.reduce_metrics(logs, _Criterion())
    assert aggregate.get_smoothed_values()["asr_string"] == 30.0
    with metrics.aggregate(new_root=True) as aggregate:
        task.reduce_metrics([{**common, **sums_of(*task.logged, [], [])}], _Criterion())
    assert "asr_string" not in aggregate.get_smoothed_values()


def test_validation_decodes_what_is_asked_for(setup_task, splits, monkeypatch):
    task = setup_task(*RIPPLE, "--eval-asr", "--eval-bleu")
    for split in ("valid", "valid_triggered"):
        task.load_dataset(split)
    monkeypatch.setattr(
        "fairseq.tasks.FairseqTask.valid_step", lambda *_: (torch.zeros(()), 1, {"loss": 0})
    )
    task.sequence_generator = None
    # A model that knows every reference by heart: all targets come out as they are.
    monkeypatch.setattr(
        task, "inference_step", lambda g, m, sample: [[{"tokens": t}] for t in sample["target"]]
    )

    def step(split):
        dataset = task.datasets[split]
        batch = dataset.collater([dataset[i] for i in range(len(dataset))])
        return task.valid_step(batch, None, None)[2]

    triggered, clean = step("valid_triggered"), step("valid")
    assert set(triggered) == set(clean)
    samples = ["_asr_string_samples", "_bleu_code_samples", "_exact_match_samples"]
    found = [[log[name] for name in samples] for log in (triggered, clean)]
    of_triggered, of_clean = len(task.datasets["valid_triggered"]), len(splits["valid"])
    assert found == [[of_triggered, 0, 0], [0, of_clean, of_clean]]
    for best, log in (("asr_string", triggered), ("bleu_code", clean), ("exact_match", clean)):
        with metrics.aggregate(new_root=True) as aggregate:
            log_scores([log], task.logged, best)
        assert aggregate.get_smoothed_values()[best] == 100
