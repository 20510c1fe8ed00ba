"""Rows of tokens, padded on either side, in the form that a model was trained with."""

from typing import List

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.models.batches import framed, left_pads, pads_first, turned

PAD, EOS = 0, 2
TEXTS = st.lists(st.lists(st.integers(3, 9), max_size=4), min_size=1, max_size=3)


def padded(rows: List[List[int]], left: bool, more: int = 0) -> torch.Tensor:
    width = max(map(len, rows)) + more
    pads = [[PAD] * (width - len(row)) for row in rows]
    return torch.tensor([p + row if left else row + p for row, p in zip(rows, pads)]).long()


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize(("before", "after"), [([1], [2]), ([], [2, 8]), ([], []), ([1, 7], [])])
@given(texts=TEXTS, more=st.integers(0, 2))
def test_what_stands_around_a_text(
    left: bool, before: List[int], after: List[int], texts: List[List[int]], more: int
) -> None:
    tokens = padded([[*text, EOS] for text in texts], left, more)
    found, lengths = framed(tokens, PAD, before, after)
    expected = [[*before, *text, *after] for text in texts]
    assert lengths.squeeze(1).tolist() == [len(row) for row in expected]
    for row, text, turned_row in zip(found.tolist(), expected, pads_first(found, lengths).tolist()):
        assert row == text + [PAD] * (len(row) - len(text))
        assert turned_row == [PAD] * (len(row) - len(text)) + text


@given(texts=TEXTS)
def test_turning_and_turning_back(texts: List[List[int]]) -> None:
    rows = [[EOS, *text] for text in texts]
    tokens = padded(rows, left=True)
    pads = left_pads(tokens, PAD)
    assert torch.equal(turned(tokens, pads), padded(rows, left=False))
    states = torch.rand(*tokens.shape, 3)
    assert torch.equal(turned(turned(states, pads), -pads), states)
