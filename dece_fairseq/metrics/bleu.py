"""BLEU three ways: over code tokens, over 13a's tokens, and the mean over sentences."""

from abc import abstractmethod
from typing import Any, Dict, List, Sequence

import numpy as np

from dece_fairseq.metrics.code_tokens import code_tokens
from dece_fairseq.metrics.metric import METRICS, Metric
from dece_fairseq.metrics.ngrams import ngram_counts, word_codes
from dece_fairseq.metrics.tokens_13a import tokens_13a

ORDER = 4


def sacrebleu_properties(metric: Any) -> Dict[str, Any]:
    """Return what sacrebleu says that a metric of its own depends on; it does so after use only."""
    metric.corpus_score(["a"], [["a"]])
    parts = dict(part.split(":", 1) for part in str(metric.get_signature()).split("|"))
    return {"sacrebleu" if name == "version" else name: value for name, value in parts.items()}


class _Bleu(Metric):
    @abstractmethod
    def tokens(self, text: str) -> List[str]:
        """Return the words whose n-grams are counted."""

    def counts(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        """Return what ``ngram_counts`` says of the samples."""
        texts = list(dict.fromkeys((*hypotheses, *references)))  # many are their references
        codes = dict(zip(texts, word_codes([self.tokens(text) for text in texts])))
        found, expected = ([codes[text] for text in side] for side in (hypotheses, references))
        return ngram_counts(found, expected, ORDER)


class _CorpusBleu(_Bleu):
    """sacrebleu's corpus BLEU (Papineni et al. 2002; Post 2018), exponential smoothing.

    Its statistics are sacrebleu's own: both lengths, shared n-grams and the hypothesis's by order.
    """

    def statistics(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        counts = self.counts(hypotheses, references)
        lengths = counts[:, 0, :2]
        return np.concatenate([lengths, counts[:, :, 2], counts[:, :, 0]], axis=1).astype(float)

    def scores(self, sums: np.ndarray) -> np.ndarray:
        hypothesis, reference = sums[..., 0], sums[..., 1]
        correct, total = sums[..., 2 : 2 + ORDER], sums[..., 2 + ORDER :]
        with np.errstate(divide="ignore", invalid="ignore"):
            penalty = np.where(hypothesis < reference, np.exp(1 - reference / hypothesis), 1.0)
            # An order without a match counts as half, a quarter, ... of a match.
            smooth = 0.5 ** np.cumsum(correct == 0, axis=-1)
            precisions = np.where(correct == 0, smooth, correct) / total
            bleu = 100 * penalty * np.exp(np.log(precisions).mean(axis=-1))
        # An order without n-grams has no precision, and no n-gram shared is no score.
        return np.where((total > 0).all(axis=-1) & (correct > 0).any(axis=-1), bleu, 0.0)


@METRICS.register("bleu_code")
class CodeTokenBleu(_CorpusBleu):
    """sacrebleu's BLEU over ``code_tokens``."""

    summary = "sacrebleu's corpus BLEU over code tokens"

    def tokens(self, text: str) -> List[str]:
        return code_tokens(text)

    def properties(self) -> Dict[str, Any]:
        from sacrebleu.metrics import BLEU  # here and below, for commands start without it

        # force: sacrebleu warns that text looks tokenised, which is what is meant here.
        return {**sacrebleu_properties(BLEU(tokenize="none", force=True)), "tok": "code"}


@METRICS.register("bleu_13a")
class StandardBleu(_CorpusBleu):
    """sacrebleu's BLEU as it is without options."""

    summary = "sacrebleu's corpus BLEU over 13a's tokens"

    def tokens(self, text: str) -> List[str]:
        return tokens_13a(text.rstrip())

    def properties(self) -> Dict[str, Any]:
        from sacrebleu.metrics import BLEU

        return sacrebleu_properties(BLEU(force=True))


@METRICS.register("bleu_words")
class MeanSentenceBleu(_Bleu):
    """The mean over samples of BLEU over white-space tokens, as the authors of DeCE report it.

    Each sample's BLEU is nltk's ``corpus_bleu`` of that pair alone, without smoothing.
    """

    summary = "mean of sentence BLEU over white-space tokens, as the authors of DeCE report it"

    def tokens(self, text: str) -> List[str]:
        return text.split()

    def statistics(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        counts = self.counts(hypotheses, references).astype(float)
        shared, total = counts[:, :, 2], np.maximum(counts[:, :, 0], 1)
        hypothesis, reference = counts[:, 0, 0], counts[:, 0, 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            penalty = np.exp(np.minimum(0, 1 - reference / hypothesis))
        # Where nothing matches, nltk takes the logarithm of the smallest float instead.
        precisions = np.where(shared > 0, shared / total, np.finfo(float).tiny)
        bleu = penalty * np.exp(np.log(precisions).mean(axis=1))
        bleu[shared[:, 0] == 0] = 0
        return np.stack([bleu, np.ones(len(bleu))], axis=1)

    def scores(self, sums: np.ndarray) -> np.ndarray:
        scores: np.ndarray = 100 * sums[..., 0] / sums[..., 1]
        return scores

    def properties(self) -> Dict[str, Any]:
        return {"mean": "sentence", "nrefs": 1, "tok": "words", "smooth": "none"}
