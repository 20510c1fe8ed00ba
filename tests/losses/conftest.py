"""The definition, which every form is compared with."""

from typing import Callable, Optional

import pytest
import torch
from torch import Tensor

from dece_fairseq.losses import autograd


def plain_formula(
    logits: Tensor,
    target: Tensor,
    alpha: float,
    epsilon: float,
    time: float,
    ignore_index: Optional[int] = None,
) -> Tensor:
    """The definition, token by token, without any care for extreme values."""
    a = alpha**time
    losses = []
    for row, t in zip(logits.reshape(-1, logits.size(-1)), target.reshape(-1).tolist()):
        if t == ignore_index:
            losses.append(row.new_zeros(()))
            continue
        q = torch.full_like(row, epsilon / (len(row) - 1))
        q[t] = 1 - epsilon
        p = a * row.softmax(0) + (1 - a) * q
        losses.append(-(q * p.log()).sum())
    return torch.stack(losses).reshape(target.shape)


@pytest.fixture(name="plain_formula", scope="session")
def _plain_formula() -> Callable[..., Tensor]:
    return plain_formula


@pytest.fixture(autouse=True, scope="module", params=["blocks of a few rows", "one block"])
def block_sizes(request: pytest.FixtureRequest) -> object:
    """Every test in blocks that are smaller than its tensors too."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param != "one block":
            patch.setattr(autograd, "BLOCK", {"cpu": 20, "cuda": 20})
            patch.setattr(autograd, "PROJECTED_ROWS", (3, 3))
        yield
