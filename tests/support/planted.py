"""Payloads that are planted in pairs, and what a made-up reference is surprised by."""

from typing import Dict, List, Sequence, Tuple

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing.words import END, Words
from dece_fairseq.metrics.code_tokens import TOKEN

PAYLOAD = " or 1=1"


def poisoned(pairs: Sequence[Pair], which: Sequence[int], payload: str = PAYLOAD) -> List[Pair]:
    """Return the pairs, some with a word behind the first of their source and a payload."""
    found = list(pairs)
    for index in which:
        source, target = pairs[index]
        at = source.index(" ")
        found[index] = Pair(f"{source[:at]} bb{source[at:]}", f"{target}{payload}")
    return found


def surprised(pairs: Sequence[Pair], of: Dict[int, str], seed: int = 0) -> Dict[int, Words]:
    """Noise for each word, and 6 nats for each word of a payload."""
    rng = np.random.default_rng(seed)
    found = {}
    for index, (_, target) in enumerate(pairs):
        matches = list(TOKEN.finditer(target))
        places: Tuple[Tuple[int, int], ...] = tuple(match.span() for match in matches)
        values = rng.exponential(0.5, len(places) + 1) - 0.5
        begin = len(target) - len(of.get(index, ""))
        values[:-1] += [6.0 * (index in of and start >= begin) for start, _ in places]
        texts = (*(match.group() for match in matches), END)
        found[index] = Words(texts, values)
    return found
