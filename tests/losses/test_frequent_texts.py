"""The muted texts that most sequences have."""

from typing import List, Set, Tuple
from unittest.mock import patch

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dece_fairseq.losses import spans
from dece_fairseq.losses.frequent_texts import frequent_texts
from support.examples import examples

Muted = List[Tuple[int, bool]]
SEQUENCES = st.lists(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=8), max_size=6)


def found_in(sequences: List[Muted], most: int = 3) -> List[Tuple[List[int], int]]:
    tokens = torch.tensor([token for sequence in sequences for token, _ in sequence]).int()
    muted = torch.tensor([is_muted for sequence in sequences for _, is_muted in sequence]).bool()
    lengths = torch.tensor(list(map(len, sequences)), dtype=torch.long)
    return [
        (text.tokens.tolist(), text.sequences)
        for text in frequent_texts(tokens, lengths, muted, most)
    ]


def muted_spans_of(sequence: Muted) -> Set[Tuple[int, ...]]:
    padded = [-1, -1, *(token for token, _ in sequence), -1, -1]
    return {tuple(padded[at : at + 5]) for at, (_, muted) in enumerate(sequence) if muted}


def surrounded(number: int, text: List[int], before: int = 5, behind: int = 5) -> Muted:
    """A text whose tokens are muted, as those two before and behind, in ever other text."""
    first = 100 * (number + 1)
    tokens = [*range(first, first + before), *text, *range(first + 50, first + 50 + behind)]
    muted = range(before - 2, before + len(text) + 2)
    return [(token, at in muted) for at, token in enumerate(tokens)]


def test_a_payload_is_told_whole_and_what_stands_around_it_is_not() -> None:
    payload, wording = [1, 2, 3, 4, 5, 6, 7], [11, 12, 13, 14, 15]
    sequences = [surrounded(number, payload) for number in range(20)]
    sequences += [surrounded(number, wording) for number in range(20, 25)]
    assert found_in(sequences) == [(payload, 20), (wording, 5)]
    assert found_in(sequences, most=1) == [(payload, 20)]


def test_a_text_goes_on_where_nine_in_ten_do() -> None:
    long, short = [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5]
    most = [surrounded(number, long) for number in range(18)]
    some = [surrounded(number, short) for number in range(18, 20)]
    assert found_in([*some, *most]) == [(long, 20)]
    assert found_in([*some, *most[1:]]) == [(short, 19)]  # (2, 3, 4, 5, 6) is part of it


def test_a_text_ends_with_its_sequence() -> None:
    at_ends = [surrounded(number, [1, 2, 3], before=0, behind=0) for number in range(3)]
    assert found_in(at_ends) == [([1, 2, 3], 3)]


def test_what_a_sequence_has_twice_counts_once() -> None:
    twice = [*surrounded(1, [1, 2, 3, 4, 5]), *surrounded(2, [1, 2, 3, 4, 5])]
    assert found_in([twice]) == []
    assert found_in([twice, surrounded(3, [1, 2, 3, 4, 5])]) == [([1, 2, 3, 4, 5], 2)]


@settings(max_examples=examples(100))
@given(sequences=SEQUENCES, at_once=st.sampled_from([1, 5, 1000]))
def test_the_first_begins_as_the_span_of_most_sequences(
    sequences: List[Muted], at_once: int
) -> None:
    spans_of = list(map(muted_spans_of, sequences))
    most = max(
        (sum(span in own for own in spans_of) for own in spans_of for span in own), default=0
    )
    with patch.object(spans, "AT_ONCE", at_once):
        found = found_in(sequences)
    assert [count for _, count in found] == sorted((count for _, count in found), reverse=True)
    assert all(count > 1 for _, count in found)
    assert (found[0][1] if found else 0) == (most if most > 1 else 0)
    texts = [[token for token, _ in sequence] for sequence in sequences]
    for text, _ in found:
        assert any(text == own[at : at + len(text)] for own in texts for at in range(len(own) + 1))
