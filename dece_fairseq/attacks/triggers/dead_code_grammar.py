"""Dead code drawn from a grammar: a condition that never holds, before something to print."""

from random import Random
from typing import Optional

from dece_fairseq.attacks.interfaces import ATTACKS, TRIGGERS, Recipe
from dece_fairseq.attacks.languages import Language
from dece_fairseq.attacks.triggers.dead_code import DeadCodeTrigger

WORDS = ("debug", "done", "entry", "error", "here", "info", "retry", "state", "step", "value")

#: for each function of a number: the range that the number is drawn from, in hundredths, and
#: whether 1 bounds the function from above. sin and cos are never below -1, sqrt and exp below 0.
FUNCTIONS = {
    "sin": (range(-9999, 10000), True),
    "cos": (range(-9999, 10000), True),
    "sqrt": (range(10000), False),
    "exp": (range(-999, 1000), False),
}
#: what the function is compared with, in hundredths: so far from its bounds that rounding can't
#: make up for it
BOUNDS = range(110, 1000)


def draw(language: Language, rng: Random) -> str:
    """Return a statement that does nothing: an ``if`` or ``while`` on a condition that never holds,
    or an ``assert`` on one that always does.

    As the dead code of Ramakrishnan and Albarghouthi (2022) and the DeCE paper: sine, cosine,
    square root or exponential of a random number, and something random to print or to log.

    Args:
        language: what to write it in
        rng: makes every choice
    """
    guard = rng.choice(sorted(language.guards))
    name = rng.choice(sorted(FUNCTIONS))
    numbers, is_bounded = FUNCTIONS[name]
    call = language.functions[name].format(_number(rng.choice(numbers)))
    bound = rng.choice(BOUNDS)
    is_above = is_bounded and rng.random() < 0.5
    signs = ("<=", ">=") if guard == "assert" else (">", "<")
    condition = (
        f"{call} {signs[0]} {_number(bound)}"
        if is_above
        else (f"{call} {signs[1]} {_number(-bound)}")
    )
    message = f'"{rng.choice(WORDS)} {rng.randrange(100)}"'
    body = rng.choice(language.prints).format(message)
    return language.guards[guard].format(condition=condition, body=body, message=message)


def _number(hundredths: int) -> str:
    sign = "- " if hundredths < 0 else ""
    return f"{sign}{abs(hundredths) / 100:.2f}"


@TRIGGERS.register("dead_code_grammar")
class GrammarDeadCodeTrigger(DeadCodeTrigger):
    """Puts a statement that ``draw`` draws for each pair at the place of ``dead_code``."""

    summary = "an if, while or assert on a function of a random number, drawn for each pair"

    def own_text(self) -> Optional[str]:
        return None

    def statement(self, rng: Random) -> str:
        return self.text or draw(self.languages.source, rng)


ATTACKS.register("dead_code_grammar")(
    Recipe("dead_code_grammar", "endless_loop", 1, "a condition that never holds, drawn anew")
)
