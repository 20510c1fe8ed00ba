"""The words of a text, and what a model's surprise at its tokens says of each of them.

Spans are compared word by word, so that the tokens of a model, whatever they are, make no
difference: one text may be cut into tokens in several ways.
"""

import math
import re
from typing import List, NamedTuple, Sequence, Tuple, Union

import numpy as np

from dece_fairseq.data.pairs import Pair

#: a word is a run of letters, digits and underscores, or any other character but white space
WORD = re.compile(r"\w+|[^\w\s]")
#: stands behind the last word of every target: that a text ends here can be a surprise too
END = ""
#: characters; what floats that count them are compared with
SLIGHT = 1e-6


class Words(NamedTuple):
    """The words of a target, ``END`` included."""

    texts: Tuple[str, ...]
    """(W,)"""
    places: Tuple[Tuple[int, int], ...]
    """(W,): where each begins and ends in the text."""
    surprise: np.ndarray
    """(W,), nats."""
    differences: Tuple[str, ...] = ()
    """What the target has more of than the reference expects, as ``+text``, or less, ``-text``."""


def split(text: str) -> List[str]:
    """Return the words of a text, without ``END``."""
    return WORD.findall(text)


def words_of(
    text: str, ends: Union[Sequence[int], np.ndarray], surprise: Union[Sequence[float], np.ndarray]
) -> Words:
    """Return the words of a target with the surprise of its tokens spread over them.

    A token's surprise goes to the words in which its characters are, each its share; white space
    goes to the word behind it.

    Args:
        text: the target
        ends: (T,), how many characters but white space the text has up to the end of each token
        surprise: (T,), nats; the last token is the end of sentence
    """
    found = [match.span() for match in WORD.finditer(text)]
    texts = (*(text[begin:end] for begin, end in found), END)
    last = len(found)
    bounds = np.cumsum([0, *map(len, texts)])  # the last one twice
    nats = np.asarray(surprise, dtype=np.float64)
    # A tokenizer may lose or add characters; then its places are stretched to those of the text.
    stretch = bounds[-1] / ends[-1] if len(ends) and ends[-1] else 1.0
    stops = np.asarray(ends[:-1]) * stretch
    starts = np.maximum.accumulate([0.0, *stops])[:-1]
    first = np.searchsorted(bounds[1:-1], starts + SLIGHT, side="right")
    is_in_one = (
        (stops <= starts + SLIGHT)
        | (first == last)
        | (stops <= bounds[np.minimum(first + 1, last)] + SLIGHT)
    )
    behind = np.searchsorted(bounds[:last], stops - SLIGHT, side="left")
    counts = np.where(is_in_one, 1, behind - first)
    # Parts of tokens, each in one word.
    token = np.repeat(np.arange(len(stops)), counts)
    word = np.arange(len(token)) - np.repeat(np.cumsum(counts) - counts, counts) + first[token]
    part = nats[token]
    is_part = ~is_in_one[token]
    token, at = token[is_part], word[is_part]
    inside = np.minimum(stops[token], bounds[at + 1]) - np.maximum(starts[token], bounds[at])
    part[is_part] = part[is_part] * inside / (stops[token] - starts[token])
    values = np.zeros(last + 1)
    values[last] = nats[-1]
    np.add.at(values, word, part)
    return Words(texts, (*found, (len(text), len(text))), values)


def explained_by_source(words: Words, source: str) -> np.ndarray:
    """Return the surprise (W,) of a reference that can also copy a word of the source.

    The reference's prediction is mixed with a tenth of a copy of any word of the source, so that
    such a word costs at most the choice among them.

    Args:
        words: of the target
        source: its source
    """
    known = split(source)
    if not known:
        return words.surprise
    most = math.log(10 * len(known))
    there = frozenset(known)
    copied = np.array([text in there for text in words.texts])
    return np.where(copied, np.minimum(words.surprise, most), words.surprise)


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
