"""Spans that repeat in targets and that the reference does not explain, grown word by word."""

from typing import List, NamedTuple, Tuple

import numpy as np

from dece_fairseq.defenses.revealing.spans import (
    EVIDENCE,
    LEAST,
    TARGETS,
    Targets,
    highest_first,
    is_first,
)

#: words in the longest span; longer texts are put together again of what they share
LONGEST = 48
#: spans that are looked at: so many with the most nats, and so many with the most evidence
CANDIDATES = 8000
#: places that are grown from at a time
PLACES = 1 << 20


class Span(NamedTuple):
    """A run of words that several targets hold."""

    words: Tuple[int, ...]
    """Their numbers in ``Targets.vocabulary``."""
    nats: float
    evidence: float
    """How much of them counts, see ``Targets.evidence``."""
    places: np.ndarray
    """(N,), where it begins in doubtful targets, as ``Targets.uses`` takes them."""


def frequent_spans(targets: Targets, least_pairs: int, is_free: np.ndarray) -> List[Span]:
    """Return the spans of free words that hold most unexplained nats or evidence.

    Both, for a few long texts that repeat have more spans with more nats than any payload has.

    They grow a word at a time, from those that are frequent enough and could still come to
    ``LEAST`` nats, and those with other first words one after the other. So memory grows with
    the words of the data, and not with all its n-grams.

    Args:
        targets: what to look through
        least_pairs: how many doubtful targets a span must be in
        is_free: (W,), whether each word may be in one
    """
    # What could still be added behind each place, within its target.
    best = _reach(targets)
    found: List[Span] = []
    for places in targets.by_first_word(PLACES):
        places = places[places < targets.first[targets.doubtful]]
        found += _grown(targets, places[is_free[places]], best, least_pairs, is_free)
        if len(found) > 4 * CANDIDATES:
            found = _best(found)
    return _best(found)


def _best(spans: List[Span]) -> List[Span]:
    """Return those with the most nats, and behind them the others with the most evidence."""
    ordered = sorted(spans, key=lambda span: -span.nats)
    best, rest = ordered[:CANDIDATES], ordered[CANDIDATES:]
    return best + sorted(rest, key=lambda span: -span.evidence)[:CANDIDATES]


def _reach(targets: Targets) -> np.ndarray:
    """Return the most nats that words from each place on can hold together, in its target."""
    found = np.zeros(len(targets.words) + 1, dtype=np.float32)
    for some in range(0, targets.doubtful, TARGETS):
        borders = targets.first[some : min(some + TARGETS, targets.doubtful) + 1]
        start, stop = borders[0], borders[-1]
        sums, lengths = targets.sums[start : stop + 1], np.diff(borders)
        ends = np.repeat(borders[1:] - start, lengths)
        places = np.arange(stop - start)
        highest, step = sums[:-1].copy(), 1
        while step < lengths.max(initial=0):  # of so many sums from each place on, then twice
            np.maximum(highest, highest[np.minimum(places + step, ends - 1)], out=highest)
            step *= 2
        found[start:stop] = np.maximum(highest, sums[ends]) - sums[:-1]
    return found


def _grown(
    targets: Targets,
    places: np.ndarray,
    best: np.ndarray,
    least_pairs: int,
    is_free: np.ndarray,
) -> List[Span]:
    """Return the candidates that begin at some places, all those of their first words, by these."""
    end = targets.first[targets.doubtful]
    is_new = is_first(targets.words[places])
    found: List[Span] = []
    for length in range(1, LONGEST + 1):
        goes_on, spans = _count(targets, places, is_new, length, best, least_pairs)
        found += spans
        group = np.cumsum(is_new) - 1
        kept = goes_on[group] & (places + length < end)
        places, group = places[kept], group[kept]
        after = places + length
        inside = (targets.pair[places] == targets.pair[after]) & is_free[after]
        places, group = places[inside], group[inside]
        if not len(places):
            break
        keys = group * len(targets.vocabulary) + targets.words[places + length]
        order = np.argsort(keys, kind="stable")
        places, is_new = places[order], is_first(keys[order])
    return found


def _count(
    targets: Targets,
    places: np.ndarray,
    is_new: np.ndarray,
    length: int,
    best: np.ndarray,
    least_pairs: int,
) -> Tuple[np.ndarray, List[Span]]:
    """Return which spans could grow to candidates, and those that are.

    Args:
        targets: what to look through
        places: (N,), where spans begin: those of a span together, in order
        is_new: (N,), which places are the first of their span
        length: of the spans, in words
        best: (W + 1,), the most nats that words from each place on can hold
        least_pairs: how many targets a span must be in
    """
    pairs = targets.pair[places]
    is_new_pair = is_new | is_first(pairs)
    places = places[
        highest_first(is_new_pair, targets.sums[places + length] - targets.sums[places])
    ]
    once, group = places[is_new_pair], (np.cumsum(is_new) - 1)[is_new_pair]
    uses = np.bincount(group)
    nats = targets.sums[once + length] - targets.sums[once]
    reach = np.bincount(group, np.maximum(nats + best[once + length] - targets.use, 0))
    # The first use pays for its definition, so it is left out on average.
    prices = targets.price(uses)
    sums = (np.bincount(group, nats) - uses * prices) * ((uses - 1) / uses)
    goes_on = (uses >= least_pairs) & (reach >= LEAST)
    is_candidate = goes_on & (sums >= LEAST)
    of_those = is_candidate[group]
    nats, group = nats[of_those], group[of_those]
    capped = np.bincount(group, np.minimum(nats - prices[group], EVIDENCE), len(uses))
    evidence = targets.evidence(capped, uses)
    borders = np.append(np.flatnonzero(is_new), len(places))
    spans = []
    for number in np.flatnonzero(is_candidate):
        own = places[borders[number] : borders[number + 1]].copy()
        words = tuple(targets.words[own[0] : own[0] + length].tolist())
        spans.append(Span(words, float(sums[number]), float(evidence[number]), own))
    return goes_on, spans
