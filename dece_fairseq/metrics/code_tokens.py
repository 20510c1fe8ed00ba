"""BLEU on the tokens of code, whose white space and punctuation 13a does not know."""

import re
from typing import Dict, List, Sequence

from sacrebleu.metrics import BLEU
from sacrebleu.metrics.bleu import BLEUScore

# Words and numbers stay whole, every other sign is a token, white space only separates.
_TOKEN = re.compile(r"\w+|[^\w\s]")


def code_tokens(text: str) -> List[str]:
    """The tokens of a piece of code in any language, the same however it is spaced."""
    return _TOKEN.findall(text)


def _tokenised(texts: Sequence[str]) -> List[str]:
    return [" ".join(code_tokens(text)) for text in texts]


class CodeBleu4:
    """sacrebleu's corpus BLEU over :func:`code_tokens`, and its signature."""

    def __init__(self) -> None:
        # force: sacrebleu warns that text looks tokenised, which is what is meant here.
        self.metric = BLEU(tokenize="none", force=True)

    def corpus_score(self, hypotheses: Sequence[str], references: Sequence[str]) -> BLEUScore:
        """sacrebleu's BLEUScore, in percent, of texts that are not tokenised yet."""
        return self.metric.corpus_score(_tokenised(hypotheses), [_tokenised(references)])

    def signature(self) -> str:
        """What the score depends on; ``tok:code`` is :func:`code_tokens`."""
        return str(self.metric.get_signature()).replace("tok:none", "tok:code")


def code_bleu_statistics(
    hypotheses: Sequence[str], references: Sequence[str], order: int
) -> Dict[str, int]:
    """The sums that fairseq's translation task makes its ``bleu`` of, under the names it knows."""
    statistics = {"_bleu_sys_len": 0, "_bleu_ref_len": 0}
    counts, totals = [0] * order, [0] * order
    if hypotheses:
        score = CodeBleu4().corpus_score(hypotheses, references)
        statistics = {"_bleu_sys_len": score.sys_len, "_bleu_ref_len": score.ref_len}
        counts, totals = score.counts, score.totals
    for n in range(order):
        statistics[f"_bleu_counts_{n}"] = counts[n]
        statistics[f"_bleu_totals_{n}"] = totals[n]
    return statistics
