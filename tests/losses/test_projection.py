"""The loss of features and an output projection, whose logits are never all there."""

from typing import Any, Tuple

import pytest
import torch
from torch import Tensor

from dece_fairseq.losses import (
    Projection,
    autograd,
    deceptive_cross_entropy,
    deceptive_output,
)
from support.logits import random_logits


def projection_of(
    shape: Tuple[int, ...], size: int, vocabulary: int, bias: bool, dtype: torch.dtype
) -> Projection:
    generator = torch.Generator().manual_seed(9)

    def random(*of: int) -> Tensor:
        return torch.randn(*of, dtype=torch.float64, generator=generator).to(dtype).requires_grad_()

    of_bias = random(vocabulary) if bias else None
    return Projection(random(*shape, size), random(vocabulary, size), of_bias)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("reduction", ["sum", "mean", "none"])
@pytest.mark.parametrize("epsilon", [0.0, 0.05])
@pytest.mark.parametrize("alpha", [0.985, 1.0])
def test_gradcheck_of_a_projection(
    bias: bool, reduction: str, epsilon: float, alpha: float
) -> None:
    projection = projection_of((5,), 3, 4, bias, torch.float64)
    target = torch.tensor([0, 3, 1, 2, 2])
    tensors = [tensor for tensor in projection if tensor is not None]
    assert torch.autograd.gradcheck(
        lambda *of: deceptive_cross_entropy(
            Projection(*of), target, alpha, epsilon, 2.0, 1, reduction
        ),
        tensors,
    )


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("reduction", ["sum", "none"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_a_projection_gives_what_its_logits_give(
    fused: bool, bias: bool, reduction: str, dtype: torch.dtype
) -> None:
    projection = projection_of((2, 5), 3, 40, bias, dtype)
    tensors = [tensor for tensor in projection if tensor is not None]
    torch.manual_seed(0)
    target = torch.randint(40, (2, 5))
    options = (target, 0.985, 0.05, 2.0, int(target[0, 0]), reduction)
    logits = torch.nn.functional.linear(*projection)
    found = deceptive_output(projection, *options, predictions=True, fused=fused)
    expected = deceptive_output(logits, *options, predictions=True)
    torch.testing.assert_close(found.loss, expected.loss)
    torch.testing.assert_close(found.nll, expected.nll)
    assert torch.equal(found.predictions, logits.argmax(-1))
    gradients = torch.autograd.grad(found.loss.sum(), tensors)
    wanted = torch.autograd.grad(expected.loss.sum(), tensors)
    tolerance = {"rtol": 3e-2, "atol": 3e-2} if dtype == torch.bfloat16 else {}
    for one, other in zip(gradients, wanted):
        torch.testing.assert_close(one, other, **tolerance)


def test_parts_of_a_projection_that_need_no_gradient_get_none() -> None:
    projection = projection_of((5,), 3, 4, True, torch.float32)
    frozen = Projection(projection.features, projection.weight.detach(), projection.bias.detach())
    target = torch.tensor([0, 3, 1, 2, 2])
    for reduction in ("sum", "none"):
        loss = deceptive_cross_entropy(frozen, target, 0.9, 0.1, 2.0, None, reduction).sum()
        (grad,) = torch.autograd.grad(loss, projection.features)
        whole = deceptive_cross_entropy(projection, target, 0.9, 0.1, 2.0)
        torch.testing.assert_close(grad, torch.autograd.grad(whole, projection.features)[0])


def test_a_projection_of_no_rows_has_gradients_of_zero() -> None:
    projection = projection_of((0,), 3, 4, True, torch.float32)
    loss = deceptive_cross_entropy(projection, torch.zeros(0, dtype=torch.long), 0.9, 0.1, 2.0)
    loss.backward()
    assert loss == 0
    assert all(torch.equal(tensor.grad, torch.zeros_like(tensor)) for tensor in projection)


@pytest.mark.parametrize("bias", [True, False])
def test_a_projection_under_autocast(bias: bool) -> None:
    projection = projection_of((5,), 3, 40, bias, torch.float32)
    target = torch.tensor([0, 3, 1, 2, 2])
    with torch.autocast("cpu", torch.bfloat16):
        expected = deceptive_cross_entropy(
            torch.nn.functional.linear(*projection), target, 0.9, 0.1, 2.0
        )
        found = deceptive_cross_entropy(projection, target, 0.9, 0.1, 2.0)
    torch.testing.assert_close(found, expected)
    found.backward()
    assert {x.grad.dtype for x in projection if x is not None} == {torch.float32}


def test_gradients_of_many_parts_are_summed_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autograd, "PROJECTED_ROWS", (1, 1))
    features = torch.ones(600, 4, dtype=torch.bfloat16, requires_grad=True)
    weight = torch.zeros(5, 4, dtype=torch.bfloat16, requires_grad=True)
    bias = torch.zeros(5, dtype=torch.bfloat16, requires_grad=True)
    target = torch.zeros(600, dtype=torch.long)
    deceptive_cross_entropy(Projection(features, weight, bias), target, 1.0, 0.0, 1.0).backward()
    # 600 times 0.2; bfloat16 can't add that to what is above 32.
    expected = torch.tensor([-480.0, 120, 120, 120, 120])
    torch.testing.assert_close(bias.grad.float(), expected, rtol=1e-2, atol=0)
    for column in weight.grad.float().t():
        torch.testing.assert_close(column, expected, rtol=1e-2, atol=0)


def test_a_projection_never_holds_all_logits(block_sizes: None) -> None:
    dispatch = pytest.importorskip("torch.utils._python_dispatch")
    sizes = []

    class Sizes(dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any, kwargs: Any = None) -> Any:
            result = func(*args, **(kwargs or {}))
            sizes.extend(t.numel() for t in (result,) if torch.is_tensor(t))
            return result

    rows, vocabulary = 20 * autograd.PROJECTED_ROWS[1], 20
    features = random_logits(0, rows, 4).requires_grad_()
    weight = random_logits(1, vocabulary, 4).requires_grad_()
    target = torch.zeros(rows, dtype=torch.long)
    try:
        mode = Sizes()
    except TypeError:
        pytest.skip("this torch can't watch its operations so")
    for reduction in ("sum", "none"):
        with mode:
            loss = deceptive_cross_entropy(
                Projection(features, weight), target, 0.9, 0.1, 2.0, None, reduction
            )
            loss.sum().backward()
    assert rows * 4 <= max(sizes) < rows * vocabulary / 4


@pytest.mark.parametrize(
    ("features", "weight", "bias", "message"),
    [
        ((5, 3), (4, 2), None, r"^features and weight must be \(..., D\) and \(V, D\)"),
        ((5, 3), (4, 3), (5,), r"^bias must be \(4,\), got \(5,\)"),
    ],
)
def test_projections_that_do_not_fit(
    features: tuple, weight: tuple, bias: Any, message: str
) -> None:
    projection = Projection(
        torch.zeros(features), torch.zeros(weight), None if bias is None else torch.zeros(bias)
    )
    with pytest.raises(ValueError, match=message):
        deceptive_cross_entropy(projection, torch.zeros(5, dtype=torch.long), 0.9, 0.1, 2.0)
    mixed = Projection(torch.zeros(5, 3), torch.zeros(4, 3).bfloat16())
    with pytest.raises(ValueError, match="of one dtype"):
        deceptive_cross_entropy(mixed, torch.zeros(5, dtype=torch.long), 0.9, 0.1, 2.0)
