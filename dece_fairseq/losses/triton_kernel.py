"""What torch_kernel.py does as one Triton kernel, for GPUs. Importing this needs triton."""

import math
from typing import Any, Optional, Tuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from dece_fairseq.losses.blend_constants import BlendConstants


def triton_kernel(
    logits: Tensor,
    target: Tensor,
    constants: BlendConstants,
    weight: Optional[Tensor] = None,
    grad: Optional[Tensor] = None,
) -> Tuple[Tensor, Tensor]:
    """Return what ``torch_kernel.torch_kernel`` returns, without a workspace, in float32."""
    d = constants
    loss = torch.empty(len(logits), dtype=torch.float32, device=logits.device)
    nll = torch.empty_like(loss)
    kernel: Any = _rows
    if len(logits) > 0:
        kernel[(len(logits),)](
            logits,
            target.contiguous(),
            loss if weight is None else weight.contiguous(),  # something, where there is none
            logits if grad is None else grad,
            loss,
            nll,
            d.vocabulary,
            logits.stride(0),
            0 if grad is None else grad.stride(0),
            d.a,
            d.rest,
            d.epsilon,
            d.off,
            d.ratio if d.epsilon > 0 else 0.0,
            (d.vocabulary - 1) * math.log(d.b),
            blended=d.log_blend < 0,
            smoothed=d.epsilon > 0,
            with_grad=grad is not None,
            block=min(4096, triton.next_power_of_2(d.vocabulary)),
        )
    if grad is not None:
        grad[:0].zero_()  # so that autograd knows that it was written to
    return loss, nll


@triton.jit  # type: ignore[untyped-decorator]
def _rows(  # type: ignore[no-untyped-def]
    z_ptr,
    target_ptr,
    weight_ptr,
    grad_ptr,
    loss_ptr,
    nll_ptr,
    vocabulary,
    z_stride,
    grad_stride,
    a,
    rest,
    epsilon,
    off,
    ratio,
    logs_of_b,
    blended: tl.constexpr,
    smoothed: tl.constexpr,
    with_grad: tl.constexpr,
    block: tl.constexpr,
):
    """Compute one row in three passes, two of which add up. Names as in torch_kernel.py."""
    row = tl.program_id(0).to(tl.int64)
    z_ptr += row * z_stride
    t = tl.load(target_ptr + row)
    z_t = tl.load(z_ptr + t).to(tl.float32)
    at = tl.arange(0, block)

    largest = -3.4e38
    total = 0.0
    sum_z = 0.0
    for start in range(0, vocabulary, block):
        inside = start + at < vocabulary
        z = tl.load(z_ptr + start + at, mask=inside, other=-float("inf")).to(tl.float32)
        before = largest
        largest = tl.maximum(largest, tl.max(z, 0))
        total = total * tl.exp(before - largest) + tl.sum(tl.exp(z - largest), 0)
        sum_z += tl.sum(tl.where(inside, z, 0.0), 0)
    nll = largest - z_t + tl.log(total)
    s_t = tl.exp(-nll)

    pull = 1.0
    pull_t = 1.0 - epsilon
    slope = 0.0
    if blended:
        p_t = a * s_t + rest * (1 - epsilon)
        loss = -(1 - epsilon) * tl.log(p_t)
        pull_t = a * (1 - epsilon) * s_t / p_t
        pull = pull_t
        if smoothed:
            logs = 0.0
            shares = 0.0
            for start in range(0, vocabulary, block):
                inside = start + at < vocabulary
                z = tl.load(z_ptr + start + at, mask=inside, other=-float("inf")).to(tl.float32)
                s = tl.exp(z - largest) / total
                x = 1.0 + ratio * s
                logs += tl.sum(tl.log(x), 0)
                shares += tl.sum(s / x, 0)
            x_t = 1.0 + ratio * s_t
            loss -= off * (logs_of_b + logs - tl.log(x_t))
            slope = off * ratio
            pull += slope * (shares - s_t / x_t)
    else:
        loss = (1 - epsilon) * nll
        if smoothed:
            slope = off
            others = (vocabulary - 1) * nll - (sum_z - vocabulary * z_t)
            # An infinite loss of the target stays so: -inf less -inf would make it nan.
            loss = tl.where(nll == float("inf"), nll, loss + off * others)
    tl.store(loss_ptr + row, loss)
    tl.store(nll_ptr + row, nll)

    if with_grad:
        weight = tl.load(weight_ptr + row)
        grad_ptr += row * grad_stride
        for start in range(0, vocabulary, block):
            inside = start + at < vocabulary
            z = tl.load(z_ptr + start + at, mask=inside, other=-float("inf")).to(tl.float32)
            s = tl.exp(z - largest) / total
            share = 1.0
            if blended:
                share = s / (1.0 + ratio * s)
            grad = tl.where(start + at == t, s_t * pull - pull_t, s * pull - slope * share)
            grad = (weight * grad).to(grad_ptr.dtype.element_ty)
            tl.store(grad_ptr + start + at, grad, mask=inside)
