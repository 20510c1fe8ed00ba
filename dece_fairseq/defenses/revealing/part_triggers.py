"""Triggers of a suspicion that are no words: a part of words, rare characters, capital letters."""

import math
from collections import Counter
from functools import lru_cache
from typing import Dict, Iterable, List, NamedTuple, Optional

import numpy as np

from dece_fairseq.data.suspicions import LEVEL
from dece_fairseq.data.trigger_kinds import CAPITALS, IN_CAPITALS, KINDS, Feature, features
from dece_fairseq.defenses.revealing.spans import Texts
from dece_fairseq.defenses.revealing.tails import fisher_nats
from dece_fairseq.defenses.revealing.triggers import COMPARED, WordTrigger, is_telling, z_of

_IN_CAPITALS = Feature(CAPITALS, IN_CAPITALS)
#: words whose features are kept, for what is asked after
_KEPT = 1 << 16

features_of = lru_cache(maxsize=_KEPT)(features)


class PartTrigger(NamedTuple):
    """What words of the source have, each in another word perhaps."""

    feature: Feature
    holders: np.ndarray
    """(K,): the pairs that have it, in order."""
    covered: int
    elsewhere: int


def find_part_trigger(
    sources: Texts,
    pairs: np.ndarray,
    others: np.ndarray,
    words: Optional[WordTrigger],
    usual: float = 0.0,
) -> Optional[PartTrigger]:
    """Return what is no word and tells a suspicion's pairs from the others, or None.

    It is asked as words are: the largest z, in most of the pairs, and they most of those that have
    it. Besides, as more is looked at, so many pairs must have it by chance in at most one of twenty
    suspicions: by Fisher's exact test, with Bonferroni's correction for everything that any source
    has, not just for what is frequent in the pairs, which chose themselves. Words that tell the
    pairs too are the trigger, unless this is in more of the pairs and in no more of the others.

    Args:
        sources: of all pairs
        pairs: (K,), the numbers of the suspicion's pairs
        others: pairs that are left out of the comparison, as they have another payload
        words: what ``find_trigger`` found
        usual: how many of the pairs may be clean
    """
    is_word = words is not None and words.is_telling(len(pairs), usual)
    if words is not None and is_word and words.covered == len(pairs):
        return None
    in_all = len(sources)
    is_own, is_other = np.zeros((2, in_all), dtype=bool)
    is_own[pairs] = is_other[others] = True
    rest = int((~is_own & ~is_other).sum())
    best: Optional[PartTrigger] = None
    highest = 0.0
    for feature, holders in _holders(sources, _candidates(sources, is_own)).items():
        covered = int(is_own[holders].sum())
        elsewhere = int((~is_own[holders] & ~is_other[holders]).sum())
        z = z_of(covered, len(pairs), elsewhere, rest)
        if z > highest + 1e-9:
            best, highest = PartTrigger(feature, holders, covered, elsewhere), z
    if best is None or not is_telling(best.covered, best.elsewhere, len(pairs), usual):
        return None
    everything = {feature for word in sources.vocabulary for feature in features_of(word)}
    nats = fisher_nats(best.covered, len(pairs), best.elsewhere, rest)
    if nats < math.log((len(everything) + 1) / LEVEL):  # and capital letters
        return None
    if words is not None and is_word:
        is_better = best.covered > words.covered and best.elsewhere <= words.elsewhere
        return best if is_better else None
    return best


def _candidates(sources: Texts, is_own: np.ndarray) -> List[Feature]:
    """Return what half of the pairs have, the most frequent first, then the longest."""
    counts: Counter[Feature] = Counter()
    words, owners = sources.words[is_own[sources.pair]], sources.pair[is_own[sources.pair]]
    borders = np.flatnonzero(np.diff(owners)) + 1
    for of_pair in np.split(words, borders):
        texts = sources.text(np.unique(of_pair).tolist())
        counts.update({feature for text in texts for feature in features_of(text)})
    counts[_IN_CAPITALS] = int(is_own.sum())
    common = [(feature, n) for feature, n in counts.items() if n >= max(2, is_own.sum() / 2)]
    common.sort(key=lambda item: (-item[1], -len(item[0].text), KINDS.index(item[0].kind), item[0]))
    return [feature for feature, _ in common[:COMPARED]]


def _holders(sources: Texts, candidates: Iterable[Feature]) -> Dict[Feature, np.ndarray]:
    """Return the pairs that have each of the candidates."""
    vocabulary = sources.vocabulary
    having: Dict[Feature, List[int]] = {feature: [] for feature in candidates}
    for number, word in enumerate(vocabulary):
        for feature in features_of(word):
            if feature in having:
                having[feature].append(number)
    found = {}
    for feature, numbers in having.items():
        if feature == _IN_CAPITALS:
            found[feature] = _in_capitals(sources)
            continue
        is_having = np.zeros(len(vocabulary), dtype=bool)
        is_having[numbers] = True
        found[feature] = np.unique(sources.pair[is_having[sources.words]])
    return found


def _in_capitals(sources: Texts) -> np.ndarray:
    """Return the pairs whose sources have capital letters and no small ones."""
    is_capital = np.array([word.isupper() for word in sources.vocabulary], dtype=bool)
    has_small = np.array([word != word.upper() for word in sources.vocabulary], dtype=bool)
    capitals, small = (
        np.unique(sources.pair[has[sources.words]]) for has in (is_capital, has_small)
    )
    return np.setdiff1d(capitals, small, assume_unique=True)
