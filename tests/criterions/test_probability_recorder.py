"""``--record-probabilities``: what each criterion writes of a batch."""

from functools import partial
from pathlib import Path
from typing import Any, Dict, List

import pytest
import torch
from fairseq.tasks.translation import TranslationTask

from dece_fairseq.criterions import (
    deceptive_cross_entropy,
    generalized_cross_entropy,
    in_trust_cross_entropy,
)
from dece_fairseq.criterions.probability_recorder import ProbabilityRecorder
from dece_fairseq.data.pair_probabilities import LEAST_LIKELY, path_of, read_dynamics
from dece_fairseq.errors import UserError
from support.echo import PAD, Echo, batch

CRITERIONS: Dict[str, Any] = {
    "dece": (
        deceptive_cross_entropy.DeceptiveCrossEntropyCriterion,
        partial(deceptive_cross_entropy.DeceptiveCrossEntropyCriterionConfig, dece_alpha="0.985"),
    ),
    "gce": (
        generalized_cross_entropy.GeneralizedCrossEntropyCriterion,
        generalized_cross_entropy.GeneralizedCrossEntropyCriterionConfig,
    ),
    "in_trust": (
        in_trust_cross_entropy.InTrustCrossEntropyCriterion,
        in_trust_cross_entropy.InTrustCrossEntropyCriterionConfig,
    ),
}


def build(name: str, task: TranslationTask, save_dir: Path, **options: Any) -> Any:
    """Build a criterion as fairseq-train does, in epoch 1."""
    cls, config = CRITERIONS[name]
    cfg = config(record_probabilities=True, sentence_avg=False, **options)
    cfg.save_dir, cfg.update_freq = str(save_dir), [1]
    criterion = cls.build_criterion(cfg, task)
    criterion.recorder.clock.set_epoch(1)
    return criterion


def expected(model: Echo, sample: Dict[str, Any], skipped: int = 0) -> List[List[float]]:
    """Both columns of each sentence, one token after the other."""
    columns: List[List[float]] = []
    for row, target in enumerate(sample["target"]):
        nll = sorted(
            -model.logits[row, at].log_softmax(-1)[word].item()
            for at, word in enumerate(target)
            if word != PAD and at >= skipped
        )
        least = nll[-LEAST_LIKELY:]
        columns.append([torch.tensor(part).mean().neg().exp().item() for part in (nll, least)])
    return columns


@pytest.mark.parametrize("name", CRITERIONS)
def test_each_criterion_records_probabilities(
    name: str, task: TranslationTask, model: Echo, tmp_path: Path
) -> None:
    sample = {**batch(), "id": torch.tensor([5, 3, 1, 0, 2, 4])}
    criterion = build(name, task, tmp_path)
    model.train()
    criterion(model, sample)
    model.eval()
    criterion(model, {**sample, "id": torch.arange(6) + 6})  # validation writes nothing
    dynamics = read_dynamics(tmp_path, pairs=6, epochs=1)
    for pair, of_pair in zip(sample["id"], expected(model, sample)):
        found = [column[0, pair] for column in dynamics]
        assert found == pytest.approx(of_pair, rel=1e-5)


def test_what_fills_up_an_update_is_not_written(
    task: TranslationTask, model: Echo, tmp_path: Path
) -> None:
    """Its pairs may be those of validation, which have the same numbers."""
    criterion = build("dece", task, tmp_path)
    model.train()
    criterion.recorder.clock.is_dummy = True
    criterion(model, {**batch(), "id": torch.arange(6)})
    assert not path_of(tmp_path, 0).exists()


def test_an_ignored_prefix_is_none_of_it(
    task: TranslationTask, model: Echo, tmp_path: Path
) -> None:
    """The last sentence has nothing else, so there is nothing to tell of it."""
    sample = {**batch(), "id": torch.arange(6)}
    build("dece", task, tmp_path, ignore_prefix_size=1)(model.train(), sample)
    dynamics = read_dynamics(tmp_path, pairs=6, epochs=1)
    for pair, of_pair in list(enumerate(expected(model, sample, skipped=1)))[:5]:
        assert [column[0, pair] for column in dynamics] == pytest.approx(of_pair, rel=1e-5)
    assert dynamics.probability[0, 5] != dynamics.probability[0, 5]


def test_without_the_option_nothing_is_written(
    task: TranslationTask, model: Echo, tmp_path: Path
) -> None:
    criterion = build("gce", task, tmp_path)
    criterion.recorder = None
    criterion(model.train(), {**batch(), "id": torch.arange(6)})
    assert not path_of(tmp_path, 0).exists()


def test_several_data_folders_and_no_epoch(task: TranslationTask, tmp_path: Path) -> None:
    recorder = ProbabilityRecorder(tmp_path, task)
    with pytest.raises(RuntimeError, match="doesn't know the epoch"):
        recorder.record(torch.arange(1), torch.ones(2), torch.ones(2, dtype=torch.bool))
    task.cfg.data = "a:b"
    with pytest.raises(UserError, match="--record-probabilities: the pairs of 2 data folders"):
        ProbabilityRecorder(tmp_path, task)
