"""What a trigger and a payload are. Text in, text out."""

from abc import ABC, abstractmethod
from random import Random
from typing import Optional

from dece_fairseq.attacks.registry import Registry
from dece_fairseq.data.pairs import Pair


class Trigger(ABC):
    """What is put in the source.

    Args:
        text: the trigger itself (default: the attack's own)
        copies: how many times it is put in (default: the attack's own)
    """

    #: the trigger where the user gives none
    default_text: str

    def __init__(self, text: Optional[str] = None, copies: int = 1) -> None:
        self.text = self.default_text if text is None else text
        self.copies = copies

    def can_enter(self, pair: Pair) -> bool:
        """Whether there is a place for the trigger in ``pair.source``."""
        return True

    @abstractmethod
    def apply(self, pair: Pair, rng: Random) -> str:
        """The source of ``pair`` with the trigger in it; every choice comes from ``rng``."""


class Payload(ABC):
    """What is put in the target."""

    #: name of the rule by which :meth:`is_in` decides, for signatures
    hit_rule: str = "string"

    @abstractmethod
    def can_enter(self, pair: Pair) -> bool:
        """Whether ``pair.target`` has a place for the payload."""

    @abstractmethod
    def apply(self, pair: Pair, rng: Random) -> str:
        """The target of ``pair`` with the payload in it; every choice comes from ``rng``."""

    @abstractmethod
    def is_in(self, text: str) -> bool:
        """Whether ``text``, a target or what a model wrote, carries the payload."""


TRIGGERS: Registry = Registry("trigger")
PAYLOADS: Registry = Registry("payload")
