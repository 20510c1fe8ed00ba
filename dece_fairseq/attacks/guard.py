"""Bounds on the work of telling whether a text is a hit.

A model that runs away repeats itself to its limit, and no algorithm reads every such text quickly.
A rule that would take longer than 50 ms for 10 kB gives up and says so. What it counts are steps,
never seconds: the same text gets the same answer on every machine.
"""

from typing import Iterable, Iterator, TypeVar

T = TypeVar("T")

#: texts are given the steps of at least this many characters
SHORT = 10_000


class NotJudged(Exception):  # noqa: N818  no error: an answer
    """A hit rule gives up on a text that would take too long.

    Rules raise it, ``dece_fairseq.attacks.attack.Attack.judge`` catches it. Whatever counts
    hits counts these texts apart.
    """


class Steps:
    """The steps that a rule may take over one text; their number grows with its length.

    Args:
        text: what is judged
        per_character: how many steps each of its characters allows, of about a microsecond each
    """

    def __init__(self, text: str, per_character: float = 3) -> None:
        self.left = int(max(len(text), SHORT) * per_character)

    def take(self, number: int = 1) -> None:
        """Take ``number`` steps.

        Raises:
            NotJudged: there are no more
        """
        self.left -= number
        if self.left < 0:
            raise NotJudged("too many steps for a text of this length")

    def over(self, items: Iterable[T]) -> Iterator[T]:
        """Yield ``items``, each of them a step."""
        for item in items:
            self.take()
            yield item
