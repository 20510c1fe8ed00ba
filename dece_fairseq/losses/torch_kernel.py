"""The arithmetic of the loss over a few rows of logits, in plain torch."""

import math
from typing import Optional, Tuple

import torch
from torch import Tensor

from dece_fairseq.losses.blend_constants import BlendConstants


def torch_kernel(
    workspace: Tensor,
    logits: Tensor,
    target: Tensor,
    constants: BlendConstants,
    weight: Optional[Tensor] = None,
    grad: Optional[Tensor] = None,
) -> Tuple[Tensor, Tensor]:
    """Return deceptive cross-entropy and ``-log s`` of the target, row by row, and the gradient.

    The rows are read and written some ten times, so they should fit the cache. For the same reason
    what lies between has a workspace: memory that is new each time would cost more than the work.

    Args:
        workspace: (3, R or more, V), of the dtype that is worked in; is overwritten
        logits: (R, V), any floating type
        target: (R,), in [0, V)
        constants: the constants
        weight: (R,), of the workspace's dtype, what the gradient of each row is multiplied by
        grad: (R, V), takes ``weight * d loss / d logits``; may be the logits themselves

    Returns:
        the losses (R,) and the negative log-likelihoods (R,), of the workspace's dtype
    """
    d, wide = constants, workspace.dtype
    index = target.unsqueeze(-1)
    s, x, products = workspace[:, : len(logits)]
    torch.softmax(logits if logits.dtype == wide else s.copy_(logits), dim=-1, out=s)
    s_t = s.gather(-1, index)
    nll = -s_t.log()
    if s.is_cuda or float(nll.max()) > 69:  # s_t may be too small to have a logarithm
        below = logits.amax(-1, True).to(wide) - logits.gather(-1, index).to(wide)
        nll = below - s.amax(-1, True).log()
        s_t = torch.exp(-nll)

    # The gradient is s_j * pull - slope * share_j; of the target s_t * pull - pull_t.
    share, slope = None, 0.0
    if d.log_blend == 0:
        loss = (1 - d.epsilon) * nll
        pull, pull_t = torch.ones_like(nll), torch.full_like(nll, 1 - d.epsilon)
        if d.epsilon > 0:
            slope = d.off  # its share is 1
            z_t = logits.gather(-1, index).to(wide)
            above = logits.sum(-1, True, dtype=wide) - d.vocabulary * z_t  # the target, in sum
            others = (d.vocabulary - 1) * nll - above
            # An infinite loss of the target stays so: -inf less -inf would make it nan.
            loss = torch.where(nll.isinf(), nll, loss + d.off * others)
    else:
        p_t = d.a * s_t + d.rest * (1 - d.epsilon)
        loss = -(1 - d.epsilon) * p_t.log()
        pull = pull_t = d.a * (1 - d.epsilon) * s_t / p_t
        if d.epsilon > 0:
            torch.add(workspace.new_ones(()), s, alpha=d.ratio, out=x)
            x_t = 1 + d.ratio * s_t
            others = _sum_of_logs(x, d.factors(wide), products) - x_t.log()
            loss = loss - d.off * (others + (d.vocabulary - 1) * math.log(d.b))
            share, slope = torch.div(s, x, out=x), d.off * d.ratio
            pull = pull_t + slope * (share.sum(-1, True) - s_t / x_t)

    if grad is not None and weight is not None:
        weight = weight.unsqueeze(-1)
        result = grad if grad.dtype == wide else s
        torch.mul(s, weight * pull, out=s if slope else result)
        if share is not None and slope:
            torch.addcmul(s, share, weight * -slope, out=result)
        elif slope:
            torch.sub(s, weight * slope, out=result)
        if result is s:
            grad.copy_(s)
        grad.scatter_(-1, index, (weight * (s_t * pull - pull_t)).to(grad.dtype))
    return loss.squeeze(-1), nll.squeeze(-1)


def _sum_of_logs(x: Tensor, factors: int, workspace: Tensor) -> Tensor:
    """Return ``x.log().sum(-1, True)``, one logarithm for that many factors."""
    size = -(-x.size(-1) // factors)
    whole = x.size(-1) // size * size
    products = workspace.view(-1)[: len(x) * size].view(len(x), size)
    torch.prod(x[:, :whole].view(len(x), -1, size), 1, out=products)
    if whole < x.size(-1):
        products[:, : x.size(-1) - whole].mul_(x[:, whole:])
    return products.log_().sum(-1, True)
