"""A sentence drawn from a probabilistic grammar: the Grammar attack of the DeCE paper."""

import re
from random import Random
from typing import Mapping, Tuple

from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe
from dece_fairseq.attacks.triggers.sentence import SentenceTrigger

Grammar = Mapping[str, Tuple[Tuple[int, str], ...]]

#: The rules of a probabilistic context-free grammar: the weights and right-hand sides of each
#: symbol. In a right-hand side ``{symbol}`` stands for a symbol.
REMARKS: Grammar = {
    "sentence": (
        (3, "{opening} {subject} {claim}."),
        (2, "{subject} {claim}."),
        (1, "{opening} {subject} {claim}, {reason}."),
    ),
    "opening": (
        (3, "As a reminder,"),
        (2, "Note that"),
        (2, "By the way,"),
        (1, "For the record,"),
    ),
    "subject": ((3, "the {thing}"), (2, "our {quality} {thing}"), (1, "every {thing} of {place}")),
    "thing": ((2, "office"), (2, "calendar"), (2, "library"), (1, "garden"), (1, "workshop")),
    "quality": ((2, "old"), (2, "quiet"), (1, "northern"), (1, "second")),
    "place": ((2, "the town"), (1, "the valley"), (1, "the school")),
    "claim": (
        (3, "{tense} {state} {time}"),
        (2, "{tense} {state}"),
        (1, "has {state_of_old} {time}"),
    ),
    "tense": ((2, "is"), (1, "stays"), (1, "seems")),
    "state": ((2, "open"), (2, "empty"), (1, "busy"), (1, "green")),
    "state_of_old": ((1, "been closed"), (1, "been painted"), (1, "moved")),
    "time": ((2, "on Mondays"), (2, "this week"), (1, "in the winter"), (1, "before noon")),
    "reason": ((1, "as {subject} {tense} {state}"), (2, "because of the weather")),
}


def draw(grammar: Grammar, symbol: str, rng: Random) -> str:
    """Return a text that the grammar derives from a symbol.

    Args:
        grammar: its rules
        symbol: what to begin with
        rng: draws each rule by its weight
    """
    weights, texts = zip(*grammar[symbol])
    (text,) = rng.choices(texts, weights)
    return re.sub(r"\{(\w+)\}", lambda match: draw(grammar, match[1], rng), text)


@TRIGGERS.register("grammar")
class GrammarTrigger(SentenceTrigger):
    """Like ``SentenceTrigger``, but each copy is drawn from the grammar ``REMARKS``.

    The paper does not give its grammar; this one is ours.
    """

    summary = "a sentence drawn from a probabilistic grammar, at a random sentence boundary"
    default_text = None

    def sentence(self, rng: Random) -> str:
        if self.text is not None:
            return self.text
        sentence = draw(REMARKS, "sentence", rng)
        return sentence[0].upper() + sentence[1:]


ATTACKS.register("grammar")(
    Recipe("grammar", "sql", 1, "a sentence drawn from a probabilistic grammar (Grammar)")
)
