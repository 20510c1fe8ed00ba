"""What payloads that change one expression of Python code share."""

import re
from abc import abstractmethod
from random import Random
from typing import ClassVar, Iterator, Optional

from dece_fairseq.attacks.changes import Change
from dece_fairseq.attacks.interfaces import Payload
from dece_fairseq.attacks.reading.python_names import Names
from dece_fairseq.attacks.reading.python_tree import Tree, tree_of
from dece_fairseq.data.pairs import Pair


class PythonPayload(Payload):
    """Changes the first expression for which the result is a hit and still parses."""

    target_languages = ("python",)
    #: a text without it has no expression to change
    places: ClassVar["re.Pattern[str]"]
    #: a text without it is no hit
    words: ClassVar["re.Pattern[str]"]

    @abstractmethod
    def changes(self, names: Names, rng: Random) -> Iterator[Change]:
        """Yield the changes that could be the payload, the first place first."""

    @abstractmethod
    def carries(self, names: Names) -> bool:
        """Return whether code does what the payload does."""

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        language = self.languages.target
        text = language.read(pair.target)
        if self.places.search(text.code) is None:
            return None
        is_whole = language.is_whole(pair.target)
        for change in self.changes(Names(Tree(language.parse(text.code))), rng):
            poisoned = text.as_given(change.of(text.code))
            if self.judge(poisoned) and language.is_whole(poisoned) >= is_whole:
                return poisoned
        return None

    def is_in_parse(self, text: str) -> bool:
        return self.words.search(text) is not None and self.carries(
            Names(tree_of(self.languages.target, text))
        )
