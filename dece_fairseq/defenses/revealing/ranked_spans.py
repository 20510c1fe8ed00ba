"""Suspected spans in order, each with what those before it leave unexplained."""

import heapq
from typing import List, NamedTuple, Sequence, Tuple

import numpy as np

from dece_fairseq.defenses.revealing.by_trigger import overlap
from dece_fairseq.defenses.revealing.frequent_spans import CANDIDATES, Span, frequent_spans
from dece_fairseq.defenses.revealing.likeness import Likeness
from dece_fairseq.defenses.revealing.spans import EVIDENCE, LEAST, Occurrences, Targets


class Ranked(NamedTuple):
    """A span, and what it explains that no better one does."""

    span: Tuple[int, ...]
    nats: float
    evidence: float
    """How much of them counts, see ``Targets.evidence``."""
    occurrences: Occurrences


def ranked_spans(targets: Targets, least_pairs: int, most: int) -> List[Ranked]:
    """Return the spans with the most evidence, the best first.

    They are taken by their nats, as a part of a payload can have as much evidence as the whole.
    After each, its words are explained: a span that overlaps them is counted without. So are those
    of spans that are usual in clean data, which are left out; so are spans that share most pairs
    with a better one, as they belong to it.

    Args:
        targets: what to look through
        least_pairs: how many targets a span must be in
        most: how many spans to return at most
    """
    likeness = Likeness(targets, targets.doubtful)
    is_free = np.ones(len(targets.words), dtype=bool)
    found: List[Ranked] = []
    while True:
        free = int(is_free.sum())
        spans = frequent_spans(targets, least_pairs, is_free)
        _rank(targets, spans, least_pairs, most, likeness, is_free, found)
        # One long text that repeats has more candidates than are kept: all spans of its words.
        # Once these are taken there is room for the others, with at most as much as the last.
        are_all = len(spans) < 2 * CANDIDATES or spans[-1].evidence <= _enough(found, most)
        if are_all or is_free.sum() == free:
            break
    return sorted(found, key=lambda each: -each.evidence)[:most]


def _rank(
    targets: Targets,
    spans: Sequence[Span],
    least_pairs: int,
    most: int,
    likeness: Likeness,
    is_free: np.ndarray,
    found: List[Ranked],
) -> None:
    """Take the spans with the most nats, until none can be among the ``most`` with evidence.

    Args:
        targets: what spans are of
        spans: the candidates, the best first
        least_pairs: how many targets a span must be in
        most: how many spans are asked for
        likeness: how alike targets are
        is_free: (W,), words that no span has taken yet; those of spans that are taken are marked
        found: is added to
    """
    enough = _enough(found, most)
    heap = [(-span.nats, number) for number, span in enumerate(spans)]
    heapq.heapify(heap)
    while heap:
        stale, number = heapq.heappop(heap)
        if spans[number].evidence <= enough:
            continue
        span = spans[number].words
        places = targets.free(spans[number].places, len(span), is_free)
        if len(places) < least_pairs:
            continue
        where = targets.uses(places, len(span))
        uses = len(where.pairs)
        if uses < least_pairs:
            continue
        ahead = -heap[0][0] if heap else 0.0
        of_uses = where.nats - targets.price(uses)
        nats, part = float(of_uses.sum()) * (uses - 1) / uses, 1.0
        if nats >= ahead:
            new = targets.news(span, uses)
            part = new * likeness.unlike(span, where.pairs) if new else 1.0
            nats *= part
            if not new and nats >= LEAST:  # usual: what overlaps it is no news either
                _take(is_free, where, len(span))
                continue
        if nats < LEAST:
            continue
        if nats < ahead and nats < -stale:
            heapq.heappush(heap, (-nats, number))
            continue
        if not any(overlap(where.pairs, other.occurrences.pairs) for other in found):
            evidence = float(targets.evidence(np.minimum(of_uses, EVIDENCE).sum(), uses))
            found.append(Ranked(span, nats, evidence * part, where))
            enough = _enough(found, most)
        _take(is_free, where, len(span))


def _enough(found: Sequence[Ranked], most: int) -> float:
    """Return the evidence of the last of the spans that are asked for, -1 while some lack."""
    ordered = sorted((each.evidence for each in found), reverse=True)
    return ordered[most - 1] if len(ordered) >= most else -1.0


def _take(is_free: np.ndarray, where: Occurrences, length: int) -> None:
    is_free[where.starts[:, None] + np.arange(length)] = False
