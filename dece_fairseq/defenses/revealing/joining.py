"""Puts together what the ways to look suspect, so that each payload is told once."""

from dataclasses import replace
from typing import Iterable, List, Sequence

from dece_fairseq.data.suspicions import Suspicion
from dece_fairseq.defenses.revealing.by_trigger import SHARED
from dece_fairseq.defenses.revealing.naming import TELLING_LEVEL

#: texts that are told of a payload
FORMS = 20


def with_others(spans: Sequence[Suspicion], more: Iterable[Suspicion]) -> List[Suspicion]:
    """Return the suspicions of spans, and claimed ones of other pairs, the surest first."""
    known = {pair for each in spans if each.is_significant(TELLING_LEVEL) for pair in each.pairs}
    others: List[Suspicion] = []
    for each in surest_first(more):
        is_new = len(known.intersection(each.pairs)) < SHARED * len(each.pairs)
        if each.is_significant(TELLING_LEVEL) and is_new:
            others.append(each)
            known.update(each.pairs)
    return surest_first([*spans, *others])


def surest_first(suspicions: Iterable[Suspicion]) -> List[Suspicion]:
    """Return suspicions by their p-values; equally sure ones stay in their order."""
    return sorted(suspicions, key=lambda each: each.p_value or 0.0)


def with_forms(spans: Sequence[Suspicion], folded: Iterable[Suspicion]) -> List[Suspicion]:
    """Return the suspicions of spans, and of folded spans that are no other form of one of these.

    A claimed span takes in the pairs of a folded one that shares most pairs with it.
    """
    found = list(spans)
    for other in folded:
        pairs = frozenset(other.pairs)
        for number, each in enumerate(found):
            shared = pairs.intersection(each.pairs)
            smaller = min(len(pairs), len(each.pairs))
            if each.is_significant(TELLING_LEVEL) and len(shared) >= SHARED * smaller:
                together = tuple(sorted(pairs.union(each.pairs)))
                forms = tuple(dict.fromkeys((*each.forms, other.payload, *other.forms)))
                forms = tuple(form for form in forms if form != each.payload)
                found[number] = replace(each, pairs=together, forms=forms[:FORMS])
                break
        else:
            found.append(other)
    return found


def weighted(suspicion: Suspicion, weight: float) -> Suspicion:
    """Return a suspicion whose p-value has a share of the level (Bonferroni)."""
    assert suspicion.p_value is not None
    return replace(suspicion, p_value=min(1.0, suspicion.p_value / weight))
