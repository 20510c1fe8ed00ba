"""Targets of any integer type are taken, and what is no target is named."""

from typing import Any, Callable

import pytest
import torch
from torch import Tensor

from dece_fairseq.losses import (
    Projection,
    deceptive_cross_entropy,
    generalized_cross_entropy,
    in_trust,
)


def _deceptive(fused: Any) -> Callable[..., Tensor]:
    def loss(logits: Any, target: Tensor, **options: Any) -> Tensor:
        return deceptive_cross_entropy(logits, target, 0.9, 0.1, 2.0, fused=fused, **options)

    return loss


LOSSES = [
    pytest.param(_deceptive(None), id="default"),
    pytest.param(_deceptive(True), id="fused"),
    pytest.param(_deceptive(False), id="plain torch"),
    pytest.param(generalized_cross_entropy, id="generalized"),
    pytest.param(in_trust, id="in trust"),
]
WORDS = [2, 0, 156, 9]


def logits() -> Tensor:
    return torch.randn(4, 200, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32], ids=str)
def test_integers_of_any_width_are_the_same_targets(
    loss: Callable[..., Tensor], dtype: torch.dtype
) -> None:
    for ignored in (None, 9, -100):  # as uint8, -100 would be 156
        found, expected = (
            loss(logits(), torch.tensor(WORDS, dtype=kind), ignore_index=ignored, reduction="mean")
            for kind in (dtype, torch.int64)
        )
        assert torch.equal(found, expected)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.half, torch.bool, torch.cfloat], ids=str)
def test_what_is_no_integer_is_named(loss: Callable[..., Tensor], dtype: torch.dtype) -> None:
    with pytest.raises(ValueError, match=rf"^target must be integers, got {dtype}$"):
        loss(logits(), torch.tensor([1, 0, 1, 0]).to(dtype))


@pytest.mark.parametrize("loss", LOSSES)
def test_targets_on_another_device_are_named(loss: Callable[..., Tensor]) -> None:
    message = r"^target must be on cpu, as the logits are, got meta$"
    with pytest.raises(ValueError, match=message):
        loss(logits(), torch.tensor(WORDS, device="meta"))


def test_targets_on_another_device_than_features_are_named() -> None:
    projection = Projection(torch.randn(4, 3), torch.randn(200, 3))
    with pytest.raises(ValueError, match=r"^target must be on cpu, as the logits are, got meta$"):
        _deceptive(None)(projection, torch.tensor(WORDS, device="meta"))
