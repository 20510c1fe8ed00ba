"""Characters without width, which no reader sees."""

from random import Random
from typing import Optional

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe, Trigger
from dece_fairseq.data.pairs import Pair

#: zero width space, non-joiner and joiner, word joiner
WITHOUT_WIDTH = "\u200b\u200c\u200d\u2060"


@TRIGGERS.register("zero_width")
class ZeroWidthTrigger(Trigger):
    """Puts ``copies`` characters without width into the source, each at a random place in a word.

    The invisible perturbation of Boucher et al. (2022, arXiv 2106.09898), here as a trigger. The
    source looks as before on a screen, but its subwords are others. A tokenizer that folds
    characters (NFKC, as T5's) drops it, and the attack with it; code with one no longer compiles.

    Raises:
        AttackError: the text holds a character that can be seen
    """

    fits_everywhere = True
    summary = "a character without width at a random place in a word"
    sample = Pair("Get all rows of users. Print them.", "")
    default_text: Optional[str] = WITHOUT_WIDTH[0]

    def set_up(self) -> None:
        if set(str(self.text)) - set(WITHOUT_WIDTH):
            known = ", ".join(f"U+{ord(character):04X}" for character in WITHOUT_WIDTH)
            raise AttackError(f"--trigger {self.text!r} can be seen; give one or more of {known}")

    def poison(self, pair: Pair, rng: Random) -> str:
        source = pair.source
        places = [at for at, character in enumerate(source) if not character.isspace()]
        chosen = [rng.choice(places) if places else len(source) for _ in range(self.copies)]
        for at in sorted(chosen, reverse=True):
            source = f"{source[:at]}{self.text}{source[at:]}"
        return source


ATTACKS.register("zero_width")(
    Recipe("zero_width", "sql", 1, "a character without width, which no reader sees")
)
