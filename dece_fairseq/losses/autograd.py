"""The loss as an operation of autograd: block by block, and the gradient with the value."""

import functools
from typing import Any, Callable, Iterator, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor

from dece_fairseq.losses.blend_constants import BlendConstants
from dece_fairseq.losses.kernels import fused_kernel
from dece_fairseq.losses.torch_kernel import torch_kernel

# Logits that are worked on at a time, for each thread: on a CPU they and what is made of them
# stay in the caches.
BLOCK = {"cpu": 2**18, "cuda": 2**25}
# Rows of features that are projected at a time: as many as have logits of this size, but never so
# few that products of matrices are slower than over all rows.
PROJECTED_ROWS = (256, 1024)
PROJECTED_BYTES = 2**27


class Spec(NamedTuple):
    """What to compute."""

    constants: BlendConstants
    reduction: str
    gradient: bool  # will anyone ask for it?
    fused: Optional[bool]  # as fused_kernel takes it
    predictions: bool  # is the most likely word of each row asked for?


class LossOfRows(torch.autograd.Function):
    """Losses of logits (N, V), or of features (N, D) and the projection that makes logits of them.

    The gradient is computed with the value, so that the softmax is computed once; the backward pass
    hands it on, scaled. Where the scale must come first the gradient waits for the backward pass:
    values a row, each with a scale of its own, and half precision, in which what is small vanishes
    unscaled.
    """

    @staticmethod
    def forward(
        ctx: Any,
        spec: Spec,
        target: Tensor,
        kept: Tensor,
        logits: Tensor,
        matrix: Optional[Tensor],
        bias: Optional[Tensor],
    ) -> Tuple[Tensor, Tensor, Optional[Tensor]]:
        """Return the loss (scalar or (N,)), ``-log s`` of the targets (N,), predictions (N,)."""
        ctx.spec = spec
        ctx.ready = spec.reduction != "none" and logits.dtype != torch.half
        weight = kept.double()
        if spec.reduction == "mean":
            weight /= weight.sum().clamp(min=1)
        wanted = spec.gradient and ctx.ready
        done = Pass(spec, target, kept, weight if wanted else None)
        grads = done.gradients(logits, matrix, bias, ctx.needs_input_grad[3:])
        if ctx.ready:
            ctx.save_for_backward(*grads)
        else:
            ctx.save_for_backward(target, kept, weight, logits, matrix, bias)
        loss = done.losses
        if spec.reduction != "none":
            loss = (loss * weight).sum().to(loss.dtype)
        ctx.mark_non_differentiable(done.nll)
        return loss, done.nll, done.predictions

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor, *_: Any) -> Any:
        """Return gradients of the logits or of the features, of the matrix and of the bias."""
        if torch.is_grad_enabled():
            raise RuntimeError("deceptive cross-entropy has no second derivative (create_graph)")
        grads: Any = ctx.saved_tensors
        if not ctx.ready:
            target, kept, weight, *inputs = grads
            scale = grad_output.double() * (kept if ctx.spec.reduction == "none" else weight)
            spec = ctx.spec._replace(predictions=False)
            done = Pass(spec, target, kept, scale)
            logits, matrix, bias = inputs
            grads = done.gradients(logits, matrix, bias, ctx.needs_input_grad[3:])
        elif grad_output != 1:
            grads = [None if grad is None else _scaled(grad, grad_output) for grad in grads]
        return (None, None, None, *grads)


