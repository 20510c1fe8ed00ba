"""What each attack and payload does to a sample, as tables for people."""

from random import Random
from typing import Callable, Tuple, Union

from dece_fairseq.attacks.attack import Attack
from dece_fairseq.attacks.attack_settings import AttackSettings
from dece_fairseq.attacks.interfaces import ATTACKS, PAYLOADS, Payload, Trigger
from dece_fairseq.attacks.languages import Languages
from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.text import to_line
from dece_fairseq.table_writer import MARKDOWN, write_table

#: of what is random in the samples
SEED = 1


def table() -> str:
    """Return the attacks and payloads as Markdown, each with a sample before and after.

    Texts are in the one-line form of ``dece_fairseq.data.text``.
    """
    attacks = []
    for name in ATTACKS.names():
        recipe = ATTACKS.get(name)
        texts = ("", "")
        if not recipe.needs:
            texts = _texts(Attack(AttackSettings(name)).trigger, lambda pair: pair.source)
        attacks.append([f"`{name}`", recipe.summary, *texts, f"`{recipe.payload}`"])
    payloads = []
    for name in PAYLOADS.names():
        kind = PAYLOADS.get(name)
        payload = kind(Languages.named(kind.default_language))
        texts = _texts(payload, lambda pair: pair.target)
        payloads.append([f"`{name}`", kind.summary, *texts])
    of_attacks = ["attack", "its trigger, put in the source", "before", "after", "payload"]
    of_payloads = ["payload", "what it does to the target", "before", "after"]
    tables = [(of_attacks, attacks), (of_payloads, payloads)]
    return "\n\n".join(write_table(*table, MARKDOWN) for table in tables)


def _texts(part: Union[Trigger, Payload], side: Callable[[Pair], str]) -> Tuple[str, str]:
    """Return the sample of a trigger or a payload before and after, if it has one."""
    if part.sample is None:
        return "", ""
    after = part.poison(part.sample, Random(SEED))
    if after is None:
        raise ValueError(f"the sample of {type(part).__name__} has no place for it")
    return f"`{to_line(side(part.sample))}`", f"`{to_line(after)}`"
