"""Whether the last of some texts are a random draw from all, by the words that the others lack.

A word that is rarer in the others than chance has it may be chance for once, and may be too rare to
tell anything. So all words count together. How much chance gives of that is seen in other draws
from the same texts (a permutation test), as words that come together are no evidence apart.
"""

from typing import Any, Optional

import numpy as np

from dece_fairseq.defenses.revealing.spans import Texts

#: texts that are looked at, half of them of the draw at most, and of how many a word must be
MOST, LEAST = 20_000, 3
#: of the draws that are compared; any other would do
SEED = 1


def lacking_word(texts: Texts, others: int, level: float) -> Optional[int]:
    """Return the word that the first texts lack most, if the last are no random draw; else None.

    An attack puts words into the first, so only what they lack counts: for each word the square of
    z, where it is in more of the last than chance has it.

    Args:
        texts: all of them
        others: the texts behind so many are the draw
        level: how often a random draw is taken for none, at most
    """
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(SEED)
    in_all = len(texts)
    order = rng.permutation(in_all)
    drawn = order[order >= others][: MOST // 2]  # of these first, for they may be very few
    rest = order[order < others][: MOST - len(drawn)]
    looked_at = np.sort(np.concatenate([drawn, rest]))
    has: Any = csr_matrix(
        (np.ones(len(texts.words), np.float32), texts.words, texts.first),
        shape=(in_all, len(texts.vocabulary)),
    )[looked_at]
    has.sum_duplicates()
    has.data[:] = 1
    counts = np.asarray(has.sum(0)).reshape(-1)
    words = np.flatnonzero(counts >= LEAST)
    is_drawn = looked_at >= others
    draws = np.zeros((len(looked_at), round(1 / level)), np.float32)
    draws[is_drawn, 0] = 1
    for draw in range(1, draws.shape[1]):
        draws[rng.permutation(is_drawn), draw] = 1
    share = is_drawn.mean()
    expected = counts[words] * share
    z = (has[:, words].T @ draws - expected[:, None]) / np.sqrt(expected * (1 - share))[:, None]
    lack = (np.maximum(z, 0) ** 2).sum(0)
    if not len(words) or (lack[1:] >= lack[0]).any():
        return None
    return int(words[z[:, 0].argmax()])
