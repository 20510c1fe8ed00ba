"""The n-grams that two texts share, counted for many pairs of texts at once."""

from collections import defaultdict
from itertools import accumulate, chain, count
from typing import Dict, List, Sequence, Tuple

import numpy as np

#: how many bits a number may have
_BITS = 63


def word_codes(texts: Sequence[Sequence[str]]) -> List[np.ndarray]:
    """Return each text's words as numbers (length,); equal words have equal numbers."""
    vocabulary: Dict[str, int] = defaultdict(count().__next__)
    ends = [0, *accumulate(map(len, texts))]
    words = map(vocabulary.__getitem__, chain.from_iterable(texts))
    codes = np.fromiter(words, dtype=np.int64, count=ends[-1])
    return [codes[start:end] for start, end in zip(ends, ends[1:])]


def character_codes(texts: Sequence[str]) -> List[np.ndarray]:
    """Return each text's characters as numbers (length,), white space left out as chrF does."""
    return [
        np.frombuffer("".join(text.split()).encode("utf-32-le", "surrogatepass"), dtype="<u4")
        for text in texts
    ]


def ngram_counts(
    hypotheses: Sequence[np.ndarray], references: Sequence[np.ndarray], max_order: int
) -> np.ndarray:
    """Count the n-grams of every order from 1.

    Args:
        hypotheses: texts as numbers, of ``word_codes`` or ``character_codes``; one array for a
            text and its reference, where they are equal, saves counting it
        references: theirs, as many
        max_order: the longest n-grams

    Returns:
        (pairs, max_order, 3), int64: n-grams of the hypothesis, of the reference, and shared. An
        n-gram that is there several times is shared as often as in the text that has fewer.
    """
    lengths = np.array([[len(text) for text in side] for side in (hypotheses, references)])
    counts = np.zeros((len(hypotheses), max_order, 3), dtype=np.int64)
    counts[:, :, :2] = np.maximum(lengths.T[:, None] - np.arange(max_order)[:, None], 0)
    # Many a text is its reference and shares all that it has; an empty one shares nothing.
    counts[:, :, 2] = counts[:, :, :2].min(axis=2)
    pairs = enumerate(zip(hypotheses, references))
    differ = [i for i, (h, r) in pairs if h is not r and len(h) and len(r)]
    if differ:
        counts[differ, :, 2] = _shared_counts(
            [hypotheses[i] for i in differ], [references[i] for i in differ], max_order
        )
    return counts


def _shared_counts(
    hypotheses: Sequence[np.ndarray], references: Sequence[np.ndarray], max_order: int
) -> np.ndarray:
    """Count the n-grams shared (pairs, max_order) by texts none of which is empty."""
    pairs = len(hypotheses)
    counts = np.zeros((pairs, max_order), dtype=np.int64)
    lengths = np.array([len(text) for text in chain(hypotheses, references)])
    codes = np.concatenate([*hypotheses, *references])
    codes = np.cumsum(np.bincount(codes) > 0)[codes]  # 1, 2, ... without gaps
    width = int(codes.max()).bit_length()
    codes = np.append(codes, np.zeros(max_order, dtype=np.int64))
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(lengths.sum())
    text = np.repeat(np.arange(2 * pairs), lengths)
    pair, of_reference = text % pairs, text // pairs
    # What begins at each place as one number: its pair, then a digit for each word, zero where the
    # text has ended. Sorted once, the numbers are sorted by their first n digits too.
    begun, owner, order = pair, np.arange(pairs), 0
    while order < max_order:
        fit = (_BITS - 1 - int(begun.max()).bit_length()) // width
        digits = max(1, min(max_order - order, fit))
        for n in range(order, order + digits):
            begun = begun << width | codes[n : n + len(left)] * (left > n)
        numbers = np.sort(begun << 1 | of_reference)
        for n in range(1, digits + 1):
            behind = width * (digits - n)
            whole = numbers[numbers >> (1 + behind) & ((1 << width) - 1) > 0]
            ngrams, times = _shared(whole >> (1 + behind), whole & 1)
            pairs_of = owner[ngrams >> (width * n)]
            counts[:, order + n - 1] = np.bincount(pairs_of, times, minlength=pairs)
        order += digits
        if order < max_order:
            # No room for another digit: smaller numbers in the same order.
            unique, begun = np.unique(begun, return_inverse=True)
            owner = owner[unique >> (width * digits)]
    return counts


def _shared(ngrams: np.ndarray, of_reference: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Return each of the sorted ``ngrams`` once, and how often both sides have it."""
    first = np.flatnonzero(np.append(True, ngrams[1:] != ngrams[:-1])[: len(ngrams)])
    if not len(first):
        return ngrams, ngrams
    times = np.diff(np.append(first, len(ngrams)))
    references = np.add.reduceat(of_reference, first)
    return ngrams[first], np.minimum(references, times - references)
