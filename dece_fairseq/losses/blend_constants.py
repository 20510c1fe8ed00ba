"""The constants of the deceptive distribution: what alpha, epsilon and the time come to."""

import functools
import math
from typing import NamedTuple

import torch


class BlendConstants(NamedTuple):
    """``p = a * s + rest * q`` over a vocabulary, with q off the target ``off``.

    Off the target it is used as ``p = b * x`` with ``b = rest * off`` and ``x = 1 + ratio * s``:
    x is 1 or more, so that products of it can't vanish, and is exact where s is small.
    """

    log_blend: float  # time * log(alpha); 0 is label-smoothed cross-entropy
    epsilon: float
    vocabulary: int

    @property
    def a(self) -> float:
        return math.exp(self.log_blend)

    @property
    def rest(self) -> float:
        """Return 1 - a, exact for an a near 1."""
        return -math.expm1(self.log_blend)

    @property
    def off(self) -> float:
        """Return q of every word but the target."""
        return self.epsilon / (self.vocabulary - 1)

    @property
    def b(self) -> float:
        """Return p of a word that is not the target and that the model finds impossible."""
        return max(self.rest * self.off, 1e-290)  # 0 has no logarithm

    @property
    def ratio(self) -> float:
        return self.a / self.b

    def worked_on_in(self, dtype: torch.dtype) -> torch.dtype:
        """Return float32 for all but float64, and for a blend that float32 can't tell from 1."""
        least = self.rest * (self.off or 1)  # what is added to a share of the softmax
        far = self.log_blend < 0 and self.a > 1e30 * least
        return torch.float64 if far else torch.promote_types(dtype, torch.float32)

    @functools.lru_cache(maxsize=64)  # noqa: B019  a tuple of numbers
    def factors(self, dtype: torch.dtype) -> int:
        """Return how many x of one row can be multiplied without leaving the range.

        As s sums to 1, the product of n of them is at most ``(1 + ratio / n) ** n``.
        """
        limit, ratio = math.log(torch.finfo(dtype).max) - 1, self.ratio
        fitting = [n for n in range(1, 17) if n * math.log1p(ratio / n) < limit]
        return max(fitting, default=1)
