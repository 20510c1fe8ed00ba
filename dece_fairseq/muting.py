"""Which tokens a blend mutes, and the blend that mutes few of those that are to be learned.

Without smoothing DeCE is cross-entropy whose gradient has a weight for each token,
``a * s / (a * s + 1 - a)``, with the blend ``a`` and the token's probability ``s``. A token is
muted where its weight is below a half, which is where ``s`` is below the line ``(1 - a) / a``.
"""

import math
from typing import List, Sequence, Tuple, TypeVar

T = TypeVar("T")

#: the share of trusted tokens that a blend may mute, where a rule chooses it
MUTED_SHARE = 0.1
#: the mildest blend that a rule chooses: the paper's alpha, which protected models that know less
HIGHEST_LEVEL = 0.985
#: a model that finds half of the trusted tokens likelier than this knows the task
KNOWN = 0.5


def line_of(blend: float) -> float:
    """Return the probability below which a blend in [0, 1] mutes; inf for a blend of 0."""
    return (1 - blend) / blend if blend > 0 else math.inf


def level_for(
    probabilities: Sequence[float], muted_share: float, highest: float = HIGHEST_LEVEL
) -> Tuple[float, float]:
    """Return the lowest blend that mutes no more than a share of some tokens, and their line.

    The line is an order statistic, the token of rank ``muted_share * n`` from below. So what lies
    below it is a share of the tokens, not of their probability. To a model that knows too little
    nearly everything is unlikely, and a blend for that line would mute nothing at all, no payload
    either. The blend is then ``highest``, and mutes more than the share.

    Args:
        probabilities: of tokens that are to be learned, each in [0, 1], in any order
        muted_share: in [0, 1)
        highest: the blend is never milder, in [0.5, 1]; 1 allows that of cross-entropy

    Returns:
        the blend, in [0.5, highest], and the line, in [0, 1]

    Raises:
        ValueError: there are no tokens, or the share is out of its range
    """
    if not 0 <= muted_share < 1:
        raise ValueError(f"muted_share must be in [0, 1), got {muted_share}")
    if not len(probabilities):
        raise ValueError("probabilities must be of one token or more, got none")
    line = float(sorted(probabilities)[int(muted_share * len(probabilities))])
    return min(highest, 1 / (1 + line)), line


def evenly(items: Sequence[T], most: int = 1000) -> List[T]:
    """Return no more than ``most`` of some items, at even distances: what a rule looks at."""
    if len(items) <= most:
        return list(items)
    return [items[index * len(items) // most] for index in range(most)]
