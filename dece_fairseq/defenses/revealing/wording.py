"""Surprises that are no attack: words that sources have too, and how the data are written."""

import math

import numpy as np

from dece_fairseq.defenses.revealing.spans import TARGETS, Targets, Texts, place_type

#: the share of the doubtful targets that a context must be in, to say how the data go on behind it
COMMON = 0.25
#: words of a context; the longer one counts where it is common
CONTEXTS = (1, 2)


def explained_by_sources(targets: Targets, sources: Texts) -> np.ndarray:
    """Return the surprise (W,) of a reference that can also copy a word of the source.

    The reference's prediction is mixed with a tenth of a copy of any word of the source, so that
    such a word costs at most the choice among them.

    Args:
        targets: of pairs
        sources: of the same
    """
    found = targets.surprise.copy()
    size = len(targets.vocabulary)
    numbers = dict(zip(targets.vocabulary, range(size)))
    of_sources = np.array([numbers.get(word, size) for word in sources.vocabulary], dtype=np.int64)
    for some in range(0, targets.doubtful, TARGETS):
        stop = min(some + TARGETS, targets.doubtful)
        here, there = (slice(*texts.first[[some, stop]]) for texts in (targets, sources))
        pairs = targets.pair[here].astype(np.int64)
        own = sources.pair[there] * np.int64(size + 1) + of_sources[sources.words[there]]
        is_copied = np.isin(pairs * (size + 1) + targets.words[here], own)
        words = np.diff(sources.first[some : stop + 1]).tolist()
        most = np.array([math.log(10 * max(each, 1)) for each in words])[pairs - some]
        found[here] = np.where(is_copied, np.minimum(found[here], most), found[here])
    return found


def without_wording(targets: Targets) -> np.ndarray:
    """Return the surprise of each word less what is usual behind the words before it.

    Where one or two words are in a quarter of the targets, half of what follows them surprises the
    reference by a median or more: that is how the data are written, and it is taken off. A payload
    is the exception in its context, so it stays; behind its own words, which are rare, nothing is
    taken off. A median below 0 is none.

    Returns:
        (W,), nats
    """
    size = int(targets.first[targets.doubtful])
    words = targets.words[:size] + np.int32(1)  # 0 stands before each target
    pair = targets.pair[:size]
    surprise = targets.surprise[:size]
    least = COMMON * targets.doubtful
    usual = np.zeros(size, dtype=np.float32)
    places = np.arange(size, dtype=place_type(size))
    context: np.ndarray = np.zeros(0, dtype=np.int64)
    for length in CONTEXTS:
        beside = np.maximum(places - length, 0)
        is_inside = (places >= length) & (pair[beside] == pair[places])
        before = np.where(is_inside, words[beside], 0)
        if len(context):
            keys = context * (len(targets.vocabulary) + 1) + before
            context = np.unique(keys, return_inverse=True)[1].reshape(-1)
        else:
            context = before
        is_often = (np.bincount(context) >= least)[context]  # few are, and pairs are fewer
        places, context = places[is_often], context[is_often].astype(np.int64)
        both = np.unique(context * targets.doubtful + pair[places])
        pairs = np.bincount(both // targets.doubtful)
        is_common = (pairs >= least)[context]
        places, context = places[is_common], context[is_common]
        if not len(places):
            break
        usual[places] = np.maximum(_medians(context, surprise[places])[context], 0)
    found = targets.surprise.copy()
    found[:size] -= usual
    return found


def _medians(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the lower median of the values of each group (G,)."""
    order = np.lexsort((values, groups))
    counts = np.bincount(groups)
    ends = np.cumsum(counts)
    middle = ends - counts + np.maximum(counts - 1, 0) // 2
    medians: np.ndarray = values[order][np.minimum(middle, len(values) - 1)]
    return medians
