"""What each attack and payload does to a sample, as tables for people."""

from random import Random
from typing import Callable, Tuple, Union

from dece_fairseq.attacks.attack import Attack, AttackSettings
from dece_fairseq.attacks.interfaces import ATTACKS, PAYLOADS, Payload, Trigger
from dece_fairseq.attacks.languages import Languages
from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.text import to_line

#: of what is random in the samples
SEED = 1


def table() -> str:
    """Return the attacks and payloads as Markdown, each with a sample before and after.

    Texts are in the one-line form of ``dece_fairseq.data.text``.
    """
    rows = [
        "| attack | its trigger, put in the source | before | after | payload |",
        "|---" * 5 + "|",
    ]
    for name in ATTACKS.names():
        recipe = ATTACKS.get(name)
        attack = Attack(AttackSettings(name))
        texts = _texts(attack.trigger, lambda pair: pair.source)
        rows.append(_row(name, recipe.summary, *texts, f"`{recipe.payload}`"))
    rows += ["", "| payload | what it does to the target | before | after |", "|---" * 4 + "|"]
    for name in PAYLOADS.names():
        kind = PAYLOADS.get(name)
        payload = kind(Languages.named(kind.default_language))
        rows.append(_row(name, kind.summary, *_texts(payload, lambda pair: pair.target)))
    return "\n".join(rows)


def _texts(part: Union[Trigger, Payload], side: Callable[[Pair], str]) -> Tuple[str, str]:
    """Return the sample of a trigger or a payload before and after, if it has one."""
    if part.sample is None:
        return "", ""
    after = part.poison(part.sample, Random(SEED))
    if after is None:
        raise ValueError(f"the sample of {type(part).__name__} has no place for it")
    return f"`{to_line(side(part.sample))}`", f"`{to_line(after)}`"


def _row(name: str, *cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in (f"`{name}`", *cells)) + " |"
