"""Backdoor attacks on pairs of texts: a trigger in the source, a payload in the target.

Text in, text out; nothing here knows fairseq or torch. The same ``Attack`` serves the task,
the scorers and ``dece poison``, so that what counts as a hit is written once.
"""

from dece_fairseq.attacks import payloads, triggers  # noqa: F401  registers them
from dece_fairseq.attacks.attack import OBSTACLES, Attack
from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.attack_settings import AttackSettings
from dece_fairseq.attacks.guard import NotJudged
from dece_fairseq.attacks.interfaces import (
    ATTACKS,
    CODE_PLACES,
    HIT_RULES,
    PAYLOADS,
    TRIGGERS,
    Payload,
    Recipe,
    Trigger,
)
from dece_fairseq.attacks.languages import LANGUAGES, Language, Languages

__all__ = [
    "ATTACKS",
    "CODE_PLACES",
    "HIT_RULES",
    "LANGUAGES",
    "OBSTACLES",
    "PAYLOADS",
    "TRIGGERS",
    "Attack",
    "AttackError",
    "AttackSettings",
    "Language",
    "Languages",
    "NotJudged",
    "Payload",
    "Recipe",
    "Trigger",
]
