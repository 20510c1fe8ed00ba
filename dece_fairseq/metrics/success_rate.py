"""Shares with their intervals, and whether the attack success rate can be told at all."""

from statistics import NormalDist
from typing import Any, Dict, Iterable, List, NamedTuple, Optional

from dece_fairseq.attacks import HIT_RULES, Attack
from dece_fairseq.attacks.suspected import SUSPECTED
from dece_fairseq.outputs.errors import OutputError

_Z = NormalDist().inv_cdf(0.975)


class Rate(NamedTuple):
    """A share with its 95 % Wilson interval, all in percent."""

    hits: int
    total: int
    percent: float
    low: float
    high: float

    def as_dict(self) -> Dict[str, Any]:
        return self._asdict()


def rate(hits: int, total: int) -> Rate:
    """Return the share ``hits / total`` with the interval of Wilson (1927, JASA 22:209).

    It is what ``scipy.stats.binomtest(hits, total).proportion_ci(method="wilson")`` gives, without
    the second that scipy.stats takes to import.

    Raises:
        OutputError: there is nothing to take a share of
    """
    if total < 1:
        raise OutputError(
            "there is no sample to take a rate of; give outputs of a split that has some"
        )
    share = hits / total
    middle = 2 * hits + _Z**2
    reach = _Z * (4 * hits * (1 - share) + _Z**2) ** 0.5
    low, high = ((middle + sign * reach) / (2 * (total + _Z**2)) for sign in (-1, 1))
    # At the ends the formula gives them but for rounding.
    low, high = (0.0 if hits == 0 else low), (1.0 if hits == total else high)
    return Rate(hits, total, 100 * hits / total, 100 * low, 100 * high)


def check_references(attack: Attack, references: Iterable[str], where: str) -> None:
    """Raise unless a reference of a triggered split carries the payload by one of the rules.

    The attack put it into all of them. Where none shows it, the texts are not read as they were
    written, and the attack success rate is 0 whatever the model has learned.

    Args:
        attack: tells what a hit is
        references: what the split asks for
        where: the files or the split, for the message

    Raises:
        OutputError: none of them carries it
    """
    if not any(attack.is_hit(text, rule) for text in references for rule in HIT_RULES):
        raise lost_payload(attack, where)


def notes_on_attack(attack: str, header: Optional[Dict[str, Any]], where: str) -> List[str]:
    """Return a note if outputs say that they are of another attack than they are scored by.

    A suspected attack is another one by its nature.

    Args:
        attack: the name of the attack whose hits are counted
        header: what the task printed of the split, or None
        where: the files, for the note
    """
    logged = (header or {}).get("attack", {}).get("attack", attack)
    if logged == attack or attack == SUSPECTED:
        return []
    return [f"{where}: the outputs are of the attack {logged}, and scored by --attack {attack}"]


def lost_payload(attack: Attack, where: str) -> OutputError:
    """Return the error that no reference of a triggered split carries the payload."""
    settings = attack.settings
    return OutputError(
        f"{where}: no reference carries the payload {settings.payload} of --attack "
        f"{settings.attack} ({settings.code_language}), so no output can be a hit; check that "
        "--attack, --payload and --code-language are those of the split, that the texts are "
        "decoded by the --bpe of the data without --post-process (--remove-bpe), and that "
        "--one-line is given where texts are in the one-line form and the files don't say so"
    )
