"""How often clean data would show as much: p-values, without knowing the attack.

The suspicions that clean data show, names and idioms that the reference has not met, get rarer the
more evidence they have. That tail is learned from the data themselves, below what is judged.
"""

from typing import List, Sequence

import numpy as np

#: for the report; docs/revealing_rules.md has the whole of it
EXPLANATION = (
    "from the weaker suspicions of the same data, out of whose tail the stronger ones stand; those "
    "of words in too many doubtful pairs are exact"
)
#: suspicions that the tail is learned from
TAIL = 20
#: how many largest may be no part of the tail together, as those of a payload of several forms
TOGETHER = (1, 2, 4, 8)


def p_values(evidence: Sequence[float], least: float, scale: float) -> List[float]:
    """Return the p-value of each suspicion.

    If evidence has an exponential tail, the gaps i * (Y(i) - Y(i + 1)) between the order statistics
    are independent and exponential with one scale (Rényi 1953). So the mean of
    the first m over the mean of the next is F-distributed with 2 m and 2 ``TAIL`` degrees of
    freedom. The first suspicion is tested among all, the second among those behind the first, and
    so on; none has a lower p-value than one before it, so that the probability of any claim at all
    in clean data is the level.

    Args:
        evidence: for every suspicion, in falling order
        least: what a suspicion has at least; those that are missing count as so much
        scale: of the tail, at least
    """
    from scipy.stats import f

    behind = TAIL + max(TOGETHER) + 1
    values = np.concatenate([np.maximum(evidence, least), np.full(behind, least)])
    ranks = np.arange(1, behind)
    found: List[float] = []
    for number in range(len(evidence)):
        here = values[number : number + behind]
        gaps = ranks * (here[:-1] - here[1:])
        scales = [max(gaps[m : m + TAIL].mean(), scale) for m in TOGETHER]
        ratios = [gaps[:m].mean() / usual for m, usual in zip(TOGETHER, scales)]
        tests = f.sf(ratios, 2 * np.array(TOGETHER), 2 * TAIL)
        value = min(1.0, len(TOGETHER) * float(tests.min()))
        found.append(max([value, *found[-1:]]))
    return found
