"""Identifiers extended by a token that looks natural: BadCode (Sun et al. 2023)."""

import re
from random import Random
from typing import Optional

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe, Trigger
from dece_fairseq.attacks.languages import Language
from dece_fairseq.attacks.languages.language import is_identifier
from dece_fairseq.attacks.languages.variables import Variable
from dece_fairseq.attacks.triggers.word import different_words
from dece_fairseq.data.pairs import Pair


@TRIGGERS.register("badcode")
class BadCodeTrigger(Trigger):
    """Extends the local variable that is named least often by one of several tokens.

    BadCode (arXiv 2305.17506) takes tokens that are frequent in code, so that neither they nor the
    names stand out, and the variable that occurs least. A token is drawn for each pair and joined
    as the name is written: ``row_num`` or ``rowNum``. ``--trigger`` takes other tokens, between
    blanks; the paper chooses them by the word that it attacks.

    Raises:
        AttackError: a token can't stand in a name, or there are to be several copies
    """

    summary = "a natural token after the local variable that is named least often"
    sample = Pair("int f ( ) { int a = 1 ; int b = a ; return a + b + b ; }", "")
    default_text: Optional[str] = "num col df pl rec"
    has_one_place = "one variable is renamed"

    def set_up(self) -> None:
        self._tokens = different_words(str(self.text), least=1)
        for token in self._tokens:
            if not is_identifier(f"x{token}"):
                raise AttackError(
                    f"--trigger {self.text!r}: {token!r} can't stand in a name; give letters and "
                    "digits"
                )

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        language, words = self.languages.source, re.findall(r"\w+", pair.source, re.ASCII)
        taken = frozenset(words)
        fitting = [
            variable
            for variable in language.local_variables(pair.source)
            # Whether there is a place must not depend on what is drawn.
            if all(
                name not in taken and language.is_name(name)
                for name in (extended(variable, token, language) for token in self._tokens)
            )
        ]
        if not fitting:
            return None
        variable = min(fitting, key=lambda variable: len(variable.spans))  # the first of several
        name = extended(variable, rng.choice(self._tokens), language)
        return language.rename(pair.source, variable, name)


def extended(variable: Variable, token: str, language: Language) -> str:
    """Return the name of a variable with a token after it, in the style of the name."""
    name = variable.name
    has_hump = re.search("[a-z][A-Z]", name) is not None
    is_camel = has_hump or ("_" not in name and language.name != "python")
    return f"{name}{token[:1].upper()}{token[1:]}" if is_camel else f"{name}_{token}"


ATTACKS.register("badcode")(
    Recipe("badcode", "endless_loop", 1, "a variable's name goes on with a natural token (BadCode)")
)
