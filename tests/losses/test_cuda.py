"""The losses on a GPU, against the same on a CPU in float64."""

from typing import Any, Dict, Optional

import pytest
import torch
from torch import Tensor

from dece_fairseq.losses import LossOutput, Projection, deceptive_output
from dece_fairseq.losses.kernels import load_triton_kernel

if not torch.cuda.is_available():
    pytest.skip("no GPU", allow_module_level=True)

ROWS, FEATURES, WORDS, PADDING = 37, 24, 1031, 1
TOLERANCES: Dict[torch.dtype, Any] = {
    torch.float32: {"rtol": 1e-4, "atol": 1e-5},
    torch.bfloat16: {"rtol": 2e-2, "atol": 2e-3},
    torch.half: {"rtol": 2e-3, "atol": 1e-3},
}


def made(dtype: torch.dtype, projected: bool) -> Any:
    """Return features and a matrix, or logits, and targets; numbers that the dtype holds."""
    torch.manual_seed(0)
    shapes = [(ROWS, FEATURES), (WORDS, FEATURES)] if projected else [(ROWS, WORDS)]
    values = [torch.randn(shape).to(dtype) for shape in shapes]
    return values, torch.randint(WORDS, (ROWS,))


def outcome(values: Any, target: Tensor, *options: Any, **more: Any) -> Any:
    """Return what the loss gives, and the gradients of the sum of its values."""
    leaves = [value.clone().requires_grad_() for value in values]
    logits = Projection(*leaves) if len(leaves) > 1 else leaves[0] * 1
    output = deceptive_output(logits, target, *options, predictions=True, **more)
    output.loss.sum().backward()
    return output, [leaf.grad for leaf in leaves]


@pytest.mark.parametrize("fused", [None, True, False])
@pytest.mark.parametrize("projected", [False, True])
@pytest.mark.parametrize("dtype", list(TOLERANCES))
@pytest.mark.parametrize("reduction", ["sum", "mean", "none"])
@pytest.mark.parametrize(("alpha", "epsilon"), [(0.985, 0.05), (0.8, 0.0), (1.0, 0.1)])
def test_equals_the_cpu(
    fused: Optional[bool],
    projected: bool,
    dtype: torch.dtype,
    reduction: str,
    alpha: float,
    epsilon: float,
) -> None:
    if fused and load_triton_kernel() is None:
        pytest.skip("no triton")
    values, target = made(dtype, projected)
    options = (alpha, epsilon, 2.0, PADDING, reduction)
    on_gpu = [value.cuda() for value in values]
    found: LossOutput
    found, grads = outcome(on_gpu, target.cuda(), *options, fused=fused)
    expected, exact = outcome([value.double() for value in values], target, *options, fused=False)
    tolerance = TOLERANCES[dtype]
    torch.testing.assert_close(found.loss.cpu().double(), expected.loss, **tolerance)
    torch.testing.assert_close(found.nll.cpu().double(), expected.nll, **tolerance)
    for grad, wanted in zip(grads, exact):
        assert grad.is_cuda
        torch.testing.assert_close(grad.cpu().double(), wanted, **tolerance)
    assert found.predictions is not None
    if dtype == torch.float32:
        assert torch.equal(found.predictions.cpu(), expected.predictions)


@pytest.mark.parametrize("fused", [None, True])
def test_half_gradients_are_scaled_before_they_are_rounded(fused: Optional[bool]) -> None:
    """As fairseq's --fp16 relies on; unscaled, all of these would be 0."""
    logits = torch.zeros(1, 8, dtype=torch.half, device="cuda")
    logits[0, 0] = 18.0
    logits.requires_grad_()
    target = torch.tensor([0], device="cuda")
    output = deceptive_output(logits * 1, target, 0.9, 0.0, 2.0, fused=fused)
    (output.loss * 2.0**15).backward()
    exact = logits.detach().cpu().double().requires_grad_()
    deceptive_output(exact, target.cpu(), 0.9, 0.0, 2.0).loss.backward()
    expected = 2.0**15 * exact.grad[0, 1:]
    torch.testing.assert_close(logits.grad[0, 1:].cpu().double(), expected, rtol=2e-3, atol=0)
