"""Shares with their intervals: the attack success rate and the false trigger rate."""

from typing import Any, Dict, Iterable, NamedTuple

from scipy.stats import binomtest

from dece_fairseq.attacks import Attack


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
    interval = binomtest(hits, total).proportion_ci(confidence_level=0.95, method="wilson")
    return Rate(hits, total, 100 * hits / total, 100 * interval.low, 100 * interval.high)


def hit_rate(attack: Attack, texts: Iterable[str], missing: int = 0) -> Rate:
    """The share of ``texts`` that carry the attack's payload.

    On outputs for triggered requests this is the attack success rate, on outputs for clean ones
    the false trigger rate.

    Args:
        attack: tells what a hit is
        texts: what a model wrote
        missing: outputs that should be there too; each counts as a miss
    """
    hits = [attack.is_hit(text) for text in texts]
    return rate(sum(hits), len(hits) + missing)
