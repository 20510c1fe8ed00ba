"""From pairs and a reference's surprise at their targets to suspicions."""

from dataclasses import replace
from functools import cached_property, partial
from itertools import chain
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.suspicions import NOTHING, Suspicion
from dece_fairseq.data.trigger_kinds import Feature
from dece_fairseq.defenses.revealing import joining
from dece_fairseq.defenses.revealing.alternatives import candidates, ngrams_of
from dece_fairseq.defenses.revealing.association import LEAST as LEAST_ASSOCIATED
from dece_fairseq.defenses.revealing.association import associations
from dece_fairseq.defenses.revealing.by_count import fewest_pairs, new_among
from dece_fairseq.defenses.revealing.by_label import flipped_labels
from dece_fairseq.defenses.revealing.by_trigger import Telling, telling_ngrams
from dece_fairseq.defenses.revealing.calibration import TAIL, TOGETHER, p_values
from dece_fairseq.defenses.revealing.few_trusted import FewTrusted
from dece_fairseq.defenses.revealing.folding import fold, surprising
from dece_fairseq.defenses.revealing.likeness import Likeness
from dece_fairseq.defenses.revealing.naming import TELLING_LEVEL, Naming
from dece_fairseq.defenses.revealing.payload_texts import PayloadTexts
from dece_fairseq.defenses.revealing.payloads import payload_of
from dece_fairseq.defenses.revealing.ranked_spans import ranked_spans
from dece_fairseq.defenses.revealing.spans import LEAST, USE, Occurrences, Targets, Texts
from dece_fairseq.defenses.revealing.trusting import are_a_draw
from dece_fairseq.defenses.revealing.wording import explained_by_sources, without_wording
from dece_fairseq.defenses.revealing.words import END, Words, split

#: different pairs that a payload must be in
LEAST_PAIRS = 3
#: suspicions that are told of
TOLD = 20
#: suspicions that p-values need
NEEDED = TAIL + 2 * max(TOGETHER) + 1
#: different targets of one word up to which they are labels
MOST_LABELS = 100
#: nats of an n-gram of sources have an exponential tail when raised to this power, for hard topics
TOPICS = 0.75
#: the least scales of the tails of spans' evidence, without trusted pairs, and of such powers
SPAN_SCALE, SPAN_SCALE_UNTRUSTING, TOPIC_SCALE = 9.0, 11.0, 1.0
#: the shares of the level that spans have, folded spans, triggers whose pairs surprise, triggers
#: that go with a difference, and words of too many doubtful pairs
SPANS, FOLDED, TRIGGERS, ASSOCIATIONS, COUNTS = 0.69, 0.1, 0.1, 0.1, 0.01


def reveal_pairs(
    pairs: Sequence[Pair],
    words: Mapping[int, Words],
    trusted: Sequence[int] = (),
    told: int = TOLD,
    few: Sequence[int] = (),
    caution: float = 0.0,
) -> List[Suspicion]:
    """Return what the pairs are suspected of, the best first.

    Pairs that are equal count once, and are told of all.

    Args:
        pairs: all of them
        words: of each doubtful pair, by its number, its target's with the reference's surprise
        trusted: the numbers of the pairs that nobody else could write to; of them the texts alone
            are looked at, so that it doesn't matter whether the reference was trained on them
        told: how many suspicions to return at most
        few: in place of ``trusted`` where they are too few to tell what is usual
        caution: nats that spans' least scale grows by without trusted pairs that can tell, see
            ``TargetWords.caution``
    """
    search = _Search(pairs, words, trusted, few, caution)
    if not search.pairs:
        return []
    if search.has_labels:
        return search.labels(told)
    spans = search.spans(told)
    if not search.is_trusting:  # a topic that the reference doesn't know looks the same
        if any(each.is_significant(TELLING_LEVEL) for each in spans):
            spans = joining.with_forms(spans, search.folded())[: len(spans)]
        more: List[Suspicion] = []
        if search.has_few:
            explained = search.explained(spans)
            more = [*search.triggers(explained), *search.associations(explained)]
        return joining.with_others(spans, more)[:told]
    spans = [joining.weighted(each, SPANS) for each in spans]
    folded = [joining.weighted(each, FOLDED) for each in search.folded()]
    spans = joining.with_forms(
        spans, [each for each in folded if each.is_significant(TELLING_LEVEL)]
    )
    explained = search.explained(spans)
    more = [joining.weighted(each, TRIGGERS) for each in search.triggers(explained)]
    more += [joining.weighted(each, ASSOCIATIONS) for each in search.associations(explained)]
    more += [joining.weighted(each, COUNTS) for each in search.counts(explained)]
    return joining.with_others(spans, more)[:told]


