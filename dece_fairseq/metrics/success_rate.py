"""Shares with their intervals: the attack success rate and the false trigger rate."""

from typing import Any, Dict, Iterable, NamedTuple

import scipy

from dece_fairseq.attacks import HIT_RULES, Attack
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.version import version


class Rate(NamedTuple):
    """A share with its 95 % Wilson interval, all in percent."""

    hits: int
    total: int
    percent: float
    low: float
    high: float

    def __str__(self) -> str:
        return (
            f"{self.percent:.2f} % ({self.hits}/{self.total}, "
            f"95 % Wilson {self.low:.2f} to {self.high:.2f})"
        )

    def as_dict(self) -> Dict[str, Any]:
        return self._asdict()


def rate(hits: int, total: int) -> Rate:
    """The share ``hits / total``.

    Raises:
        ValueError: there is nothing to take a share of
    """
    if total < 1:
        raise ValueError("no sample to take a rate of")
    from scipy.stats import binomtest  # here, for it takes a second

    interval = binomtest(hits, total).proportion_ci(confidence_level=0.95, method="wilson")
    return Rate(hits, total, 100 * hits / total, 100 * interval.low, 100 * interval.high)


def of_references(percent: float) -> str:
    """Say what a hit rate could be at most if a model wrote every reference."""
    return f"{percent:.2f} % of the references are hits by this rule"


def hit_rate(
    attack: Attack, texts: Iterable[str], missing: int = 0, rule: str = HIT_RULES[0]
) -> Rate:
    """Return the share of ``texts`` that carry the attack's payload.

    On outputs for triggered requests this is the attack success rate, on outputs for clean ones
    the false trigger rate.

    Args:
        attack: tells what a hit is
        texts: what a model wrote
        missing: outputs that should be there too; each counts as a miss
        rule: how to tell, one of :data:`~dece_fairseq.attacks.HIT_RULES`
    """
    hits = [attack.is_hit(text, rule) for text in texts]
    return rate(sum(hits), len(hits) + missing)


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


def signature(attack: Attack, rule: str = "string") -> str:
    """Return what a printed rate by ``rule`` depends on, in sacrebleu's manner."""
    return (
        f"{attack.signature(rule)}|interval:wilson95|dece_fairseq:{version()}|"
        f"scipy:{scipy.__version__}"
    )
