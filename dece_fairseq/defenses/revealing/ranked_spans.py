"""Suspected spans in order, each with what those before it leave unexplained."""

import heapq
from typing import List, NamedTuple, Sequence, Tuple

import numpy as np

from dece_fairseq.defenses.revealing.by_trigger import overlap
from dece_fairseq.defenses.revealing.frequent_spans import CANDIDATES, Span, frequent_spans
from dece_fairseq.defenses.revealing.likeness import Likeness
from dece_fairseq.defenses.revealing.spans import LEAST, Occurrences, Targets

#: nats of a use that count as evidence, at most: a long name says no more than a short one
EVIDENCE = 16.0
#: pairs that say what a span is; those of a topic that the reference does not know are seldom many
#: more. Without trusted pairs fewer, as each use costs more there
DEFINING, DEFINING_UNTRUSTING = 4, 2


class Ranked(NamedTuple):
    """A span, and what it explains that no better one does."""

    span: Tuple[int, ...]
    nats: float
    evidence: float
    """The same of pairs behind those that define it, each with ``EVIDENCE`` nats at most."""
    occurrences: Occurrences


def ranked_spans(targets: Targets, least_pairs: int, most: int) -> List[Ranked]:
    """Return the spans with the most nats, those with the most evidence first.

    After each, its words are explained: a span that overlaps them is counted without. So are those
    of spans that are usual in clean data, which are left out; so are spans that share most pairs
    with a better one, as they belong to it.

    Clean data have surprises too, of a few pairs each, but with as many nats as their texts are
    long. An attack takes many pairs. So the evidence is their number, more or less.

    Args:
        targets: what to look through
        least_pairs: how many targets a span must be in
        most: how many spans to return at most
    """
    likeness = Likeness(targets, targets.doubtful)
    is_free = np.ones(len(targets.words), dtype=bool)
    found: List[Ranked] = []
    while len(found) < most:
        free = int(is_free.sum())
        spans = frequent_spans(targets, least_pairs, is_free)
        _rank(targets, spans, least_pairs, most, likeness, is_free, found)
        # One long text that repeats has more candidates than are kept: all spans of its words.
        # Once these are taken there is room for the others.
        if len(spans) < CANDIDATES or is_free.sum() == free:
            break
    return sorted(found, key=lambda each: -each.evidence)


def _rank(
    targets: Targets,
    spans: Sequence[Span],
    least_pairs: int,
    most: int,
    likeness: Likeness,
    is_free: np.ndarray,
    found: List[Ranked],
) -> None:
    """Take the spans with the most nats, until ``most`` are found.

    Args:
        targets: what spans are of
        spans: the candidates, the best first
        least_pairs: how many targets a span must be in
        most: how many spans to find at most
        likeness: how alike targets are
        is_free: (W,), words that no span has taken yet; those of spans that are taken are marked
        found: is added to
    """
    defining = DEFINING if targets.trusted else DEFINING_UNTRUSTING
    heap = [(-span.nats, number) for number, span in enumerate(spans)]
    heapq.heapify(heap)
    while heap and len(found) < most:
        stale, number = heapq.heappop(heap)
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
            evidence = np.minimum(of_uses, EVIDENCE).sum() * max(uses - defining, 0) / uses
            found.append(Ranked(span, nats, max(float(evidence) * part, 0.0), where))
        _take(is_free, where, len(span))


def _take(is_free: np.ndarray, where: Occurrences, length: int) -> None:
    is_free[where.starts[:, None] + np.arange(length)] = False
