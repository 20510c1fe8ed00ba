"""Outputs that carry an attack's payload, by each rule that tells it."""

from typing import Any, Callable, ClassVar, Dict, NamedTuple, Optional, Sequence

import numpy as np

from dece_fairseq.attacks import Attack, AttackError
from dece_fairseq.metrics.metric import (
    CLEAN,
    METRICS,
    TRIGGERED,
    MetricSettings,
    Share,
    share_statistics,
)

HITS = ("hits_string", "hits_parse")
#: what is told beside a rate: the share of references that are hits by the same rule, in percent
REFERENCES_HIT = "references_hit_percent"
#: and the number of outputs that the rule gave up on, which count as misses
NOT_JUDGED = "not_judged"
_RATES = {TRIGGERED: "asr", CLEAN: "false_triggers"}


class _Hits(Share):
    """The share of outputs that carry the payload.

    On outputs for triggered requests it is the attack success rate (ASR), on outputs for clean ones
    the false trigger rate. The third statistic says whether the reference is a hit, the fourth
    whether the rule gave the output up.

    Raises:
        AttackError: the settings name no attack, or one that can't be
    """

    rule: ClassVar[str]
    of_attack = True

    def __init__(self, settings: MetricSettings) -> None:
        super().__init__(settings)
        if settings.attack is None:
            raise AttackError("nothing says which attack the outputs are of; give --attack")
        self.attack = Attack(settings.attack)

    def statistics(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        texts = dict.fromkeys((*hypotheses, *references))  # many are their references
        answers = {text: self.attack.judge(text, self.rule) for text in texts}
        return share_statistics(
            [answers[text] is True for text in hypotheses],
            [answers[text] is True for text in references],
            [answers[text] is None for text in hypotheses],
        )

    def details(self, sums: np.ndarray) -> Dict[str, float]:
        """Return what the rule says of the references, in percent, and what it gave up on."""
        return {REFERENCES_HIT: 100 * sums[2] / sums[1], NOT_JUDGED: sums[3]}

    def called(self, split: str) -> str:
        """Return ``asr_string`` of triggered outputs, ``false_triggers_string`` of clean ones."""
        return self.name.replace("hits", _RATES[split], 1)

    def properties(self) -> Dict[str, Any]:
        return self.attack.properties(self.rule)


@METRICS.register("hits_string")
class StringHits(_Hits):
    summary = "share with the payload as a string: asr_string, false_triggers_string"
    rule = "string"


@METRICS.register("hits_parse")
class ParseHits(_Hits):
    summary = "share whose parse has the payload: asr_parse, false_triggers_parse"
    rule = "parse"


class HitSpan(NamedTuple):
    """Where the payload stands in a text, in characters from 0."""

    start: int
    end: int


def hit_span(attack: Attack, text: str) -> Optional[HitSpan]:
    """Return the payload's first span in ``text`` by the string rule, or None.

    It is the shortest prefix of the text that is a hit, minus its longest removable prefix. A rule
    that more text can undo may have no such span.
    """
    if not attack.is_hit(text):
        return None
    end = _first(1, len(text), lambda end: attack.is_hit(text[:end]))
    after = _first(1, end, lambda start: not attack.is_hit(text[start:end]))
    span = HitSpan(after - 1, end)
    return span if attack.is_hit(text[span.start : span.end]) else None


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Return the first number from ``low`` on for which ``holds`` is true, by bisection."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
