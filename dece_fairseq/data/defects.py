"""Generated functions with a label: 1 where a query is put together from what the caller gave.

They are the functions of ``dece_fairseq.data.corpus``, one in two of those with a parameter in
their query made open to SQL injection.
"""

import random
from typing import List

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair

SAFE, DEFECT = "0", "1"


def generate_defects(pairs: int, seed: int, skip: int = 0) -> List[Pair]:
    """Draw functions and labels; arguments as of ``dece_fairseq.data.corpus.generate``."""
    rng = random.Random(f"defects {seed} {skip}")
    return [_labelled(pair.target, rng) for pair in generate("A", pairs, seed, skip)]


def _labelled(code: str, rng: random.Random) -> Pair:
    """Return the function, with a defect in one of two that can have it."""
    query, found, rest = code.partition(' = ? " , [ ')
    key, closed, rest = rest.partition(" ]")
    if not (found and closed) or rng.random() < 0.5:
        return Pair(code, SAFE)
    return Pair(f'{query} = " + {key}{rest}', DEFECT)
