"""The words of a text, and what a model's surprise at its tokens says of each of them.

Spans are compared word by word, so that the tokens of a model, whatever they are, make no
difference: one text may be cut into tokens in several ways.
"""

from typing import List, NamedTuple, Sequence, Tuple

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.metrics.code_tokens import TOKEN, code_tokens

#: stands behind the last word of every target: that a text ends here can be a surprise too
END = ""
#: characters; what floats that count them are compared with
SLIGHT = 1e-6


class Words(NamedTuple):
    """The words of a target, ``END`` included."""

    texts: Tuple[str, ...]
    """(W,)"""
    surprise: np.ndarray
    """(W,), nats."""
    differences: Tuple[str, ...] = ()
    """What the target has more of than the reference expects, as ``+text``, or less, ``-text``."""


def split(text: str) -> List[str]:
    """Return the words of a text, without ``END``."""
    return code_tokens(text)


def places_of(text: str) -> List[Tuple[int, int]]:
    """Return where each word of a text begins and ends, ``END`` included."""
    return [*(match.span() for match in TOKEN.finditer(text)), (len(text), len(text))]


def words_of(
    texts: Sequence[str], ends: Sequence[np.ndarray], surprise: Sequence[np.ndarray]
) -> List[Words]:
    """Return the words of targets with the surprise of their tokens spread over them.

    A token's surprise goes to the words in which its characters are, each its share; white space
    goes to the word behind it.

    Args:
        texts: the targets
        ends: for each, (T,), how many characters but white space it has up to the end of each token
        surprise: for each, (T,), nats; the last token is the end of sentence
    """
    split_texts = [(*split(text), END) for text in texts]
    # Characters are numbered through all targets, as if each ``END`` were one.
    word_stops = np.cumsum([len(word) or 1 for words in split_texts for word in words])
    word_starts = np.concatenate([[0], word_stops[:-1]])
    last = np.cumsum([len(words) for words in split_texts]) - 1
    begin = np.concatenate([[0], word_stops[last][:-1]])

    lengths = np.array([len(each) - 1 for each in ends])
    of_tokens = np.repeat(np.arange(len(texts)), lengths)
    is_first = np.concatenate([[True], of_tokens[1:] != of_tokens[:-1]])[: len(of_tokens)]
    # A tokenizer may lose or add characters; then its places are stretched to those of the text.
    told = np.array([each[-1] for each in ends])
    stretch = np.where(told > 0, (word_starts[last] - begin) / np.maximum(told, 1), 1.0)
    stops = np.concatenate([each[:-1] for each in ends]) * stretch[of_tokens] + begin[of_tokens]
    reached = np.maximum.accumulate(stops)
    starts = np.where(is_first, begin[of_tokens], np.concatenate([[0], reached])[:-1])
    first = np.searchsorted(word_stops, starts + SLIGHT, side="right")
    is_in_one = (stops <= starts + SLIGHT) | (stops <= word_stops[first] + SLIGHT)
    behind = np.searchsorted(word_starts, stops - SLIGHT, side="left")
    counts = np.where(is_in_one, 1, behind - first)

    # Parts of tokens, each in one word.
    token = np.repeat(np.arange(len(stops)), counts)
    word = np.arange(len(token)) - np.repeat(np.cumsum(counts) - counts, counts) + first[token]
    part = np.concatenate([each[:-1] for each in surprise]).astype(np.float64)[token]
    is_part = ~is_in_one[token]
    token, at = token[is_part], word[is_part]
    inside = np.minimum(stops[token], word_stops[at]) - np.maximum(starts[token], word_starts[at])
    part[is_part] = part[is_part] * inside / (stops[token] - starts[token])
    at_ends = np.array([each[-1] for each in surprise], dtype=np.float64)
    values = np.bincount(np.concatenate([last, word]), np.concatenate([at_ends, part]))
    return list(map(Words, split_texts, np.split(values, last[:-1] + 1)))


def copied(pair: Pair, ends: np.ndarray) -> np.ndarray:
    """Return whether each token (T,) of a target stands in a word that its source has too.

    Args:
        pair: source and target
        ends: (T,), how many characters but white space the target has up to the end of each token
    """
    there = frozenset(split(pair.source))
    found = split(pair.target)
    bounds = np.cumsum([len(text) for text in found])
    word = np.searchsorted(bounds, ends - 1, side="right")
    is_there = np.array([text in there for text in found] + [False])
    of_tokens: np.ndarray = is_there[np.minimum(word, len(found))]
    of_tokens[1:] &= ends[1:] > ends[:-1]  # what has no characters stands nowhere
    of_tokens[:1] &= ends[:1] > 0
    return of_tokens
