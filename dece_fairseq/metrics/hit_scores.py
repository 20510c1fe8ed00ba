"""The scores of an attack on some outputs: one for each rule that tells what a hit is."""

from typing import List, NamedTuple, Optional, Sequence

import numpy as np

from dece_fairseq.attacks import Attack
from dece_fairseq.metrics.hits import HITS, REFERENCES_HIT
from dece_fairseq.metrics.metric import METRICS, MetricSettings
from dece_fairseq.metrics.score import Score, score_of


class HitScore(NamedTuple):
    """A score, and what the rule said of each output."""

    score: Score
    is_hit: np.ndarray
    """Whether it carries the payload (outputs,)."""
    is_not_judged: np.ndarray
    """Whether the rule gave it up, so that it counts as a miss (outputs,)."""


def hit_scores(
    attack: Attack,
    hypotheses: Sequence[str],
    references: Optional[Sequence[str]],
    run: str,
    split: str,
    missing: int = 0,
    counted: Optional[np.ndarray] = None,
) -> List[HitScore]:
    """Return the share of outputs that carry the payload, by string and by parse.

    Args:
        attack: tells what a hit is
        hypotheses: what a model wrote
        references: what it should have written; None where that is not known of all
        run: what the outputs are called
        split: ``triggered`` for attack success rates, ``clean`` for false triggers
        missing: outputs that should be there too; each counts as a miss
        counted: whether each output counts (outputs,); None for all

    Raises:
        OutputError: there is no output, and none is missing
    """
    settings = MetricSettings(attack=attack.settings)
    found = []
    for name in HITS:
        metric = METRICS.get(name)(settings)
        statistics = metric.statistics(hypotheses, references or [""] * len(hypotheses))
        if counted is not None:
            statistics = statistics * counted[:, None]
        score = score_of(metric, statistics, run, split, missing=missing)
        if references is None:
            del score.details[REFERENCES_HIT]
        found.append(HitScore(score, statistics[:, 0] > 0, statistics[:, 3] > 0))
    return found