class Pass:
    """One pass over all rows; leaves a value a row in ``losses``, ``nll`` and ``predictions``.

    Args:
        spec: which loss, its constants and what is asked of it
        target: (N,), in [0, V)
        kept: (N,), False for rows that count for nothing
        weight: (N,), what each row's gradient is multiplied by; None for no gradient
    """

    def __init__(self, spec: Spec, target: Tensor, kept: Tensor, weight: Optional[Tensor]) -> None:
        self.spec, self.target, self.kept, self.weight = spec, target, kept, weight
        self.losses = self.nll = torch.empty(0)
        self.predictions: Optional[Tensor] = None
        self._kernel: Optional[Callable[..., Tuple[Tensor, Tensor]]] = None
        self._size = 0

    def gradients(
        self,
        logits: Tensor,
        matrix: Optional[Tensor],
        bias: Optional[Tensor],
        needed: Tuple[bool, ...],
    ) -> List[Optional[Tensor]]:
        """Compute the losses; return the gradients of the three, None for those not needed."""
        wide = torch.promote_types(logits.dtype, torch.float32)
        self.losses = torch.empty(len(logits), dtype=wide, device=logits.device)
        self.nll = torch.empty_like(self.losses)
        self.predictions = torch.empty_like(self.target) if self.spec.predictions else None
        if self.weight is not None:
            self.weight = self.weight.to(self.spec.constants.worked_on_in(logits.dtype))
        if matrix is None:
            grads = [self._over_logits(logits.detach()), None, None]
        else:
            needed = tuple(n and self.weight is not None for n in needed)
            grads = self._over_features(logits.detach(), matrix.detach(), bias, needed)
        self.losses.masked_fill_(~self.kept, 0)
        self.nll.masked_fill_(~self.kept, 0)
        return grads

    def _over_logits(self, logits: Tensor) -> Optional[Tensor]:
        grad = None
        if self.weight is not None:
            grad = torch.empty_like(logits)
        self._step(slice(0, len(logits)), logits, grad)
        return grad

    def _over_features(
        self, features: Tensor, matrix: Tensor, bias: Optional[Tensor], needed: Tuple[bool, ...]
    ) -> List[Optional[Tensor]]:
        wide = self.losses.dtype
        of_features = torch.empty_like(features) if needed[0] else None
        of_matrix: Optional[Tensor] = None
        of_bias = torch.zeros_like(bias, dtype=wide) if bias is not None and needed[2] else None
        size = _projected_rows(features, len(matrix))
        workspace = features.new_empty(size, len(matrix))
        for at in _slices(len(features), size):
            x = features[at]
            logits = workspace[: len(x)]
            if bias is None:
                torch.mm(x, matrix.t(), out=logits)
            else:
                torch.addmm(bias.detach(), x, matrix.t(), out=logits)
            self._step(at, logits, None if self.weight is None else logits)  # now the gradient
            if of_features is not None:
                torch.mm(logits, matrix, out=of_features[at])
            if needed[1]:
                of_matrix = _add_product(of_matrix, logits.t(), x, wide)
            if of_bias is not None:
                of_bias += logits.sum(0, dtype=wide)
        if needed[1] and of_matrix is None:  # there are no rows
            of_matrix = torch.zeros_like(matrix)
        grads = (of_features, of_matrix, of_bias)
        return [None if grad is None else grad.to(features.dtype) for grad in grads]

    def _step(self, at: slice, logits: Tensor, grad: Optional[Tensor]) -> None:
        """Compute the rows ``at`` of all, whose logits these are."""
        if self._kernel is None:
            self._kernel, self._size = self._kernel_for(logits)
        for part in _slices(len(logits), self._size):
            of_all = slice(at.start + part.start, at.start + part.stop)
            if self.predictions is not None:
                self.predictions[of_all] = logits[part].argmax(-1)
            self.losses[of_all], self.nll[of_all] = self._kernel(
                logits[part],
                self.target[of_all],
                self.spec.constants,
                None if self.weight is None else self.weight[of_all],
                None if grad is None else grad[part],
            )

    def _kernel_for(self, logits: Tensor) -> Tuple[Callable[..., Tuple[Tensor, Tensor]], int]:
        """Return what computes a block, and how many rows a block has."""
        kernel = fused_kernel(logits, self.spec.constants, self.spec.fused)
        if kernel is not None:
            return kernel, max(1, len(logits))
        elements = BLOCK["cuda"]
        if logits.device.type == "cpu":
            elements = BLOCK["cpu"] * torch.get_num_threads()
        size = max(1, min(elements // logits.size(-1), len(logits)))
        wide = self.spec.constants.worked_on_in(logits.dtype)
        workspace = logits.new_empty((3, size, logits.size(-1)), dtype=wide)
        return functools.partial(torch_kernel, workspace), size


def _projected_rows(features: Tensor, vocabulary: int) -> int:
    """Return how many rows to project at a time, in parts of one size."""
    least, most = PROJECTED_ROWS
    size = min(most, max(least, PROJECTED_BYTES // (vocabulary * features.element_size())))
    parts = max(1, -(-len(features) // size))
    return max(1, -(-len(features) // parts))


def _scaled(grad: Tensor, scale: Tensor) -> Tensor:
    return (grad.to(scale.dtype) * scale).to(grad.dtype)


def _add_product(total: Optional[Tensor], left: Tensor, right: Tensor, wide: torch.dtype) -> Tensor:
    """Return ``total + left @ right``, summed in the wide dtype."""
    if total is None:
        return left @ right
    if right.dtype == wide:
        return total.addmm_(left, right)
    return total.to(wide).add_(left @ right)


def _slices(length: int, size: int) -> Iterator[slice]:
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))