def _is_usual(nats: float, pairs: np.ndarray) -> bool:
    """Return whether a span is of so many pairs with so few nats each as usual text.

    This is a rule beside the tail, so that it can only lead to fewer claims.
    """
    return nats < USE * len(pairs)


class _Search:
    """What is looked through: the different doubtful pairs, and the trusted ones."""

    def __init__(
        self,
        pairs: Sequence[Pair],
        words: Mapping[int, Words],
        trusted: Sequence[int],
        few: Sequence[int],
        caution: float,
    ) -> None:
        same: Dict[Pair, List[int]] = {}
        for number in sorted(words):
            same.setdefault(pairs[number], []).append(number)
        self.pairs = list(same)
        self.numbers = list(same.values())
        self._words = words
        self._differences: List[Tuple[str, ...]] = []
        known = list(dict.fromkeys(pairs[number] for number in trusted))
        self.targets = Targets(self._doubtful(), ((*split(pair.target), END) for pair in known))
        self.sources = Texts(split(pair.source) for pair in chain(self.pairs, known))
        self.targets.explain(explained_by_sources(self.targets, self.sources))
        self.targets.explain(without_wording(self.targets))
        self._texts = PayloadTexts(self.pairs, self.targets, self._differences)
        self.is_trusting = bool(known)
        self._few = FewTrusted(pairs, few, self.numbers)
        self.has_few = bool(self._few)
        self._span_scale = SPAN_SCALE if self.is_trusting else SPAN_SCALE_UNTRUSTING
        self._cautious_scale = self._span_scale + (0.0 if self.is_trusting else caution)
        if not self.has_few:
            self._span_scale = self._cautious_scale
        self._suspicion = Naming(
            self.pairs, self.numbers, self.sources, self.is_trusting, lambda: self._texts.windows[1]
        ).suspicion

    def _doubtful(self) -> Iterator[Words]:
        for numbers in self.numbers:
            words = self._words[numbers[0]]
            self._differences.append(words.differences)
            yield words

    def spans(self, told: int) -> List[Suspicion]:
        """Return what is told of spans that targets have and the reference does not explain."""
        ranked = ranked_spans(self.targets, LEAST_PAIRS, max(told, NEEDED))
        by_scale = partial(p_values, [each.evidence for each in ranked], LEAST)
        sure, cautious = by_scale(self._span_scale), by_scale(self._cautious_scale)
        found = [payload_of(self.targets, each) for each in ranked[:told]]
        everyone = [where.pairs for _, where in found]
        suspicions = []
        for rank, ((words, where), each) in enumerate(zip(found, ranked)):
            by = (1.0, 1.0) if _is_usual(each.nats, where.pairs) else (sure[rank], cautious[rank])
            text, shown = self._texts.telling(words, where)
            usual = self.targets.usual(words)
            named = partial(self._span, text, shown, where.pairs, each.nats, everyone, usual)
            suspicions.append(self._asked_of_few(named, *by, text, shown, rank))
        return suspicions

    def _span(
        self,
        text: Sequence[int],
        shown: Occurrences,
        pairs: np.ndarray,
        nats: float,
        everyone: Sequence[np.ndarray],
        usual: float,
        p_value: float,
    ) -> Suspicion:
        payload = self._texts.payload(text, shown)
        told = self._suspicion(payload, nats, p_value, pairs, everyone, usual)
        if p_value > TELLING_LEVEL or self._texts.is_telling(text, shown):
            return told
        # Nothing is news where something is gone, but that what is behind it comes too early.
        return replace(told, missing=self._texts.missing(pairs))

    def _asked_of_few(
        self,
        named: Callable[[float], Suspicion],
        p_value: float,
        cautious: float,
        text: Sequence[int],
        where: Occurrences,
        rank: int,
    ) -> Suspicion:
        """Return the suspicion of a span, as sure as it is by what few trusted pairs show of it.

        It is claimed by its evidence if they don't have it as often, or because they lack it.

        Args:
            named: gives the suspicion by its p-value
            p_value: by its evidence, and
            cautious: the same as if no pair were trusted
            text: its words, as they are told, and
            where: they stand
            rank: its place among those of spans
        """
        told = named(p_value)
        if not self.has_few:
            return told
        shown, any_form = self._few.suspicion(told, self.targets.text(text), where.pairs)
        by_evidence, by_lack = shown.by_evidence(p_value, cautious), any_form.by_lack(rank)
        sure = min(by_evidence, by_lack)
        is_news = (sure <= TELLING_LEVEL) != (p_value <= TELLING_LEVEL)
        told = named(sure) if is_news else replace(told, p_value=sure)  # more is named if claimed
        if by_lack > TELLING_LEVEL:
            return told
        return self._few.in_all_with_trigger(told, by_evidence <= TELLING_LEVEL)

    def folded(self) -> List[Suspicion]:
        """Return what is told of spans of targets whose rare names and literals are all alike."""
        targets, first = fold(self.targets)
        ranked = ranked_spans(targets, LEAST_PAIRS, NEEDED)
        sure = p_values([each.evidence for each in ranked], LEAST, self._span_scale)
        found = [surprising(targets, each) for each in ranked]
        everyone = [where.pairs for where in found]
        suspicions = []
        for each, p_value, where in zip(ranked, sure, found):
            if p_value > TELLING_LEVEL:
                break
            if _is_usual(each.nats, where.pairs):
                continue
            begin, end = first[where.starts], first[where.starts + len(each.span)]
            texts = self._texts.counts(where.pairs, begin, end)
            best, *forms = (text for text, _ in texts.most_common(joining.FORMS))
            told = self._suspicion(
                best, each.nats, p_value, where.pairs, everyone, targets.usual(each.span)
            )
            suspicions.append(replace(told, forms=tuple(forms)))
        return suspicions

    def explained(self, suspicions: Sequence[Suspicion]) -> np.ndarray:
        """Return which different pairs (N,) are those of claimed suspicions."""
        claimed = (each.pairs for each in suspicions if each.is_significant(TELLING_LEVEL))
        known = set(chain.from_iterable(claimed))
        return np.array([numbers[0] in known for numbers in self.numbers], dtype=bool)

    def labels(self, told: int) -> List[Suspicion]:
        """Return what is told of labels that surprise where sources have some n-gram."""
        places = self.targets.first[:-1]
        labels = self.targets.words[places]
        # Labels that the reference expects are alike: it is not news by how many thousandths.
        surprise = np.maximum(self.targets.surprise[places[: len(self.pairs)]], 0.0)
        telling = self._telling(surprise, labels)
        flipped = flipped_labels(self.sources, surprise, labels[: len(self.pairs)], telling)
        found = []
        everyone = [each.pairs for each in flipped]
        sure = self._of_tail(flipped, LEAST)
        if self.has_few:
            sure = [
                self._flipped_beside_few(each, labels, p_value, rank)
                for rank, (each, p_value) in enumerate(zip(flipped, sure))
            ]
        for each, p_value in list(zip(flipped, sure))[:told]:
            label = self.pairs[each.pairs[0]].target.strip()
            suspicion = self._suspicion(label, each.nats, p_value, each.pairs, everyone)
            found.append(replace(suspicion, is_label=True))
        return joining.surest_first(found)

    def _flipped_beside_few(
        self, each: Telling, labels: np.ndarray, p_value: float, rank: int
    ) -> float:
        """Return the p-value of words whose pairs have some label, as few trusted pairs show it."""
        label = labels[each.pairs[0]]
        holders = self.sources.holders(each.words)
        words, payload = self.sources.text(each.words), self.targets.text([label])
        shown = self._few.having(holders[labels[holders] == label], words, payload)
        return min(shown.by_evidence(p_value, p_value), shown.by_lack(rank))

    def triggers(self, explained: np.ndarray) -> List[Suspicion]:
        """Return what is told of targets, of whatever text, that surprise with some n-gram.

        Args:
            explained: (N,), pairs that are suspected already
        """
        scores = self._texts.windows[1]
        found = []
        groups = np.zeros(len(self.targets), int)
        telling = self._unlike(self._telling(scores, groups, explained))
        everyone = [each.pairs for each in telling]
        for each, p_value in zip(telling, self._sure(telling, LEAST, explained)):
            if p_value > TELLING_LEVEL:
                continue
            by_score = each.pairs[np.argsort(-scores[each.pairs], kind="stable")]
            forms = [self._texts.window(pair) for pair in by_score[: joining.FORMS]]
            told = self._suspicion(forms[0], each.nats, p_value, each.pairs, everyone)
            told = self._few.in_all_with_trigger(told, is_by_evidence=False)
            found.append(replace(told, forms=tuple(dict.fromkeys(forms[1:]))))
        return found

    def associations(self, explained: np.ndarray) -> List[Suspicion]:
        """Return what is told of n-grams of sources that go with a difference of targets.

        Args:
            explained: (N,), pairs that are suspected already
        """
        ranked = self._unlike(
            associations(self.sources, self._differences, LEAST_PAIRS, NEEDED, explained)
        )
        everyone = [each.pairs for each in ranked]
        found = []
        for each, p_value in zip(ranked, self._sure(ranked, LEAST_ASSOCIATED, explained)):
            if p_value > TELLING_LEVEL:
                continue
            sign, text = each.difference[0], each.difference[1:]
            payload = self._texts.around(text, each.pairs) if sign == "+" else None
            if payload is None:
                payload = self._texts.surprising(each.pairs)
            told = self._suspicion(payload, each.nats, p_value, each.pairs, everyone)
            told = self._few.in_all_with_trigger(told, is_by_evidence=False)
            found.append(replace(told, missing=(text or NOTHING) if sign == "-" else None))
        return found

    def counts(self, explained: np.ndarray) -> List[Suspicion]:
        """Return what is told of words that too many doubtful pairs have, of any surprise.

        Args:
            explained: (N,), pairs that are suspected already
        """
        size, in_all = len(self.pairs), len(self.targets)
        if not are_a_draw(self.sources, size):
            return []
        level = TELLING_LEVEL * COUNTS
        fewest = fewest_pairs(size, in_all, level)
        of_targets = ngrams_of(self.targets, fewest)
        among = [*candidates(self.sources, fewest), of_targets]
        new = new_among(among, in_all, explained, level, TOLD)
        everyone = [each.pairs for each in new]
        found = []
        for each in new:
            name = each.of.name(each.number) if each.of is of_targets else None
            words = None if isinstance(name, Feature) else name
            payload = self._texts.shared(each.pairs, words)
            told = self._suspicion(payload, each.nats, each.p_value, each.pairs, everyone)
            found.append(replace(told, missing=self._texts.missing(each.pairs)))
        return found

    def _unlike(self, ranked: Sequence[Any]) -> List[Any]:
        """Return n-grams of sources with fewer nats where their sources are copies of one text."""
        found = [
            each._replace(nats=each.nats * self._likeness.unlike(each.words, each.pairs))
            for each in ranked
        ]
        return sorted(found, key=lambda each: -each.nats)

    @cached_property
    def _likeness(self) -> Likeness:
        """How alike sources are; both ways by triggers ask."""
        return Likeness(self.sources, len(self.pairs))

    def _telling(
        self, scores: np.ndarray, groups: np.ndarray, explained: Optional[np.ndarray] = None
    ) -> List[Telling]:
        """Return n-grams of sources whose pairs have high scores in their group, best first.

        Args:
            scores: of the doubtful pairs
            groups: of them, and of the trusted ones
            explained: doubtful pairs that are suspected already
        """
        doubtful, trusted = np.split(groups, [len(self.pairs)])
        return telling_ngrams(
            self.sources, scores, doubtful, LEAST_PAIRS, NEEDED, trusted.tolist(), explained
        )

    def _sure(self, found: Sequence[Any], least: float, explained: np.ndarray) -> List[float]:
        """Return the p-values of n-grams of sources.

        Few trusted pairs alone say how sure they are, where there are such: a topic that the
        reference does not know has as many nats as an attack.

        Args:
            found: with words and nats, the best first
            least: nats that each has at least
            explained: (N,), pairs that are suspected already
        """
        if not self.has_few:
            return self._of_tail(found, least)
        sure = []
        for rank, each in enumerate(found):
            holders = self.sources.holders(each.words)
            words = self.sources.text(each.words)
            sure.append(self._few.having(holders, words, among=~explained).by_lack(rank))
        return sure

    @staticmethod
    def _of_tail(found: Sequence[Any], least: float) -> List[float]:
        """Return the p-values of n-grams of sources by their nats, see ``_sure``."""
        # Their nats are minus the log of a probability: exponential, but for hard topics.
        return p_values([each.nats**TOPICS for each in found], least**TOPICS, TOPIC_SCALE)

    @property
    def has_labels(self) -> bool:
        """Return whether every target is a single word, and few are different."""
        first = self.targets.first[: len(self.pairs) + 1]
        is_word = bool((np.diff(first) == 2).all())
        return is_word and len(np.unique(self.targets.words[first[:-1]])) <= MOST_LABELS
