"""A score: one number of one run, with its interval and the signature that reproduces it."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Dict, Mapping, Optional

import numpy as np

from dece_fairseq.metrics import resampling
from dece_fairseq.metrics.metric import CLEAN, Metric
from dece_fairseq.metrics.success_rate import rate
from dece_fairseq.signature import Signature

#: what is told beside a share of outputs some of which are missing: how many count as misses
MISSING = "missing"


@dataclass(frozen=True)
class Score:
    """What a run scored, in percent.

    Commands and reports print it, ``fairseq-generate --scoring`` does, and JSON files hold it under
    these names.
    """

    run: str
    """Whose outputs were scored; of ``--scoring`` the split."""
    split: str
    """``clean`` or ``triggered``."""
    metric: str
    percent: float
    low: Optional[float] = None
    high: Optional[float] = None
    """The 95 % interval over samples; None where there is none."""
    hits: Optional[int] = None
    """Of a share, how many samples count; None of a score that is no share."""
    total: Optional[int] = None
    """How many samples were scored."""
    details: Dict[str, float] = field(default_factory=dict)
    """What is worth telling beside it."""
    signature: str = ""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Score":
        """Return the score of what ``as_dict`` gave; fields that are missing have defaults."""
        return cls(**{f.name: values[f.name] for f in fields(cls) if f.name in values})

    def as_dict(self) -> Dict[str, Any]:
        """Return it as plain values, for JSON."""
        return asdict(self)

    def value(self) -> str:
        """Return the number for people: ``75.00 (30.06 to 95.44) 3/4``."""
        interval = "no interval: all resamples agree"
        if self.low is not None:
            interval = f"{self.low:.2f} to {self.high:.2f}"
        text = f"{self.percent:.2f} ({interval})"
        return text if self.hits is None else f"{text} {self.hits}/{self.total}"

    def __str__(self) -> str:
        details = "".join(f"; {name} {number(value)}" for name, value in self.details.items())
        return f"{self.metric} = {self.value()}{details} | {self.signature}"


def score_of(
    metric: Metric,
    statistics: np.ndarray,
    run: str = "",
    split: str = CLEAN,
    bootstrapped: Optional[np.ndarray] = None,
    resamples: int = resampling.RESAMPLES,
    seed: int = resampling.SEED,
    missing: int = 0,
) -> Score:
    """Return the score of a run: a share with Wilson's interval, any other with a bootstrapped one.

    Args:
        metric: how to score
        statistics: of the samples (samples, as many as the metric has)
        run: the name of the run
        split: ``clean`` or ``triggered``
        bootstrapped: the scores of the resamples (resamples,), if they were made already
        resamples: how many to draw
        seed: of the draws
        missing: samples of a share that have no output; each counts as a miss

    Raises:
        OutputError: there is no sample
    """
    sums = statistics.sum(axis=0)
    number: Dict[str, Any]
    if metric.is_share:
        number = rate(int(sums[0]), int(sums[1]) + missing).as_dict()
        drawn: Dict[str, Any] = {"interval": "wilson95"}
    else:
        if bootstrapped is None:
            (drawn_sums,) = resampling.bootstrap_sums([statistics], resamples, seed)
            bootstrapped = metric.scores(drawn_sums)
        low, high = resampling.interval(bootstrapped)
        number = {"percent": float(metric.scores(sums)), "low": low, "high": high}
        number["total"] = len(statistics)
        drawn = {"interval": "bootstrap95", "bs": resamples, "seed": seed}
    details = {name: float(value) for name, value in metric.details(sums).items()}
    if missing:
        details[MISSING] = missing
    name = metric.called(split)
    signature = str(Signature(name, **metric.properties(), **drawn))
    return Score(run, split, name, details=details, signature=signature, **number)


def number(value: float) -> str:
    """Return a number for people, a whole one without decimals."""
    return str(int(value)) if float(value).is_integer() else f"{value:.2f}"
