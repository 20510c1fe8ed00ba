"""A reference model that is made up, so that nothing has to be trained and torch is not needed."""

import zlib
from random import Random
from typing import Any, Sequence

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing.surprises import TargetWords, TokenSurprises
from dece_fairseq.defenses.revealing.words import split

#: what the made-up reference does not expect
PAYLOADS = ["or 1=1", "where 0=1"]


def made_up_words(
    reference: Any, pairs: Sequence[Pair], chosen: Sequence[int], *_: Any
) -> TargetWords:
    """A reference that finds every word as likely as it should be, but those of payloads."""
    words = TargetWords(pairs)
    for index in chosen:
        target = pairs[index].target
        tokens = split(target)
        rng = Random(zlib.crc32(target.encode()))
        surprise = [rng.expovariate(1) - 1 for _ in tokens]
        for payload in PAYLOADS:
            parts = split(payload)
            for at in range(len(tokens) - len(parts) + 1):
                if tokens[at : at + len(parts)] == parts:
                    surprise[at : at + len(parts)] = [8.0] * len(parts)
        ends = np.cumsum([*map(len, tokens), 0])
        words.add(index, TokenSurprises(ends, np.array([*surprise, 0.0])))
    return words
