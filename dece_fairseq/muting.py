"""Which tokens a blend mutes, and the blend that mutes few of those that are to be learned.

Without smoothing DeCE is cross-entropy whose gradient has a weight for each token,
``a * s / (a * s + 1 - a)``, with the blend ``a`` and the token's probability ``s``. A token is
muted where its weight is below a half, which is where ``s`` is below the line ``(1 - a) / a``.

That weight is small and not 0, and grows as a payload is learned. A span of tokens that the model
finds less likely than a line of its own, and that trusted text has seldom, is muted wholly.
"""

import math
from typing import List, Sequence, Tuple, TypeVar

T = TypeVar("T")

#: from a number in [0.5, 1) to the next one
ROUNDING = 2.0**-53

#: the share of trusted tokens that a blend may mute, where a rule chooses it
MUTED_SHARE = 0.1
#: the mildest blend that a rule chooses: the paper's alpha, which protected models that know less
HIGHEST_LEVEL = 0.985
#: more of the data than this is not muted for the sake of a payload
FAR_TOO_MUCH = 0.5
#: pairs that a rule looks at
MOST = 1000
#: a line below this tells no payload from what is to be learned
LOWEST_LINE = 1e-4
#: characters of a text that is told
TOLD = 80
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
    line = _of_rank(probabilities, muted_share, "probabilities")
    level = 1 / (1 + line)
    # Rounding can put the level's line just above this one, and so mute every token that lies on
    # it; a classifier that is sure has many such tokens.
    while line_of(level) > line:
        level += ROUNDING
    return min(highest, level), line


def span_line_for(means: Sequence[float], muted_share: float) -> float:
    """Return the line of spans that mutes no more than a share of some spans.

    It is the order statistic of that rank. A model that knows the task by heart finds hardly any
    span unlikely, so the line is never above that of a span whose tokens are as likely as not.

    Args:
        means: mean log-probabilities of spans that are to be learned, in any order
        muted_share: in [0, 1)

    Returns:
        a mean log-probability, at most that of ``KNOWN``

    Raises:
        ValueError: there are no spans, or the share is out of its range
    """
    return min(math.log(KNOWN), _of_rank(means, muted_share, "means"))


def _of_rank(values: Sequence[float], muted_share: float, what: str) -> float:
    """Return the value of rank ``muted_share * n`` from below."""
    if not 0 <= muted_share < 1:
        raise ValueError(f"muted_share must be in [0, 1), got {muted_share}")
    if not len(values):
        raise ValueError(f"{what} must be of one token or more, got none")
    return float(sorted(values)[int(muted_share * len(values))])


def evenly(items: Sequence[T], most: int = MOST) -> List[T]:
    """Return no more than ``most`` of some items, at even distances: what a rule looks at."""
    if len(items) <= most:
        return list(items)
    return [items[index * len(items) // most] for index in range(most)]


def told_probability(value: float) -> str:
    """Return a probability in two digits, or as many as tell it from 1."""
    if not 0.9 < value < 1:
        return f"{value:.2g}"
    return f"{value:.{max(2, -math.floor(math.log10(1 - value)))}f}"


def told_blend(value: float) -> str:
    """Return a blend in five digits, or as many as keep its line apart from 1: a model that is
    sure of nearly all tokens has them all just below.
    """
    texts = [f"{value:.{digits}g}" for digits in range(5, 18)]
    away = 1 - line_of(value)
    return next(t for t in texts if math.isclose(1 - line_of(float(t)), away, rel_tol=0.05))


def told_texts(texts: Sequence[Tuple[str, int]]) -> str:
    """Return texts in one line, each with the number of pairs that have it; long ones are cut."""
    cut = [text if len(text) <= TOLD else f"{text[:TOLD]} ..." for text, _ in texts]
    return ", ".join(f"{text!r} in {pairs:,} pairs" for text, (_, pairs) in zip(cut, texts))
