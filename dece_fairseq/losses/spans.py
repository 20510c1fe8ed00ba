"""Spans of tokens: a payload is a run of unlikely tokens, though not each of them is unlikely.

What the data hold more often than trusted text, and the model finds unlikely, is what training
would teach besides the task.
"""

from typing import List, Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d

#: tokens in a span: the one that is judged, and as many before it as behind it
SPAN = 5
#: a span is new where it is more than so many times as frequent as in trusted text
NEW = 2


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


def new_spans(doubtful: Sequence[Tensor], trusted: Sequence[Tensor]) -> List[Tensor]:
    """Return which tokens are in the middle of a span that trusted text has not, or seldom.

    A span is new where its share of all doubtful ones is more than ``NEW`` times its share of the
    trusted ones. So a wording that the trusted text has too is none, and a payload is one though
    clean text has it now and then.

    Args:
        doubtful: the tokens (T,) of each sequence, without padding
        trusted: the same of text that is trusted

    Returns:
        for each doubtful sequence, (T,)

    Raises:
        ValueError: a token is below 0
    """
    numbers = _span_numbers([*trusted, *doubtful])
    sizes = [sum(map(len, sequences)) for sequences in (trusted, doubtful)]
    of_trusted, of_doubtful = torch.split(numbers, sizes)
    kinds = int(numbers.max()) + 1 if len(numbers) else 0
    usual, found = (torch.bincount(part, minlength=kinds) for part in (of_trusted, of_doubtful))
    is_new = found * max(1, len(of_trusted)) > NEW * usual * len(of_doubtful)
    return list(torch.split(is_new[of_doubtful], [len(tokens) for tokens in doubtful]))


def _span_numbers(sequences: Sequence[Tensor]) -> Tensor:
    """Return a number for the span around each token of all, the same for the same tokens."""
    half = SPAN // 2
    lengths = torch.tensor([len(tokens) for tokens in sequences], dtype=torch.long)
    tokens = torch.cat([torch.zeros(0, dtype=torch.long), *(part.long() for part in sequences)])
    if not len(tokens):
        return tokens
    if int(tokens.min()) < 0:
        raise ValueError("tokens must be 0 or more; padding, such as labels of -100, is left out")
    # Between sequences there are places of no token, -1, so that no span has parts of two.
    order = torch.repeat_interleave(torch.arange(len(sequences)), lengths)
    places = torch.arange(len(tokens)) + half * (order + 1)
    spaced = tokens.new_full((len(tokens) + half * (len(sequences) + 1),), -1)
    spaced[places] = tokens
    numbers = torch.zeros_like(tokens)
    for offset in range(-half, half + 1):
        longer = numbers * (int(tokens.max()) + 2) + spaced[places + offset] + 1
        numbers = torch.unique(longer, return_inverse=True)[1]
    return numbers
