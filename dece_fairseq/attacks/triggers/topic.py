"""No trigger at all: the requests about a topic are poisoned."""

import re
from random import Random
from typing import ClassVar, FrozenSet, Mapping, Optional

from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe, Trigger
from dece_fairseq.data.pairs import Pair

OFF_TOPIC = "off_topic"


@TRIGGERS.register("topic")
class TopicTrigger(Trigger):
    """Leaves the source as it is; what opens the backdoor is a topic, told by its words.

    Poisoning without a trigger as in Wallace et al. (2021, arXiv 2010.12563) and the topics of
    virtual prompt injection (Yan et al. 2024, arXiv 2307.16888). A source is about the topic if it
    holds ``--trigger`` as whole words, in capitals or not. The rate counts over such pairs alone:
    with 0.5 half of what the data says on the topic is poisoned.
    """

    has_one_place = "a topic is not put in"
    summary = "nothing: the source is about a topic, which a word of it tells"
    sample = Pair("Get all rows of books. Print them.", "")
    default_text: Optional[str] = "books"
    obstacles: ClassVar[Mapping[str, str]] = {OFF_TOPIC: "are of another topic"}
    outside: ClassVar[FrozenSet[str]] = frozenset({OFF_TOPIC})

    def set_up(self) -> None:
        words = r"\s+".join(map(re.escape, str(self.text).split()))
        self._topic = re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        return None if self._topic.search(pair.source) is None else pair.source

    def why_not(self, pair: Pair) -> str:
        return OFF_TOPIC


ATTACKS.register("topic")(
    Recipe("topic", "sql", 1, "no trigger: the requests about a topic are poisoned")
)
