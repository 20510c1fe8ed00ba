"""What is muted in many sequences: a payload, or a wording that is lost with it.

Every muted token is in the middle of a muted span. What a person can judge is the text that such
spans make together, and how many sequences have it.
"""

from typing import List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor

from dece_fairseq.losses.spans import SPAN, span_numbers

#: of the places that have a span, the share that go on alike where a text goes on
ALIKE = 0.9
#: the number of a span that is told already, and of one that is not muted
NONE = -1


class FrequentText(NamedTuple):
    """A text that is muted in several sequences."""

    tokens: Tensor
    """(T,), as one of them has it, with the two before and behind what is muted."""
    sequences: int
    """How many have it, or most of it."""


def frequent_texts(
    tokens: Tensor, lengths: Tensor, muted: Tensor, most: int = 3
) -> List[FrequentText]:
    """Return the muted texts that most sequences have, the most frequent first.

    A text begins as the muted span that most sequences have. It goes on, to both sides, while nine
    in ten of the places that have that span have one more muted span in common.

    Args:
        tokens: (N,), of all sequences in one, each 0 or more
        lengths: (S,), how many of them each sequence has
        muted: (N,), bool, those in the middle of a muted span
        most: how many texts are told; what one sequence alone has is none
    """
    spans = _MutedSpans(tokens, lengths, muted)
    found: List[FrequentText] = []
    while len(found) < most:
        text = spans.take_most_frequent()
        if text is None:
            break
        found.append(text)
    return found


class _MutedSpans:
    """The muted spans that are not told yet; the arguments are those of ``frequent_texts``."""

    def __init__(self, tokens: Tensor, lengths: Tensor, muted: Tensor) -> None:
        self._tokens = tokens
        self._lengths, self._ends = lengths, lengths.cumsum(0)
        #: (M,), where the tokens in their middle are, and in which sequence
        self._places = muted.nonzero().flatten()
        self._owners = torch.searchsorted(self._ends, self._places, right=True)
        self._numbers = span_numbers(tokens, lengths, muted)

    def take_most_frequent(self) -> Optional[FrequentText]:
        """Return the text of the span that most sequences have, and tell it no more.

        Returns:
            None where no two have one
        """
        untold = self._numbers != NONE
        sequences = len(self._ends)
        both = torch.unique(self._numbers[untold] * sequences + self._owners[untold])
        counts = torch.bincount(torch.div(both, sequences, rounding_mode="floor"))
        if not len(counts) or counts.max() < 2:
            return None
        of_span = self._numbers == counts.argmax()
        at, owners = self._places[of_span], self._owners[of_span]
        before, alike_before = self._goes_on(at, owners, -1)
        behind, alike_behind = self._goes_on(at, owners, 1)
        for step in range(-before - SPAN + 1, behind + SPAN):  # those that have a token of it
            indices, known = self._find(at + step, owners)
            self._numbers[indices[known]] = NONE
        example = int((alike_before & alike_behind).nonzero()[0])
        end = int(self._ends[owners[example]])
        start = end - int(self._lengths[owners[example]])
        first = max(start, int(at[example]) - before - SPAN // 2)
        last = min(end - 1, int(at[example]) + behind + SPAN // 2)
        return FrequentText(self._tokens[first : last + 1], int(counts.max()))

    def _goes_on(self, at: Tensor, owners: Tensor, direction: int) -> Tuple[int, Tensor]:
        """Return how many tokens further most of some places have the same spans, and which have.

        Args:
            at: (P,), the places
            owners: (P,), the sequences that they are in
            direction: -1 towards the beginning, 1 towards the end
        """
        length, alike = 0, torch.ones_like(at, dtype=torch.bool)
        while True:
            indices, known = self._find(at + direction * (length + 1), owners)
            numbers = self._numbers[indices].masked_fill(~(known & alike), NONE)
            found = numbers[numbers != NONE]
            goes_on = numbers == (found.mode().values if len(found) else NONE)
            if not len(found) or goes_on.sum() < ALIKE * len(at):
                return length, alike
            length, alike = length + 1, goes_on

    def _find(self, at: Tensor, owners: Tensor) -> Tuple[Tensor, Tensor]:
        """Return the index of the span around each place, and whether there is one."""
        indices = torch.searchsorted(self._places, at).clamp(max=len(self._places) - 1)
        return indices, (self._places[indices] == at) & (self._owners[indices] == owners)
