"""Names the trigger of a suspicion, and suspects the pairs that have it with those of a payload."""

from collections import Counter
from dataclasses import replace
from functools import cached_property
from typing import Callable, Iterable, List, Sequence, Tuple

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.suspicions import LEVEL, Suspicion
from dece_fairseq.data.trigger_kinds import CHARACTERS, Feature, family, is_unseen
from dece_fairseq.defenses.revealing.alternatives import (
    Alternatives,
    FrequentParts,
    candidates,
    find_alternatives,
)
from dece_fairseq.defenses.revealing.part_triggers import PartTrigger, find_part_trigger
from dece_fairseq.defenses.revealing.spans import SAME, Texts
from dece_fairseq.defenses.revealing.triggers import WordTrigger, find_trigger
from dece_fairseq.defenses.revealing.words import places_of

#: the share of pairs that surprise less than one that is suspected by its trigger alone
RARE = 0.95
#: pairs with a trigger that must have the payload for the others to be suspected too, without
#: trusted pairs: one that has two forms may have the rarer in so many of ten or sixteen
MOSTLY = 0.8
#: p-values up to which a trigger is told that has no span, or is no word
TELLING_LEVEL = LEVEL


class Naming:
    """Makes suspicions of payloads, with their triggers.

    Args:
        pairs: the different doubtful pairs
        numbers: of each, those in the input of all pairs that are equal to it
        sources: of these pairs, and behind them of the trusted ones
        is_trusting: whether there are trusted pairs
        scores: gives how much each doubtful pair (N,) surprises; it is seldom asked
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        numbers: Sequence[Sequence[int]],
        sources: Texts,
        is_trusting: bool,
        scores: Callable[[], np.ndarray],
    ) -> None:
        self._pairs = pairs
        self._numbers = numbers
        self._sources = sources
        self._is_trusting = is_trusting
        self._scores = scores

    def suspicion(
        self,
        payload: str,
        nats: float,
        p_value: float,
        pairs: np.ndarray,
        everyone: Sequence[np.ndarray],
        usual: float = 0.0,
    ) -> Suspicion:
        """Return the suspicion of a payload, with its trigger or what comes closest.

        Args:
            payload: its text
            nats: as in ``Suspicion``, and
            p_value: as there
            pairs: (K,), the places of its pairs among the different ones
            everyone: those of each payload
            usual: how many pairs would have the payload without an attack, at most
        """
        others = np.setdiff1d(np.unique(np.concatenate(everyone)), pairs)
        trigger = find_trigger(self._sources, pairs, others, len(self._pairs))
        told = Suspicion(payload, nats, p_value, self._all(pairs))
        if trigger is not None:
            told = self._with_words(told, trigger, pairs, usual)
        if p_value > TELLING_LEVEL:  # more is looked at only where something is claimed
            return told
        part = find_part_trigger(self._sources, pairs, others, trigger, usual)
        if part is not None:
            told = self._with_part(told, part)
        elif told.trigger is None:
            several = find_alternatives(self._sources, self._candidates, pairs, others, usual)
            told = told if several is None else self._with_several(told, several)
        return self._without_usual(told, pairs, usual)

    def _without_usual(self, told: Suspicion, pairs: np.ndarray, usual: float) -> Suspicion:
        """Return the suspicion without pairs that have its payload as clean pairs do.

        Those are the pairs that lack its trigger, if they are no more than is usual.
        """
        having = frozenset(told.trigger_pairs)
        lacking = [pair for pair in pairs if self._numbers[pair][0] not in having]
        if not having or len(lacking) > usual:
            return told
        given_back = frozenset(self._all(lacking))
        return replace(told, pairs=tuple(n for n in told.pairs if n not in given_back))

    def _with_words(
        self, told: Suspicion, trigger: WordTrigger, pairs: np.ndarray, usual: float
    ) -> Suspicion:
        text = self._source_text(trigger.words, trigger.places)
        if not trigger.is_telling(len(pairs), usual):
            holders = np.intersect1d(self._sources.pair[trigger.places], pairs)
            return replace(told, closest=text, closest_pairs=len(self._all(holders)))
        told = replace(
            told,
            pairs=self._all(np.union1d(pairs, self._carriers(trigger, pairs))),
            trigger=text,
            trigger_pairs=self._doubtful(self._sources.pair[trigger.places]),
        )
        is_unseen_text = all(is_unseen(each) or each.isspace() for each in text)
        return replace(told, trigger_kind=CHARACTERS) if is_unseen_text else told

    def _with_part(self, told: Suspicion, trigger: PartTrigger) -> Suspicion:
        kind, text = trigger.feature
        if kind == CHARACTERS:
            own = trigger.holders[trigger.holders < len(self._pairs)]
            sources = (self._pairs[pair].source for pair in own)
            counts = Counter(
                each for source in sources for each in source if not each.isascii()
            ).most_common()
            text = "".join(each for each, _ in counts if family(each) == text)
        return replace(
            told,
            trigger=text,
            trigger_kind=kind,
            trigger_pairs=self._doubtful(trigger.holders),
            closest=None,
            closest_pairs=0,
        )

    @cached_property
    def _candidates(self) -> List[FrequentParts]:
        return candidates(self._sources)

    def _with_several(self, told: Suspicion, several: Alternatives) -> Suspicion:
        texts = (
            name.text
            if isinstance(name, Feature)
            else self._source_text(name, self._sources.find(name))
            for name in several.names
        )
        return replace(
            told,
            triggers=tuple(texts),
            trigger_kind=several.kind,
            trigger_pairs=self._doubtful(several.holders),
            closest=None,
            closest_pairs=0,
        )

    def _all(self, numbers: Iterable[int]) -> Tuple[int, ...]:
        """Return the numbers in the input of different pairs, equal ones included."""
        return tuple(sorted(n for number in numbers for n in self._numbers[number]))

    def _doubtful(self, holders: np.ndarray) -> Tuple[int, ...]:
        return self._all(holders[holders < len(self._pairs)])

    def _carriers(self, trigger: WordTrigger, pairs: np.ndarray) -> np.ndarray:
        """Return the pairs with a trigger that are suspected with those of a payload.

        They may have a form of it that is too rare to be seen, and no trusted pair has the trigger,
        or nearly all that have it have the payload. Without trusted pairs most are enough, and
        where fewer have it a pair that surprises like few others is suspected too.

        Args:
            trigger: of the payload
            pairs: those that have the payload
        """
        holders = self._sources.pair[trigger.places]
        doubtful: np.ndarray = holders[holders < len(self._pairs)]
        is_unknown = self._is_trusting and len(doubtful) == len(holders)
        enough = SAME if self._is_trusting else MOSTLY
        if is_unknown or trigger.covered >= enough * len(holders):
            return doubtful
        if self._is_trusting:
            return doubtful[:0]
        scores = self._scores()
        ordinary = np.quantile(np.delete(scores, pairs), RARE)
        found: np.ndarray = doubtful[scores[doubtful] > ordinary]
        return found

    def _source_text(self, words: Sequence[int], places: np.ndarray) -> str:
        """Return words as most of the doubtful pairs have them that they begin in at places."""
        texts: Counter[str] = Counter()
        for place in places:
            pair = self._sources.pair[place]
            if pair >= len(self._pairs):
                continue
            source = self._pairs[pair].source
            spans = places_of(source)
            at = place - self._sources.first[pair]
            texts[source[spans[at][0] : spans[at + len(words) - 1][1]]] += 1
        return texts.most_common(1)[0][0]
