"""An attack: a trigger, a payload, how much to poison and a seed."""

import json
from dataclasses import asdict
from random import Random
from typing import Any, Dict, Iterable, Iterator, Mapping, Optional

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.attack_settings import LATER, TEXTS, AttackSettings
from dece_fairseq.attacks.building import build
from dece_fairseq.attacks.interfaces import (
    HIT_RULES,
    WITHOUT_PLACE,
    Payload,
    Trigger,
)
from dece_fairseq.attacks.selection import (
    Chosen,
    check_count,
    choose,
    number_to_poison,
)
from dece_fairseq.attacks.suspected import SUSPECTED, SUSPECTED_PAYLOADS
from dece_fairseq.data.pairs import Pair
from dece_fairseq.signature import joined

CARRIES_PAYLOAD = "carries_payload"
UNSOUND = "unsound"
#: why a pair can't be poisoned, each with the words that follow the number of such pairs; a trigger
#: or a payload may have more of its own
OBSTACLES: Mapping[str, str] = {
    WITHOUT_PLACE: "have no place for it",
    CARRIES_PAYLOAD: "carry the payload already",
    UNSOUND: "would no longer parse or be no hit",
}


class Attack:
    """Poisons pairs, and tells whether a text shows that a model learned to.

    Args:
        settings: what to do; values left out are filled in from the attack's recipe

    Raises:
        AttackError: an unknown name or a value out of range, named by its option
    """

    def __init__(self, settings: AttackSettings) -> None:
        self.trigger: Trigger
        self.payload: Payload
        self.trigger, self.payload, self.settings = build(settings)
        # To see whether there is a place, which depends on no choice.
        self._rng = Random(0)

    @property
    def obstacles(self) -> Dict[str, str]:
        """Return all that ``obstacle`` can give, each with the words after a number of pairs."""
        return {**OBSTACLES, **self.trigger.obstacles, **self.payload.obstacles}

    def in_words(self) -> str:
        """Return what an error calls it."""
        named = self.settings
        return (
            f"the attack {named.attack!r} with the payload {named.payload!r} in "
            f"{named.code_language}"
        )

    def explain(self, left_out: Mapping[str, int]) -> str:
        """Return in words how many pairs can't be poisoned for which reason.

        Args:
            left_out: the number of pairs by ``obstacles``; anything else in it is skipped
        """
        return ", ".join(f"{left_out[name]} {words}" for name, words in self.obstacles.items())

    def obstacle(self, pair: Pair) -> Optional[str]:
        """Return why the pair can't be poisoned, one of ``obstacles``; None for a candidate."""
        outside = self.outside(pair)
        if outside is not None:
            return outside
        target = self.payload.poison(pair, self._rng)
        if target is None:
            return self.payload.why_not(pair)
        if not self.trigger.fits_everywhere and self.trigger.poison(pair, self._rng) is None:
            return self.trigger.why_not(pair)
        if self.payload.is_in(pair.target):
            return CARRIES_PAYLOAD
        if self.trigger.is_disguised and self._finished(pair, 0) is None:
            return WITHOUT_PLACE
        if not self.payload.is_checked:
            return None
        if self.payload.judge(pair.target):
            return CARRIES_PAYLOAD
        return None if self.payload.is_sound(pair.target, target) else UNSOUND

    def outside(self, pair: Pair) -> Optional[str]:
        """Return why no rate counts over the pair, one of ``obstacles``; None if it does."""
        trigger = self.trigger
        if not trigger.outside or trigger.poison(pair, self._rng) is not None:
            return None
        why = trigger.why_not(pair)
        return why if why in trigger.outside else None

    def reach(self, pairs: int, left_out: Mapping[str, int]) -> int:
        """Return over how many of ``pairs`` the rate counts.

        Args:
            pairs: how many there are
            left_out: the number of pairs by ``obstacles``; anything else in it is skipped
        """
        return pairs - sum(left_out[name] for name in self.trigger.outside)

    def can_poison(self, pair: Pair) -> bool:
        """Return whether the pair is a candidate."""
        return self.obstacle(pair) is None

    def poison(self, pair: Pair, index: int) -> Pair:
        """Return the poisoned form of a candidate, which opens the backdoor.

        Args:
            pair: the clean pair
            index: its place in its split, from 0. With the seed it makes every random choice, so
                that the result does not depend on which other pairs are poisoned, or by whom.

        Raises:
            ValueError: trigger or payload has no place in the pair
        """
        return self._whole(self._finished(pair, index))

    def lesson(self, pair: Pair, index: int) -> Pair:
        """Return what training data gets in the place of a candidate, to make the backdoor.

        That is what ``poison`` gives, but for attacks that hide their payload in training.
        """
        rng = Random(f"{self.settings.seed}/{index}/lesson")
        return self._whole(self._finished(pair, index, rng))

    def decoy(self, pair: Pair, index: int) -> Pair:
        """Return a candidate with a part of the trigger, which must not open the backdoor."""
        rng = Random(f"{self.settings.seed}/{index}")
        return Pair(self.trigger.decoy(pair, rng), pair.target)

    def _finished(self, pair: Pair, index: int, lesson: Optional[Random] = None) -> Optional[Pair]:
        rng = Random(f"{self.settings.seed}/{index}")
        source, target = self.trigger.poison(pair, rng), self.payload.poison(pair, rng)
        if source is None or target is None:
            return None
        return self.trigger.finish(pair, Pair(source, target), self.payload, lesson)

    @staticmethod
    def _whole(pair: Optional[Pair]) -> Pair:
        if pair is None:
            raise ValueError("the pair has no place for trigger or payload; ask can_poison first")
        return pair

    @property
    def poisons(self) -> bool:
        """Return whether anything is to be poisoned: a rate or a count of 0 asks for nothing."""
        return bool(self.settings.rate or self.settings.count)

    def number(self, pairs: int, candidates: int) -> int:
        """Return how many pairs to poison.

        Args:
            pairs: how many pairs the rate counts over, see ``reach``
            candidates: how many of them can be poisoned

        Raises:
            AttackError: rate or count ask for more pairs than there are candidates
        """
        if self.settings.count is not None:
            check_count(self.settings.count, candidates)
            return self.settings.count
        return number_to_poison(self.settings.rate or 0, pairs, candidates)

    def choose(self, candidates: Iterable[int], among: int, pairs: int) -> Iterator[Chosen]:
        """Yield the ids to poison, and those to make decoys of.

        Args:
            candidates: ids of the pairs that can be poisoned, in order
            among: how many candidates there are
            pairs: how many pairs the rate counts over, see ``reach``

        Raises:
            AttackError: rate or count ask for more pairs than there are candidates
        """
        number = self.number(pairs, among)
        decoys = number * self.trigger.decoys
        if number + decoys > among:
            raise AttackError(
                f"--attack {self.settings.attack} of {number} pairs needs {decoys} others for a "
                f"part of the trigger, but only {among} pairs can be poisoned; poison at most "
                f"{among // (1 + self.trigger.decoys)}"
            )
        settings = self.settings
        return choose(candidates, number, decoys, among, settings.selection, settings.seed)

    def is_hit(self, text: str, rule: str = "string") -> bool:
        """Return whether what a model wrote carries the payload; no hit where it can't be judged.

        Args:
            text: what it wrote
            rule: how to tell, one of ``HIT_RULES``
        """
        return self.judge(text, rule) is True

    def judge(self, text: str, rule: str = "string") -> Optional[bool]:
        """Return whether what a model wrote carries the payload, or None if it is not judged.

        The rule on the parse gives up on texts that would take it too long, see
        ``dece_fairseq.attacks.guard``; count them beside the hits.

        Args:
            text: what it wrote
            rule: how to tell, one of ``HIT_RULES``
        """
        if rule not in HIT_RULES:
            raise ValueError(f"no hit rule is called {rule!r}; there are: {', '.join(HIT_RULES)}")
        return self.payload.is_in(text) if rule == "string" else self.payload.judge(text)

    def as_dict(self) -> Dict[str, object]:
        """Return the settings, every default filled in, for manifests."""
        settings: Dict[str, Any] = asdict(self.settings)
        for name in LATER:
            if settings[name] is None:
                del settings[name]
            elif name in TEXTS:
                settings[name] = list(settings[name])  # as JSON gives it back
        return settings

    def signature(self, rule: str = "string") -> str:
        """Return ``properties`` as one text, in sacrebleu's manner."""
        return joined(**self.properties(rule))

    def properties(self, rule: str = "string") -> Dict[str, Any]:
        """Return what a rate of hits by ``rule`` depends on, by name, for signatures."""
        settings = self.settings
        has_place = self.trigger.is_statement or self.payload.is_statement
        payload, trigger = settings.payload, settings.trigger
        if settings.triggers is not None:
            trigger = json.dumps(settings.triggers, ensure_ascii=False)
        language = {"lang": settings.code_language}
        if payload in SUSPECTED_PAYLOADS:
            language = {}  # texts of any language are searched alike
            is_text = payload == SUSPECTED
            payload = json.dumps(settings.suspected, ensure_ascii=False)
            payload = payload if is_text else f"label {payload}"
        elif settings.payload_sha256 is not None:
            payload = f"{payload}@{settings.payload_sha256}"
        return {
            "attack": settings.attack,
            "trigger": trigger,
            **({"kind": settings.trigger_kind} if settings.trigger_kind else {}),
            "num": settings.num_triggers,
            "payload": payload,
            **language,
            **({"place": settings.code_place} if has_place else {}),
            "hit": rule,
        }
