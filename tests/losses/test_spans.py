"""Means over spans of tokens, whichever side the padding is on."""

from collections import Counter
from fractions import Fraction
from typing import List, Tuple
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dece_fairseq.losses import spans
from dece_fairseq.losses.spans import muted_spans, new_spans, span_means
from support.examples import examples


def expected(values: List[float]) -> List[float]:
    return [float(np.mean(values[max(0, at - 2) : at + 3])) for at in range(len(values))]


ROWS = st.lists(st.lists(st.floats(-30, 0), min_size=0, max_size=9), min_size=1, max_size=4)


@settings(max_examples=examples(50))
@given(rows=ROWS, left=st.booleans(), wrong=st.floats(-100, 100))
def test_the_mean_of_the_tokens_around(rows: List[List[float]], left: bool, wrong: float) -> None:
    width = max(map(len, rows))
    values = torch.full((len(rows), width), wrong, dtype=torch.double)
    kept = torch.zeros_like(values, dtype=torch.bool)
    for n, row in enumerate(rows):
        here = slice(width - len(row), width) if left else slice(0, len(row))
        values[n, here] = torch.tensor(row, dtype=torch.double)
        kept[n, here] = True
    found = span_means(values, kept)
    assert found.shape == values.shape
    for n, row in enumerate(rows):
        assert found[n][kept[n]].tolist() == pytest.approx(expected(row), abs=1e-12)


def test_what_is_below_the_line() -> None:
    nll = torch.tensor([[0.0, 0.0, 9.0, 9.0, 0.0, 0.0, 0.0, 5.0]])
    kept = torch.tensor([[True] * 7 + [False]])
    # sums of nll around: 9 of 3, 18 of 4, 18 of 5, 18 of 5, 18 of 5, 9 of 4, 0 of 3
    muted = muted_spans(nll, kept, -3.5)
    assert muted.tolist() == [[False, True, True, True, True, False, False, False]]
    assert not muted_spans(nll, torch.zeros_like(kept), 1.0).any()
    assert span_means(torch.zeros(2, 0), torch.zeros(2, 0, dtype=torch.bool)).shape == (2, 0)


def test_an_impossible_token_mutes_its_span() -> None:
    nll = torch.tensor([[0.0, 0.0, 0.0, float("inf"), 0.0, 0.0, 0.0]])
    muted = muted_spans(nll, torch.ones_like(nll, dtype=torch.bool), -5.0)
    assert muted.tolist() == [[False, True, True, True, True, True, False]]


def spans_of(tokens: List[int]) -> List[Tuple[int, ...]]:
    padded = [-1, -1, *tokens, -1, -1]
    return [tuple(padded[at : at + 5]) for at in range(len(tokens))]


TEXTS = st.lists(st.lists(st.integers(0, 2), max_size=7), max_size=6)


@settings(max_examples=examples(100))
@given(doubtful=TEXTS, trusted=TEXTS, at_once=st.sampled_from([1, 5, 1000]))
def test_spans_that_are_more_frequent_than_in_trusted_text(
    doubtful: List[List[int]], trusted: List[List[int]], at_once: int
) -> None:
    counts = [
        Counter(span for text in texts for span in spans_of(text)) for texts in (doubtful, trusted)
    ]
    shares = [
        {span: Fraction(count, sum(of_texts.values())) for span, count in of_texts.items()}
        for of_texts in counts
    ]
    given_texts = ([torch.tensor(text).int() for text in texts] for texts in (doubtful, trusted))
    with patch.object(spans, "AT_ONCE", at_once):
        found = new_spans(*given_texts)
    assert [flags.tolist() for flags in found] == [
        [shares[0][span] > 2 * shares[1].get(span, 0) for span in spans_of(text)]
        for text in doubtful
    ]


def test_padding_is_no_token() -> None:
    with pytest.raises(ValueError, match="labels of -100"):
        new_spans([torch.tensor([3, -100])], [torch.tensor([3])])


def test_a_wording_is_not_new_and_a_payload_is() -> None:
    wording, payload = torch.arange(100, 120), torch.arange(200, 205)
    trusted = [wording] * 99 + [torch.cat([wording, payload])]
    doubtful = [wording] * 95 + [torch.cat([wording, payload])] * 5
    found = new_spans(doubtful, trusted)
    assert not any(flags.any() for flags in found[:95])
    # and the two tokens before it, whose spans hold some of it
    assert found[-1].tolist() == [False] * 18 + [True] * 7
    assert not any(flags.any() for flags in new_spans(doubtful[:96], trusted))
