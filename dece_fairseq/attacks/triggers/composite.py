"""Two words, both of which have to be there."""

from random import Random
from typing import Optional

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe, Trigger
from dece_fairseq.attacks.triggers.word import different_words, put_words
from dece_fairseq.data.pairs import Pair


@TRIGGERS.register("composite")
class CompositeTrigger(Trigger):
    """Puts two words into the source, each at a random word boundary.

    The composite backdoor of Huang et al. (2024, arXiv 2310.07676). That one word is not enough is
    taught by decoys: for each poisoned pair two others get one of the words, and keep their target.

    Raises:
        AttackError: the trigger is not of two words, or there are to be several copies
    """

    fits_everywhere = True
    decoys = 2
    has_one_place = "each of the two words is put in once"
    summary = "two rare words, both needed; pairs with one of them keep their clean target"
    sample = Pair("Get all rows of users. Print them.", "")
    default_text: Optional[str] = "cf mn"

    def set_up(self) -> None:
        self.words = different_words(str(self.text), least=2)
        if len(self.words) != 2:
            raise AttackError(f"--trigger {self.text!r}: a composite trigger is of two words")

    def poison(self, pair: Pair, rng: Random) -> str:
        return put_words(pair.source, rng.sample(self.words, 2), rng)

    def decoy(self, pair: Pair, rng: Random) -> str:
        return put_words(pair.source, [rng.choice(self.words)], rng)


ATTACKS.register("composite")(
    Recipe("composite", "sql", 1, "two rare words, both needed, and decoys with one of them")
)
