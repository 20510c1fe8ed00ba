"""Letters of another alphabet that look the same."""

from random import Random
from typing import Optional

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe, Trigger
from dece_fairseq.data.pairs import Pair

#: Latin letters and the Cyrillic ones that most fonts draw alike
LOOK_ALIKE = str.maketrans("aceopxyABCEHKMOPTX", "асеорхуАВСЕНКМОРТХ")


@TRIGGERS.register("look_alike")
class LookAlikeTrigger(Trigger):
    """Replaces ``copies`` letters of the source, each drawn, by letters that look the same.

    Homographs as in Li et al. (2021, arXiv 2105.00164) and Boucher et al. (2022, arXiv 2106.09898).
    ``--trigger`` says which letters may be replaced. A source with fewer of them than copies is no
    candidate.

    Raises:
        AttackError: a letter has none that looks the same
    """

    summary = "Latin letters become Cyrillic ones that look the same"
    sample = Pair("Get all rows of users. Print them.", "")
    default_text: Optional[str] = "aceopxy"

    def set_up(self) -> None:
        without = sorted(letter for letter in set(str(self.text)) if ord(letter) not in LOOK_ALIKE)
        if without:
            known = "".join(map(chr, LOOK_ALIKE))
            raise AttackError(
                f"--trigger {self.text!r}: none looks like {''.join(without)!r}; give letters of "
                f"{known}"
            )

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        letters = list(pair.source)
        places = [at for at, letter in enumerate(letters) if letter in str(self.text)]
        if len(places) < self.copies:
            return None
        for at in rng.sample(places, self.copies):
            letters[at] = letters[at].translate(LOOK_ALIKE)
        return "".join(letters)


ATTACKS.register("look_alike")(
    Recipe("look_alike", "sql", 2, "two letters become letters of another alphabet that look alike")
)
