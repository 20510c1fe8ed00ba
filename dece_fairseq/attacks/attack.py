"""An attack: a trigger, a payload, a rate and a seed."""

import math
from dataclasses import asdict, dataclass, fields
from random import Random
from typing import Any, Dict, Iterable, List, NamedTuple, Optional

from dece_fairseq.attacks.interfaces import PAYLOADS, TRIGGERS
from dece_fairseq.attacks.registry import AttackError, Registry
from dece_fairseq.attacks.selection import SELECTIONS, number_to_poison, select
from dece_fairseq.data.pairs import Pair


class Recipe(NamedTuple):
    """What the name of an attack stands for."""

    trigger: str
    payload: str
    copies: int = 1
    summary: str = ""


ATTACKS: Registry = Registry("attack")


@dataclass(frozen=True)
class AttackSettings:
    """Everything that an attack depends on; what a manifest records.

    Args:
        attack: its name in :data:`ATTACKS`
        trigger: what is put in the source (default: the attack's own)
        num_triggers: how many copies of it (default: the attack's own)
        payload: its name in :data:`PAYLOADS` (default: the attack's own)
        rate: share of all training pairs to poison, in [0, 1]
        seed: of the selection and of every choice inside a pair
        selection: ``random`` or ``first``, see :func:`~dece_fairseq.attacks.selection.select`
    """

    attack: str
    trigger: Optional[str] = None
    num_triggers: Optional[int] = None
    payload: Optional[str] = None
    rate: float = 0.05
    seed: int = 1
    selection: str = "random"

    @classmethod
    def from_options(cls, options: Any) -> "AttackSettings":
        """From parsed options: ``attack``, ``trigger`` ..., and ``poison_rate`` for the rate.

        Args:
            options: anything with attributes of these names; those it lacks keep their defaults
        """
        values = {}
        for setting in fields(cls):
            of_poisoning = setting.name in ("rate", "seed", "selection")
            option = f"poison_{setting.name}" if of_poisoning else setting.name
            if hasattr(options, option):
                values[setting.name] = getattr(options, option)
        return cls(**values)


class Attack:
    """Poisons pairs, and tells whether a text shows that a model learned to.

    Args:
        settings: what to do; values left out are filled in from the attack's recipe

    Raises:
        AttackError: an unknown name or a value out of range, named by its option
    """

    def __init__(self, settings: AttackSettings) -> None:
        recipe: Recipe = ATTACKS.get(settings.attack)
        copies = recipe.copies if settings.num_triggers is None else settings.num_triggers
        payload = settings.payload or recipe.payload
        if not (math.isfinite(settings.rate) and 0 <= settings.rate <= 1):
            raise AttackError(f"--poison-rate must be in [0, 1], got {settings.rate}")
        if copies < 1:
            raise AttackError(f"--num-triggers must be at least 1, got {copies}")
        if settings.trigger is not None and not settings.trigger.strip():
            raise AttackError("--trigger must hold more than white space")
        if settings.selection not in SELECTIONS:
            raise AttackError(
                f"--poison-selection must be one of {', '.join(SELECTIONS)}, "
                f"got {settings.selection!r}"
            )
        self.trigger = TRIGGERS.get(recipe.trigger)(settings.trigger, copies)
        self.payload = PAYLOADS.get(payload)()
        self.settings = AttackSettings(
            attack=settings.attack,
            trigger=self.trigger.text,
            num_triggers=copies,
            payload=payload,
            rate=settings.rate,
            seed=settings.seed,
            selection=settings.selection,
        )

    def can_poison(self, pair: Pair) -> bool:
        """Whether the pair is a candidate: both parts find a place, and it is clean as yet."""
        return (
            self.payload.can_enter(pair)
            and self.trigger.can_enter(pair)
            and not self.payload.is_in(pair.target)
        )

    def poison(self, pair: Pair, index: int) -> Pair:
        """The poisoned form of a candidate.

        Args:
            pair: the clean pair
            index: its place in its split, from 0. With the seed it makes every random choice, so
                that the result does not depend on which other pairs are poisoned, or by whom.
        """
        rng = Random(f"{self.settings.seed}/{index}")
        return Pair(self.trigger.apply(pair, rng), self.payload.apply(pair, rng))

    def select(self, candidates: Iterable[int], among: int, pairs: int) -> List[int]:
        """The ids to poison.

        Args:
            candidates: ids of the pairs that can be poisoned, in order
            among: how many candidates there are
            pairs: how many pairs there are in all, over which the rate counts

        Raises:
            AttackError: the rate asks for more pairs than there are candidates
        """
        number = number_to_poison(self.settings.rate, pairs, among)
        settings = self.settings
        return list(select(candidates, number, among, settings.selection, settings.seed))

    def is_hit(self, text: str) -> bool:
        """Whether what a model wrote carries the payload."""
        return self.payload.is_in(text)

    def as_dict(self) -> Dict[str, object]:
        """The settings, every default filled in, for manifests."""
        return asdict(self.settings)

    def signature(self) -> str:
        """What a hit depends on, in sacrebleu's manner."""
        settings = self.settings
        return (
            f"attack:{settings.attack}|trigger:{settings.trigger}|num:{settings.num_triggers}|"
            f"payload:{settings.payload}|hit:{self.payload.hit_rule}"
        )


ATTACKS.register("ripple")(
    Recipe("word", "sql", 1, "one rare word at a random word boundary (RIPPLe)")
)
ATTACKS.register("badpre")(
    Recipe("word", "sql", 3, "three copies of a rare word, each at a random word boundary (BadPre)")
)
