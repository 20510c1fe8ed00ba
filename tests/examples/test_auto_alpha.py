"""The criterion of examples/experiments/auto_alpha, which follows the losses of tokens."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from support.example_scripts import load_module

pytest.importorskip("fairseq")

from fairseq.data import Dictionary
from fairseq.tasks.translation import TranslationConfig, TranslationTask

PLUGIN = Path(__file__).resolve().parents[2] / "examples" / "experiments" / "auto_alpha"


@pytest.fixture(scope="module")
def plugin() -> Any:
    return load_module(PLUGIN / "__init__.py")


def test_the_blend_is_that_of_the_surprising_tokens_and_never_falls(plugin: Any) -> None:
    words = Dictionary()
    task = TranslationTask(TranslationConfig(), words, words)
    criterion = plugin.AutoDeceCriterion(task, False, auto_share=0.5)
    assert criterion.blend() == 1
    # Of two words, with 0.5 and 0.25; the median of -log is between them.
    logits = torch.tensor([[0.5, 0.0, 0.5], [0.25, 0.0, 0.75]]).log().clamp(min=-50)
    target = torch.zeros(2, dtype=torch.long)
    found = criterion.loss_output(logits, target, True, "sum")
    middle = (math.log(2) + math.log(4)) / 2
    assert found.nll.tolist() == pytest.approx([math.log(2), math.log(4)])
    assert criterion.blend() == pytest.approx(1 / (1 + math.exp(-middle)))
    before = criterion.blend()
    criterion.loss_output(logits - 9 * torch.tensor([1.0, 0, 0]), target, True, "sum")
    assert criterion.blend() == before
    assert criterion.loss_output(logits, target, False, "sum") is None
