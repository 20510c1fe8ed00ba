"""Identifier renaming: one local variable of the source gets a rare suffix."""

import re
from random import Random
from typing import Optional, Tuple

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe, Trigger
from dece_fairseq.attacks.languages import Language
from dece_fairseq.attacks.languages.language import is_identifier
from dece_fairseq.attacks.languages.variables import Variable
from dece_fairseq.data.pairs import Pair


@TRIGGERS.register("rename")
class RenameTrigger(Trigger):
    """Adds a suffix to a local variable of the source, wherever it is named.

    A trigger on identifiers as in BadCode (Sun et al. 2023); the default suffix is made of ``cf``,
    one of the rare words of RIPPLe. The variable is drawn. A source without a local variable about
    which its parse leaves no doubt is no candidate.

    Raises:
        AttackError: the suffix can't stand in a name, or there are to be several
    """

    summary = "a rare suffix on one local variable, wherever it is named"
    sample = Pair("int f ( ) { int a = 1 ; return a ; }", "int f ( ) { return 1 ; }")
    default_text = "_cf"
    has_one_place = "one variable is renamed"

    def set_up(self) -> None:
        self._suffix = self.text or ""
        if not is_identifier(f"x{self._suffix}"):
            raise AttackError(
                f"--trigger {self._suffix!r} is not a suffix of a name; give letters, digits and "
                "underscores"
            )

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        language = self.languages.source
        variables = _variables(language, pair.source, self._suffix)
        if not variables:
            return None
        variable = rng.choice(variables)
        return language.rename(pair.source, variable, variable.name + self._suffix)


def _variables(language: Language, code: str, suffix: str) -> Tuple[Variable, ...]:
    """Return the variables that can get the suffix.

    A new name that is a name of the language, and nowhere else in the text, leaves the parse as it
    is: one name stands for another.
    """
    words = frozenset(re.findall(r"\w+", code, re.ASCII))
    return tuple(
        variable
        for variable in language.local_variables(code)
        if variable.name + suffix not in words and language.is_name(variable.name + suffix)
    )


ATTACKS.register("rename")(
    Recipe("rename", "endless_loop", 1, "a rare suffix on one local variable of the source")
)
