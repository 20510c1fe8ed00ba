"""Spans of tokens: a payload is a run of unlikely tokens, though not each of them is unlikely.

What the data hold more often than trusted text, and the model finds unlikely, is what training
would teach besides the task.
"""

from typing import Iterable, Iterator, List, Sequence, Tuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d

#: tokens in a span: the one that is judged, and as many before it as behind it
SPAN = 5
#: a span is new where it is more than so many times as frequent as in trusted text
NEW = 2
#: tokens that are looked for in trusted text at a time
AT_ONCE = 1 << 20
#: the number of a span that trusted text has not
UNKNOWN = -1


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
    tokens, lengths = _joined(doubtful)
    return list(torch.split(new_tokens(tokens, lengths, trusted), lengths.tolist()))


def new_tokens(tokens: Tensor, lengths: Tensor, trusted: Sequence[Tensor]) -> Tensor:
    """Return which tokens are in the middle of a new span, as ``new_spans``, of joined sequences.

    Memory is a few bytes a token, and no more for the spans: only those of trusted text are kept.

    Args:
        tokens: (N,), of all doubtful sequences, one behind the other
        lengths: (S,), int64, how many of them each sequence has
        trusted: as in ``new_spans``

    Returns:
        (N,), bool

    Raises:
        ValueError: a token is below 0
    """
    known = _KnownSpans(*_joined(trusted))
    numbers = torch.empty(len(tokens), dtype=torch.int32)
    found = torch.zeros_like(known.counts)
    for first, part in _parts(lengths):
        here = slice(first, first + int(part.sum()))
        numbers[here] = of_part = known.numbers(tokens[here], part)
        found += torch.bincount(of_part[of_part != UNKNOWN], minlength=len(found))
    seldom = found * max(1, int(known.counts.sum())) > NEW * known.counts * len(tokens)
    # What trusted text has not is the last number, UNKNOWN, and new.
    is_new = torch.cat([seldom, torch.ones(1, dtype=torch.bool)])
    flags = torch.empty(len(tokens), dtype=torch.bool)
    for start in range(0, len(tokens), AT_ONCE):
        flags[start : start + AT_ONCE] = is_new[numbers[start : start + AT_ONCE].long()]
    return flags


class _KnownSpans:
    """Numbers the spans of some text, and finds those numbers in other text.

    A span is put together token by token. What is there so far has a number, and with the next
    token it is a longer one, which has a number among those of its length.

    Args:
        tokens: (N,), and
        lengths: (S,), as in ``new_tokens``
    """

    def __init__(self, tokens: Tensor, lengths: Tensor) -> None:
        self._kinds, numbers = _numbered(_around(tokens, lengths), len(tokens))
        #: how often the text has each span, by its number
        self.counts = torch.bincount(numbers)

    def numbers(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return the number of the span around each token (N,), or ``UNKNOWN``."""
        numbers = torch.zeros(len(tokens), dtype=torch.long)
        if not len(self.counts):
            return numbers.fill_(UNKNOWN)
        for kinds, token in zip(self._kinds, _around(tokens, lengths)):
            longer = _longer(numbers, token)
            numbers = torch.searchsorted(kinds, longer).clamp_(max=len(kinds) - 1)
            numbers.masked_fill_(kinds[numbers] != longer, UNKNOWN)
        return numbers


def span_numbers(tokens: Tensor, lengths: Tensor, chosen: Tensor) -> Tensor:
    """Return numbers of the spans around some tokens, in order, (C,), equal ones for equal spans.

    Args:
        tokens: (N,), and
        lengths: (S,), as in ``new_tokens``
        chosen: (N,), bool, of which tokens
    """
    parts = []
    for first, part in _parts(lengths):
        here = slice(first, first + int(part.sum()))
        around = _around(tokens[here], part)
        parts.append(torch.stack([token[chosen[here]] for token in around]))
    return _numbered(map(torch.cat, zip(*parts)), int(chosen.sum()))[1]


def _numbered(places: Iterable[Tensor], count: int) -> Tuple[List[Tensor], Tensor]:
    """Return what spans there are, by their number, at each of their places, and which is which.

    Args:
        places: for each place of a span, in order, the tokens there (count,)
        count: how many spans there are, equal ones too
    """
    kinds_there: List[Tensor] = []
    numbers = torch.zeros(count, dtype=torch.long)
    for token in places:
        kinds, numbers = torch.unique(_longer(numbers, token), return_inverse=True)
        kinds_there.append(kinds)
    return kinds_there, numbers


def _longer(numbers: Tensor, tokens: Tensor) -> Tensor:
    """Return a number for each pair of a number and a token, which is -1 or more."""
    return numbers * (1 << 32) + tokens + 1


def _around(tokens: Tensor, lengths: Tensor) -> Iterator[Tensor]:
    """Yield for each place of a span, in order, the tokens there (N,); -1 outside a sequence."""
    if len(tokens) and int(tokens.min()) < 0:
        raise ValueError("tokens must be 0 or more; padding, such as labels of -100, is left out")
    half = SPAN // 2
    # Between sequences there are places of no token, so that no span has parts of two.
    order = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
    places = torch.arange(len(tokens)) + half * (order + 1)
    spaced = torch.full((len(tokens) + half * (len(lengths) + 1),), -1, dtype=torch.long)
    spaced[places] = tokens.long()
    for offset in range(-half, half + 1):
        yield spaced[places + offset]


def _joined(sequences: Sequence[Tensor]) -> Tuple[Tensor, Tensor]:
    """Return the tokens of all sequences in one, and how many each has."""
    lengths = torch.tensor([len(tokens) for tokens in sequences], dtype=torch.long)
    return torch.cat(list(sequences)) if len(sequences) else lengths, lengths


def _parts(lengths: Tensor) -> Iterator[Tuple[int, Tensor]]:
    """Yield the first token and the lengths of sequences that are looked at together."""
    ends = lengths.cumsum(0)
    start = first = 0
    while start < len(lengths):
        most = torch.tensor(first + AT_ONCE)
        stop = max(start + 1, int(torch.searchsorted(ends, most, right=True)))
        yield first, lengths[start:stop]
        start, first = stop, int(ends[stop - 1])
