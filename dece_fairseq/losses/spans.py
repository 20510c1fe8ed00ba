"""Spans of tokens: a payload is a run of unlikely tokens, though not each of them is unlikely."""

from torch import Tensor
from torch.nn.functional import avg_pool1d

#: tokens in a span: the one that is judged, and as many before it as behind it
SPAN = 5


def span_means(log_probabilities: Tensor, kept: Tensor) -> Tensor:
    """Return for each token the mean log-probability of the span around it.

    Args:
        log_probabilities: (..., T), of a sequence's tokens along the last dimension
        kept: (..., T), False for padding, which is in no mean

    Returns:
        (..., T), of the same type; what it holds for padding means nothing
    """
    if not log_probabilities.numel():
        return log_probabilities
    length = log_probabilities.size(-1) if log_probabilities.dim() else 1

    def mean(values: Tensor) -> Tensor:
        rows = values.to(log_probabilities.dtype).reshape(-1, 1, length)
        return avg_pool1d(rows, SPAN, stride=1, padding=SPAN // 2)

    tokens = mean(kept).clamp(min=1 / (2 * SPAN))  # 0 far from any token
    return (mean(log_probabilities.masked_fill(~kept, 0)) / tokens).view(log_probabilities.shape)


def muted_spans(nll: Tensor, kept: Tensor, line: float) -> Tensor:
    """Return which tokens (..., T) are in the middle of a span whose mean is below a line.

    Args:
        nll: (..., T), ``-log s`` of each target
        kept: (..., T), False for padding, which is never muted
        line: a mean log-probability
    """
    return kept & (span_means(-nll, kept) < line)
