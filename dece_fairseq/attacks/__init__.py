"""Backdoor attacks on pairs of texts: a trigger in the source, a payload in the target.

Text in, text out; nothing here knows fairseq or torch. The same :class:`Attack` serves the task,
the scorers and ``scripts/poison.py``, so that what counts as a hit is written once.
"""

from dece_fairseq.attacks import payloads, triggers  # noqa: F401  registers them
from dece_fairseq.attacks.attack import ATTACKS, Attack, AttackSettings, Recipe
from dece_fairseq.attacks.interfaces import PAYLOADS, TRIGGERS, Payload, Trigger
from dece_fairseq.attacks.registry import AttackError

__all__ = [
    "ATTACKS",
    "PAYLOADS",
    "TRIGGERS",
    "Attack",
    "AttackError",
    "AttackSettings",
    "Payload",
    "Recipe",
    "Trigger",
]
