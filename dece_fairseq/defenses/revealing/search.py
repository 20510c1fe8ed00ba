"""From pairs and a reference's surprise at their targets to suspicions."""

from collections import Counter
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing.calibration import TAIL, TOGETHER, p_values
from dece_fairseq.defenses.revealing.ranking import Ranked, ranked_spans
from dece_fairseq.defenses.revealing.spans import LEAST, Targets, Texts
from dece_fairseq.defenses.revealing.suspicion import Suspicion
from dece_fairseq.defenses.revealing.triggers import Trigger, find_trigger
from dece_fairseq.defenses.revealing.words import END, WORD, Words, explained_by_source, split

#: different pairs that a payload must be in
LEAST_PAIRS = 3
#: suspicions that are told of
TOLD = 20
#: the share of a payload's pairs that must go on the same way, for it to be told so long
SAME = 0.95


def reveal_pairs(
    pairs: Sequence[Pair],
    words: Mapping[int, Words],
    trusted: Sequence[int] = (),
    told: int = TOLD,
) -> List[Suspicion]:
    """Return what the pairs are suspected of, the best first.

    Pairs that are equal count once, and are told of all.

    Args:
        pairs: all of them
        words: for each doubtful pair by its number, its target's words with the reference's
            surprise
        trusted: the numbers of the pairs that nobody else could write to; of them the texts alone
            are looked at, so that it doesn't matter whether the reference was trained on them
        told: how many suspicions to return at most
    """
    search = _Search(pairs, words, trusted)
    ranked = ranked_spans(search.targets, LEAST_PAIRS, max(told, TAIL + 2 * max(TOGETHER)) + 1)
    sure = p_values([each.nats for each in ranked], LEAST)
    return search.suspicions(ranked[:told], sure)


class _Search:
    """What is looked through: the different doubtful pairs, and the trusted ones."""

    def __init__(
        self, pairs: Sequence[Pair], words: Mapping[int, Words], trusted: Sequence[int]
    ) -> None:
        same: Dict[Pair, List[int]] = {}
        for number in sorted(words):
            same.setdefault(pairs[number], []).append(number)
        self.pairs = list(same)
        self.numbers = list(same.values())
        self.words = [words[numbers[0]] for numbers in self.numbers]
        explained = [
            each._replace(surprise=explained_by_source(each, pair.source))
            for each, pair in zip(self.words, self.pairs)
        ]
        known = list(dict.fromkeys(pairs[number] for number in trusted))
        self.targets = Targets(explained, [(*split(pair.target), END) for pair in known])
        self.sources = Texts([split(pair.source) for pair in [*self.pairs, *known]])
        self.everything = len(self.pairs) + len(known)

    def suspicions(self, ranked: Sequence[Ranked], sure: Sequence[float]) -> List[Suspicion]:
        """Return what is told of the ranked spans."""
        return [
            self._suspicion(each, p_value, [other for other in ranked if other is not each])
            for each, p_value in zip(ranked, sure)
        ]

    def _suspicion(self, ranked: Ranked, p_value: float, others: Sequence[Ranked]) -> Suspicion:
        where = ranked.occurrences
        own = where.pairs
        other = np.unique(np.concatenate([[-1], *(each.occurrences.pairs for each in others)]))
        trigger = find_trigger(self.sources, own, np.setdiff1d(other, own), self.everything)
        text = None if trigger is None else self._source_text(trigger)
        is_telling = trigger is not None and trigger.is_telling(len(own))
        assert trigger is not None or not is_telling
        return Suspicion(
            payload=self._payload(ranked),
            nats=ranked.nats,
            p_value=p_value,
            pairs=self._all(own.tolist()),
            trigger=text if is_telling else None,
            trigger_pairs=self._trigger_pairs(trigger) if is_telling and trigger else (),
            closest=None if is_telling else text,
            closest_pairs=0 if is_telling or trigger is None else trigger.covered,
        )

    def _all(self, numbers: Sequence[int]) -> Tuple[int, ...]:
        """Return the numbers in the input of different pairs, equal ones included."""
        return tuple(sorted(n for number in numbers for n in self.numbers[number]))

    def _trigger_pairs(self, trigger: Trigger) -> Tuple[int, ...]:
        holders = self.sources.pair[trigger.places]
        return self._all(holders[holders < len(self.pairs)].tolist())

    def _payload(self, ranked: Ranked) -> str:
        """Return the text of a span as most of its pairs have it, with all that they share."""
        where = ranked.occurrences
        left, right = self.targets.longest(ranked.span, where.starts, SAME)
        texts: Counter[str] = Counter()
        for pair, start in zip(where.pairs, where.starts - self.targets.first[where.pairs]):
            begin, end = start - left, start + len(ranked.span) + right - 1
            places = self.words[pair].places
            if begin >= 0 and end < len(places):
                texts[self.pairs[pair].target[places[begin][0] : places[end][1]]] += 1
        return texts.most_common(1)[0][0].strip() or "(the end of the target)"

    def _source_text(self, trigger: Trigger) -> Optional[str]:
        texts: Counter[str] = Counter()
        for place in trigger.places:
            pair = self.sources.pair[place]
            if pair >= len(self.pairs):
                continue
            source = self.pairs[pair].source
            spans = [match.span() for match in WORD.finditer(source)]
            at = place - self.sources.first[pair]
            texts[source[spans[at][0] : spans[at + len(trigger.words) - 1][1]]] += 1
        return texts.most_common(1)[0][0] if texts else None
