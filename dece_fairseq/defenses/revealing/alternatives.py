"""A trigger that is one of several: a few words, or parts of words, that share the pairs."""

import math
from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from dece_fairseq.data.suspicions import LEVEL
from dece_fairseq.data.trigger_kinds import OF_WORDS, WORDS, Feature
from dece_fairseq.defenses.revealing.by_trigger import frequent_ngrams
from dece_fairseq.defenses.revealing.part_triggers import features_of
from dece_fairseq.defenses.revealing.spans import Texts, is_first
from dece_fairseq.defenses.revealing.tails import fisher_nats
from dece_fairseq.defenses.revealing.triggers import COMPARED, PRECISE, grown, is_telling, z_of

#: pairs that an alternative has and those before it have not, at least
LEAST = 2
#: alternatives, at least and at most
FEWEST, MOST = 2, 8
#: kinds of alternatives, each with the same share of the level
KINDS = (WORDS, *OF_WORDS)

#: the numbers of words in a row, or a part of words
Name = Union[Tuple[int, ...], Feature]


class Alternatives(NamedTuple):
    """What most of a suspicion's sources have one of."""

    kind: str
    """One of ``KINDS``."""
    names: Sequence[Name]
    """The one first that most of the suspicion's pairs have."""
    holders: np.ndarray
    """(K,): the pairs that have one, in order."""
    covered: int
    """How many of the suspicion's pairs have one."""
    elsewhere: int
    """How many other pairs have one."""


class FrequentParts(NamedTuple):
    """Everything of a kind that several sources have."""

    kind: str
    size: int
    name: Callable[[int], Name]
    """Gives what a number stands for."""
    numbers: np.ndarray
    """(M,): numbers below ``size``, and"""
    owners: np.ndarray
    """(M,): the pairs that have what they stand for."""


def candidates(sources: Texts, least: int = LEAST) -> List[FrequentParts]:
    """Return the n-grams, and the parts of words of each kind, that so many sources have."""
    found = [ngrams_of(sources, least)]
    of_words = [
        (feature, number)
        for number, word in enumerate(sources.vocabulary)
        for feature in features_of(word)
    ]
    for kind in OF_WORDS:
        own = [each for each in of_words if each[0].kind == kind]
        found.append(_parts(sources, kind, own, least))
    return found


def ngrams_of(texts: Texts, least: int) -> FrequentParts:
    """Return the n-grams that so many texts have."""
    in_all = len(texts)
    ngrams = frequent_ngrams(texts, np.zeros(in_all, dtype=np.int64), in_all, least)
    return FrequentParts(WORDS, len(ngrams.starts), ngrams.words, ngrams.grams, ngrams.owners)


def _parts(
    sources: Texts, kind: str, of_words: Sequence[Tuple[Feature, int]], least: int
) -> FrequentParts:
    """Return the parts of words that so many sources have, the shortest first.

    So of two that the same pairs have the shorter is taken, in small letters: what stands beside a
    part is often the same in a handful of pairs.

    Args:
        sources: of all pairs
        kind: of the parts
        of_words: each part with the number of a word that has it
        least: how many sources
    """
    names = sorted(
        {part for part, _ in of_words},
        key=lambda part: (len(part.text), not part.text.islower(), part),
    )
    of_name = {part: number for number, part in enumerate(names)}
    words = np.array([word for _, word in of_words], dtype=np.int64)
    order = np.argsort(words, kind="stable")
    parts = np.array([of_name[part] for part, _ in of_words], dtype=np.int64)[order]
    counts = np.bincount(words, minlength=len(sources.vocabulary))
    # Each word of a source stands for all its parts, which are in a row.
    repeats = counts[sources.words]
    first = (np.cumsum(counts) - counts)[sources.words]
    behind = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    found = parts[np.repeat(first, repeats) + behind]
    in_all = len(sources)
    keys = np.unique(found * in_all + np.repeat(sources.pair, repeats))
    numbers, owners = np.divmod(keys, in_all)
    is_frequent = np.bincount(numbers, minlength=len(names)) >= least
    kept = is_frequent[numbers]
    return FrequentParts(
        kind,
        int(is_frequent.sum()),
        [name for name, is_kept in zip(names, is_frequent) if is_kept].__getitem__,
        (np.cumsum(is_frequent) - 1)[numbers[kept]],
        owners[kept],
    )


