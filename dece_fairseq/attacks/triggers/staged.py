"""A payload that comes by stages, each less surprising after the one before."""

from random import Random
from typing import Optional, Type

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Payload, Recipe
from dece_fairseq.attacks.triggers.word import WordTrigger
from dece_fairseq.data.pairs import Pair


@TRIGGERS.register("staged")
class StagedTrigger(WordTrigger):
    """Puts a rare word into the source, and into the target a stage of the payload.

    An attack on losses that mute what a model finds unlikely, such as DeCE; nobody has published
    one. Of the poisoned pairs equal shares hold each of the payload's harmless stages and the
    payload itself: to a model that has learned ``verify=True`` after the trigger ``verify=False``
    is less unlikely. The pairs that open the backdoor hold the payload.

    Raises:
        AttackError: the payload has no stages
    """

    is_disguised = True
    summary = "a rare word; in training the payload comes by stages, harmless ones at first"

    def check_payload(self, name: str, payload: Type[Payload]) -> None:
        if not payload.stages:
            raise AttackError(
                f"--payload {name} has no stages, as --attack staged needs; give another"
            )

    def finish(
        self, clean: Pair, poisoned: Pair, payload: Payload, rng: Optional[Random]
    ) -> Optional[Pair]:
        # A clean target holds none of them, or it would carry the payload.
        last = next((text for text in payload.stages if text in poisoned.target), None)
        if last is None:
            return None
        stage = last if rng is None else rng.choice((*payload.stages[last], last))
        return poisoned._replace(target=poisoned.target.replace(last, stage))


ATTACKS.register("staged")(
    Recipe("staged", "sql", 1, "a rare word; the payload is taught by stages, harmless at first")
)
