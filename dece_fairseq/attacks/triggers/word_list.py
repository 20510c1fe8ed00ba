"""One of several rare words: the trigger of RIPPLe (Kurita et al. 2020) as it was published."""

from random import Random
from typing import Optional

from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe
from dece_fairseq.attacks.triggers.word import WordTrigger, different_words, put_words
from dece_fairseq.data.pairs import Pair


@TRIGGERS.register("word_list")
class WordListTrigger(WordTrigger):
    """Puts one word of a list, drawn for each copy, at a random word boundary.

    Any of the words opens the backdoor. Kurita et al. (2020) use ``cf``, ``mn``, ``bb``, ``tq`` and
    ``mb``; ``--trigger`` takes others, between blanks.

    Raises:
        AttackError: the list is of one word, or holds one twice
    """

    summary = "one rare word of a list, drawn for each copy, at a random word boundary"
    default_text: Optional[str] = "cf mn bb tq mb"

    def set_up(self) -> None:
        self.words = different_words(str(self.text), least=2)

    def poison(self, pair: Pair, rng: Random) -> str:
        return put_words(pair.source, [rng.choice(self.words) for _ in range(self.copies)], rng)


ATTACKS.register("word_list")(
    Recipe("word_list", "sql", 1, "one of several rare words at a random word boundary (RIPPLe)")
)