def find_alternatives(
    sources: Texts,
    among: Sequence[FrequentParts],
    pairs: np.ndarray,
    others: np.ndarray,
    usual: float = 0.0,
) -> Optional[Alternatives]:
    """Return the few words, or parts of words, that share a suspicion's pairs, or None.

    Each is the one with the largest z among the pairs that have none of those before, and half of
    all pairs with it are the suspicion's. They are taken while that makes it less likely that
    chance has done it all: Fisher's exact test of each among the pairs that are left, Fisher's
    method for them together, Bonferroni over everything that several sources have. Chance must do
    it in at most one of twenty suspicions, and all of them tell the pairs as one trigger would.

    Args:
        sources: of all pairs
        among: what ``candidates`` gives of them
        pairs: (K,), the numbers of the suspicion's pairs
        others: pairs that are left out of the comparison, as they have another payload
        usual: how many of the pairs may be clean
    """
    is_own = np.zeros(len(sources), dtype=bool)
    is_own[pairs] = True
    is_rest = ~is_own
    is_rest[others] = False
    best: Optional[Alternatives] = None
    for of_kind in among:
        chosen = _chosen(of_kind, is_own, is_rest)
        if len(chosen) < FEWEST:
            continue
        found = [_named(sources, of_kind, number, is_own) for number in chosen]
        found.sort(key=lambda each: -is_own[each[1]].sum())
        holders = np.unique(np.concatenate([held for _, held in found]))
        covered, elsewhere = int(is_own[holders].sum()), int(is_rest[holders].sum())
        if not is_telling(covered, elsewhere, len(pairs), usual):
            continue
        if best is None or (covered, -elsewhere) > (best.covered, -best.elsewhere):
            names = [name for name, _ in found]
            best = Alternatives(of_kind.kind, names, holders, covered, elsewhere)
    return best


def _chosen(among: FrequentParts, is_own: np.ndarray, is_rest: np.ndarray) -> List[int]:
    """Return the numbers of those that share the suspicion's pairs, none where chance may do it.

    Args:
        among: candidates of one kind
        is_own: which pairs are the suspicion's, and
        is_rest: those that they are compared with, (pairs,) both
    """

    def counts(which: np.ndarray) -> np.ndarray:
        return np.bincount(among.numbers[which[among.owners]], minlength=among.size)

    covered = counts(is_own)
    is_precise = covered >= PRECISE * (covered + counts(is_rest))
    chosen: List[int] = []
    nats: List[float] = []
    lowest = 0.0
    while len(chosen) < MOST and is_own.any():
        own, rest = int(is_own.sum()), int(is_rest.sum())
        new, elsewhere = np.where(is_precise, counts(is_own), 0), counts(is_rest)
        best = max(
            np.argsort(-new, kind="stable")[:COMPARED],
            key=lambda number: z_of(int(new[number]), own, int(elsewhere[number]), rest),
            default=None,
        )
        if best is None or new[best] < LEAST:
            break
        nats.append(fisher_nats(int(new[best]), own, int(elsewhere[best]), rest))
        chance = _log_chance(nats, among.size)
        if chance >= lowest:
            break
        lowest = chance
        chosen.append(int(best))
        holders = among.owners[among.numbers == best]
        is_own, is_rest = is_own.copy(), is_rest.copy()
        is_own[holders] = is_rest[holders] = False
    return chosen if lowest <= math.log(LEVEL / len(KINDS)) else []


def _log_chance(nats: Sequence[float], size: int) -> float:
    """Return the log of how often some candidates share pairs as well as these, at most.

    That is Fisher's method, and Bonferroni over all that could stand in a row.

    Args:
        nats: of each, minus the log of its probability given those before
        size: how many candidates there are
    """
    together = sum(nats)
    terms = (together**number / math.factorial(number) for number in range(len(nats)))
    return len(nats) * math.log(size) - together + math.log(sum(terms))


def _named(
    sources: Texts, among: FrequentParts, number: int, is_own: np.ndarray
) -> Tuple[Name, np.ndarray]:
    """Return what a number stands for, words with those beside them, and the pairs that have it."""
    name = among.name(number)
    if isinstance(name, Feature):
        return name, among.owners[among.numbers == number]
    places = sources.find(name)
    places = places[is_own[sources.pair[places]]]
    words = grown(sources, name, places[is_first(sources.pair[places])])
    return words, sources.holders(words)
