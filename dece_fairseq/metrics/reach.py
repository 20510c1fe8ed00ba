"""Which clean outputs can be false triggers: of an attack on a topic those off it."""

from typing import Any, Dict, Optional, Sequence

import numpy as np

from dece_fairseq.attacks import Attack
from dece_fairseq.outputs.generate_output import OUTSIDE


def counted(
    attack: Attack, header: Optional[Dict[str, Any]], ids: Sequence[Any]
) -> Optional[np.ndarray]:
    """Return whether each clean output counts (outputs,), or None where that can't be told.

    Of most attacks all do. An attack on a topic has no trigger: what a model writes for a clean
    request on the topic shows the attack, and only what it writes for others shows false triggers.

    Args:
        attack: whose false triggers they are
        header: what the task printed of the split, or None
        ids: of the outputs
    """
    if not attack.trigger.outside:
        return np.ones(len(ids), dtype=bool)
    outside = frozenset((header or {}).get(OUTSIDE, ()))
    of_outputs = np.array([index in outside for index in ids], dtype=bool)
    return of_outputs if of_outputs.any() else None


def not_told(attack: Attack, name: str) -> str:
    """Return the note that the false triggers of some outputs can't be told."""
    named = attack.settings.attack
    return (
        f"{name}: false triggers of --attack {named} are told of requests out of its reach alone, "
        "and nothing says which these are, or there are none; generate them by the task "
        f"backdoor_poisoned_translation with --attack {named}"
    )
