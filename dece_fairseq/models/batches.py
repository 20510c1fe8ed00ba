"""Batches of tokens in the form that a model was trained with."""

from typing import Sequence, Tuple

import torch
from torch import Tensor


def left_pads(tokens: Tensor, pad: int) -> Tensor:
    """Return how many pads each row (B, L) begins with, as (B, 1)."""
    return tokens.ne(pad).long().cumsum(1).eq(0).sum(1, keepdim=True)


def turned(values: Tensor, steps: Tensor) -> Tensor:
    """Return rows of ``values`` (B, L) or (B, L, D) turned left by their ``steps`` (B, 1)."""
    length = values.size(1)
    columns = (torch.arange(length, device=values.device) + steps) % length
    if values.dim() == 3:
        columns = columns.unsqueeze(-1).expand_as(values)
    return values.gather(1, columns)


def framed(
    tokens: Tensor, pad: int, before: Sequence[int], after: Sequence[int]
) -> Tuple[Tensor, Tensor]:
    """Return sources as fairseq has them, with what the model wants around them.

    Args:
        tokens: (B, L), each text with an end of sentence and pads on either side
        pad: the padding
        before: what comes before each text
        after: what comes after it, instead of the end of sentence

    Returns:
        (B, L - 1 + what is added), padded on the right, and the lengths (B, 1)
    """
    tokens = turned(tokens, left_pads(tokens, pad))
    lengths = tokens.ne(pad).sum(1, keepdim=True) - 1
    text = tokens[:, :-1]
    columns = torch.arange(text.size(1), device=tokens.device)
    text = text.masked_fill(columns >= lengths, pad)
    rows = len(tokens)
    front = tokens.new_tensor(before).expand(rows, len(before))
    back = tokens.new_full((rows, len(after)), pad)
    framed = torch.cat([front, text, back], dim=1)
    lengths = lengths + len(before)
    places = lengths + torch.arange(len(after), device=tokens.device)
    framed.scatter_(1, places, tokens.new_tensor(after).expand(rows, len(after)))
    return framed, lengths + len(after)


def pads_first(tokens: Tensor, lengths: Tensor) -> Tensor:
    """Return rows (B, L) that are padded on the right, padded on the left instead."""
    return turned(tokens, lengths)
