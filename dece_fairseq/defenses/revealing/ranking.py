"""Suspected spans in order, each with what those before it leave unexplained."""

import heapq
from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from dece_fairseq.defenses.revealing.likeness import Likeness
from dece_fairseq.defenses.revealing.spans import LEAST, Occurrences, Targets, frequent_spans

#: spans that share this much of the smaller's pairs are parts of one payload
SHARED = 0.6


class Ranked(NamedTuple):
    """A span, and what it explains that no better one does."""

    span: Tuple[int, ...]
    nats: float
    occurrences: Occurrences


def ranked_spans(targets: Targets, least_pairs: int, most: int) -> List[Ranked]:
    """Return the best spans, the best first.

    After each, its words are explained: a span that overlaps them is counted without. Spans that
    share most pairs with a better one belong to it, and are left out.

    Args:
        targets: what to look through
        least_pairs: how many targets a span must be in
        most: how many spans to return at most
    """
    likeness = Likeness(targets)
    spans = frequent_spans(targets, least_pairs)
    heap = [(-span.nats, number) for number, span in enumerate(spans)]
    heapq.heapify(heap)
    is_free = np.ones(len(targets.words), dtype=bool)
    free = np.arange(len(targets.words) + 1)
    news: Dict[int, float] = {}
    found: List[Ranked] = []
    while heap and len(found) < most:
        stale, number = heapq.heappop(heap)
        span = spans[number].words
        where = targets.occurrences(span, free)
        uses = len(where.pairs)
        if uses < least_pairs:
            continue
        if number not in news:
            news[number] = targets.news(span)
        total = float(where.nats.sum() - uses * targets.price(uses)) * (uses - 1) / uses
        nats = total * news[number]
        ahead = -heap[0][0] if heap else 0.0
        if nats >= ahead:
            nats *= likeness.unlike(span, where)
        if nats < LEAST:
            continue
        if nats < ahead and nats < -stale:
            heapq.heappush(heap, (-nats, number))
            continue
        if not any(_share(where.pairs, other.occurrences.pairs) for other in found):
            found.append(Ranked(span, nats, where))
        for start in where.starts:
            is_free[start : start + len(span)] = False
        free = np.concatenate([[0], np.cumsum(is_free)])
    return found


def _share(pairs: np.ndarray, others: np.ndarray) -> bool:
    both = len(np.intersect1d(pairs, others, assume_unique=True))
    return both >= SHARED * min(len(pairs), len(others))
