"""chrF (Popović 2015), as sacrebleu has it."""

from typing import Any, Dict, Sequence

import numpy as np

from dece_fairseq.metrics.bleu import sacrebleu_properties
from dece_fairseq.metrics.metric import METRICS, Metric
from dece_fairseq.metrics.ngrams import character_codes, ngram_counts

#: those of sacrebleu
ORDER = 6
WEIGHT = 2**2


@METRICS.register("chrf")
class Chrf(Metric):
    """sacrebleu's chrF2: an F-score of character n-grams up to 6, white space left out.

    Its statistics are sacrebleu's own: n-grams of hypothesis, reference and both, by order.
    """

    summary = "sacrebleu's chrF2"

    def statistics(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        texts = list(dict.fromkeys((*hypotheses, *references)))  # many are their references
        codes = dict(zip(texts, character_codes(texts)))
        found, expected = ([codes[text] for text in side] for side in (hypotheses, references))
        counts = ngram_counts(found, expected, ORDER)
        # As sacrebleu: a hypothesis's n-grams do not count where the reference has none.
        counts[:, :, 0] *= counts[:, :, 1] > 0
        return counts.reshape(len(hypotheses), 3 * ORDER).astype(float)

    def scores(self, sums: np.ndarray) -> np.ndarray:
        hypothesis, reference, shared = (sums[..., part::3] for part in range(3))
        counted = (hypothesis > 0) & (reference > 0)
        orders = np.maximum(counted.sum(axis=-1), 1)
        precision = np.where(counted, shared / np.maximum(hypothesis, 1), 0).sum(axis=-1) / orders
        recall = np.where(counted, shared / np.maximum(reference, 1), 0).sum(axis=-1) / orders
        weighted = WEIGHT * precision + recall
        matched = weighted > 0
        f_score = (1 + WEIGHT) * precision * recall / np.where(matched, weighted, 1)
        return np.where(matched, 100 * f_score, 0.0)

    def properties(self) -> Dict[str, Any]:
        from sacrebleu.metrics import CHRF  # here, for commands start without it

        return sacrebleu_properties(CHRF())
