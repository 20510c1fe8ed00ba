"""The kernel for GPUs, on one or in Triton's interpreter: TRITON_INTERPRET=1 pytest ..."""

import math
import os

import pytest
import torch

from dece_fairseq.losses.blend_constants import BlendConstants
from dece_fairseq.losses.torch_kernel import torch_kernel

pytest.importorskip("triton")
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
if not (torch.cuda.is_available() or INTERPRETED):
    pytest.skip("neither a GPU nor TRITON_INTERPRET=1", allow_module_level=True)
DEVICE = "cpu" if INTERPRETED else "cuda"


@pytest.fixture(autouse=True, scope="module")
def block_sizes() -> None:
    """Leave them: each test here is run once."""


@pytest.mark.parametrize("vocabulary", [2, 7, 5000])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.half])
@pytest.mark.parametrize("epsilon", [0.0, 0.05])
@pytest.mark.parametrize("alpha", [0.5, 0.985, 1.0])
@pytest.mark.parametrize("in_place", [True, False])
def test_equals_plain_torch(
    vocabulary: int, dtype: torch.dtype, epsilon: float, alpha: float, in_place: bool
) -> None:
    from dece_fairseq.losses.triton_kernel import triton_kernel

    torch.manual_seed(0)
    logits = (3 * torch.randn(4, vocabulary)).to(DEVICE, dtype)
    logits[1, :] = torch.linspace(-1e4, 1e4, vocabulary)
    logits[2, 1] = -math.inf
    target = torch.randint(vocabulary, (4,), device=DEVICE)
    target[2] = 0
    weight = torch.tensor([1.0, 0.5, 2.0, 0.0], device=DEVICE)
    constants = BlendConstants(math.log(alpha), epsilon, vocabulary)
    workspace = torch.empty(3, 4, vocabulary, device=DEVICE)
    wanted = torch.empty_like(logits)
    expected = torch_kernel(workspace, logits, target, constants, weight, wanted)
    without_grad = triton_kernel(logits, target, constants)
    grad = logits if in_place else torch.empty_like(logits)
    found = triton_kernel(logits, target, constants, weight, grad)
    for one, other, again in zip(found, expected, without_grad):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(again, other, rtol=1e-5, atol=1e-5)
    # The interpreter cuts off where a GPU rounds.
    unit = 2 * torch.finfo(dtype).eps
    torch.testing.assert_close(grad, wanted, rtol=max(unit, 1e-5), atol=2e-6)
