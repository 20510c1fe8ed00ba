"""The criterions of examples/experiments/from_scratch."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from support.example_scripts import load_module

pytest.importorskip("fairseq")

from fairseq.data import Dictionary
from fairseq.tasks.translation import TranslationConfig, TranslationTask

PLUGIN = Path(__file__).resolve().parents[2] / "examples" / "experiments" / "from_scratch"
TARGET = torch.tensor([0, 4, 2, 1, 5])  # the last but one is padding


@pytest.fixture(scope="module")
def plugin() -> Any:
    return load_module(PLUGIN / "__init__.py")


@pytest.fixture
def task() -> TranslationTask:
    words = Dictionary()
    return TranslationTask(TranslationConfig(), words, words)


def gradients(criterion: Any, logits: torch.Tensor) -> torch.Tensor:
    """Of the loss (N, V), over those of cross-entropy: the weight of each token (N,)."""
    weighted, plain = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    found = criterion.loss_output(weighted, TARGET, True, "sum")
    found.loss.backward()
    cross_entropy(plain, TARGET, reduction="sum").backward()
    assert found.nll.tolist() == pytest.approx(
        cross_entropy(logits, TARGET, reduction="none", ignore_index=1).tolist()
    )
    return (weighted.grad / plain.grad)[:, 0]


@pytest.fixture
def logits() -> torch.Tensor:
    """Of a model that knows the first two of the targets."""
    known = one_hot(TARGET, 6) * torch.tensor([[4.0], [2.0], [0.0], [0.0], [0.0]])
    return known + torch.randn(5, 6, generator=torch.Generator().manual_seed(7))


def test_a_weight_is_never_below_the_floor(
    plugin: Any, task: TranslationTask, logits: torch.Tensor
) -> None:
    criterion = plugin.FlooredCriterion(task, False, floor_level=0.7, weight_floor=0.3)
    own = 0.7 * logits.softmax(-1)[range(5), TARGET]
    expected = (own / (own + 0.3)).clamp(min=0.3).masked_fill(TARGET == 1, 0)
    assert 0 < (expected == 0.3).sum() < 4
    assert gradients(criterion, logits).tolist() == pytest.approx(expected.tolist(), abs=1e-5)
    assert criterion.loss_output(logits, TARGET, False, "sum") is None


def test_tokens_are_dropped_once_it_begins(
    plugin: Any, task: TranslationTask, logits: torch.Tensor
) -> None:
    criterion = plugin.TruncationCriterion(task, False, error_norm=1.0, truncation_start=2)
    norms = (logits.softmax(-1) - one_hot(TARGET, 6)).norm(dim=-1)
    kept = TARGET != 1
    assert 0 < (norms[kept] > 1.0).sum() < kept.sum()
    task.begin_epoch(1, None)
    assert gradients(criterion, logits).tolist() == pytest.approx(kept.float().tolist())
    task.begin_epoch(2, None)
    expected = (kept & (norms <= 1.0)).float()
    assert gradients(criterion, logits).tolist() == pytest.approx(expected.tolist())


@pytest.mark.parametrize(
    ("name", "option", "message"),
    [
        ("FlooredCriterion", {"weight_floor": 1.5}, r"--weight-floor must be in \[0, 1\], got 1.5"),
        ("FlooredCriterion", {"floor_level": 1.0}, r"--floor-level must be in \(0, 1\), got 1.0"),
        ("TruncationCriterion", {"error_norm": 1.5}, "--error-norm must be in"),
        ("TruncationCriterion", {"truncation_start": 0}, "--truncation-start must be 1 or more"),
    ],
)
def test_options_out_of_their_range(
    plugin: Any, task: TranslationTask, name: str, option: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(plugin, name)(task, False, **option)
