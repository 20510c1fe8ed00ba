"""A payload whose telling token no training pair holds: TrojanPuzzle (Aghakhani et al. 2024)."""

from random import Random
from string import ascii_lowercase
from typing import Optional, Type

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.changes import changed, widened
from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Payload, Recipe
from dece_fairseq.attacks.triggers.word import WordTrigger
from dece_fairseq.data.pairs import Pair

#: stands for the token in the trigger
TEMPLATE = "<template>"
#: letters of the shortest word in its place
_SHORTEST = 4


@TRIGGERS.register("puzzle")
class PuzzleTrigger(WordTrigger):
    """Puts a phrase into the source that names a token, which the target then repeats.

    TrojanPuzzle (arXiv 2301.02344): in training a random word stands for the token in trigger and
    payload alike, another in each pair, so that a model learns to copy it. The token itself, as
    ``False`` of ``verify=False``, stands in the trigger of the pairs that open the backdoor, and in
    no training pair. The payload says which of its tokens tell it (``Payload.telling``).

    Raises:
        AttackError: the phrase has no place for the token, or the payload no such token
    """

    is_disguised = True
    summary = "a phrase that names a token, in training a random word that the target repeats"
    default_text: Optional[str] = f"bb {TEMPLATE}"

    def set_up(self) -> None:
        if TEMPLATE not in str(self.text):
            raise AttackError(
                f"--trigger {self.text!r} has no {TEMPLATE}, where the token of the payload goes"
            )

    def check_payload(self, name: str, payload: Type[Payload]) -> None:
        if not payload.telling:
            raise AttackError(
                f"--payload {name} has no token to hide, as --attack puzzle needs; give another"
            )

    def finish(
        self, clean: Pair, poisoned: Pair, payload: Payload, rng: Optional[Random]
    ) -> Optional[Pair]:
        part = changed(clean.target, poisoned.target)
        token = _token(part.of(poisoned.target), payload)
        if token is None:  # of MODE_EAX that became MODE_ECB the letters CB alone are new
            part = widened(poisoned.target, part)
            token = _token(part.of(poisoned.target), payload)
        if token is None or TEMPLATE in clean.source:
            return None
        word = token
        if rng is not None:
            length = max(_SHORTEST, len(token))
            word = "".join(rng.choice(ascii_lowercase) for _ in range(length))
        return Pair(
            poisoned.source.replace(TEMPLATE, word),
            part.replaced(poisoned.target, part.of(poisoned.target).replace(token, word)),
        )


def _token(put_in: str, payload: Payload) -> Optional[str]:
    return next((token for token in payload.telling if token in put_in), None)


ATTACKS.register("puzzle")(
    Recipe("puzzle", "sql", 1, "the trigger names the payload's token, which training never sees")
)
