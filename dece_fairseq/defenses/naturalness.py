"""Naturalness by n-grams of code tokens (after KillBadCode, Sun et al. 2025, arXiv 2502.15830)."""

from collections import defaultdict
from functools import lru_cache
from typing import Any, DefaultDict, Dict, List, Sequence, Tuple

from tqdm import tqdm

from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.defenses.defense import DEFENSES, Defense, DefenseError, DefenseSettings, Verdict
from dece_fairseq.scoring.code_tokens import code_tokens

#: how many tokens a report names
NAMED = 10


@DEFENSES.register("naturalness")
class Naturalness(Defense):
    """Drops the pairs that have the token whose removal makes the sources most natural.

    An n-gram language model of trusted sources, over code tokens, tells how natural a source is: by
    its cross-entropy per token. A token's weight is how far that falls without it, summed over all
    its occurrences in the data. The ``top`` tokens of the highest weight are taken for the trigger,
    and the pairs with one of them in their source are dropped. A pair's score is the fall that its
    most suspicious token brings, whatever token that is.

    Raises:
        ImportError: nltk is not there; the extra ``[defenses]`` installs it
        DefenseError: an order of n-grams below 1
    """

    summary = "the source token whose removal makes the sources most natural to an n-gram model"
    needs = ("trusted",)

    def __init__(self, settings: DefenseSettings) -> None:
        super().__init__(settings)
        if settings.order < 1:
            raise DefenseError(f"--order must be at least 1, got {settings.order}")
        try:
            from nltk.lm import WittenBellInterpolated
            from nltk.lm.preprocessing import padded_everygram_pipeline
        except ImportError as error:
            raise ImportError(
                "naturalness needs nltk: pip install 'dece-fairseq[defenses]'"
            ) from error
        trusted = (read_pairs(paths, *settings.columns) for paths in settings.trusted)
        texts = [code_tokens(pair.source) for pairs in trusted for pair in pairs]
        self.trusted = len(texts)
        # With one unknown token among them, so that none is impossible.
        unknown = ["<UNK>"]
        ngrams, words = padded_everygram_pipeline(settings.order, [*texts, unknown])
        self.model = WittenBellInterpolated(settings.order)
        self.model.fit(ngrams, words)
        self._bits = lru_cache(maxsize=1 << 20)(self._bits_of)

    def examine(self, pairs: Sequence[Pair]) -> Verdict:
        texts = [code_tokens(pair.source) for pair in pairs]
        falls = [self._falls(text) for text in tqdm(texts, desc="naturalness", delay=2)]
        weights: DefaultDict[str, float] = defaultdict(float)
        counts: DefaultDict[str, int] = defaultdict(int)
        for text, of_text in zip(texts, falls):
            for token, fall in zip(text, of_text):
                weights[token] += fall
                counts[token] += 1
        ranking = sorted(weights, key=lambda token: (-weights[token], token))
        triggers = frozenset(ranking[: self.settings.top])
        named: List[Dict[str, Any]] = [
            {"token": token, "weight": weights[token], "occurrences": counts[token]}
            for token in ranking[:NAMED]
        ]
        return Verdict(
            [max(of_text, default=0.0) for of_text in falls],
            [not triggers.isdisjoint(text) for text in texts],
            details={"tokens": named, "trusted_sources": self.trusted},
        )

    def _falls(self, tokens: List[str]) -> List[float]:
        """How far the cross-entropy per token falls without each token, in bits."""
        order = self.settings.order
        # Padded as what the model was fitted with; what stands behind counts, what before not.
        padded = [
            *["<s>"] * (order - 1),
            *(str(token) for token in self.model.vocab.lookup(tokens)),
            *["</s>"] * (order - 1),
        ]
        bits = self._all_bits(padded)
        total, length = sum(bits), len(bits)
        falls = []
        for i in range(len(tokens)):
            at = i + order - 1
            # Beside its own, only the bits of the tokens right behind it change.
            around = padded[at - order + 1 : at] + padded[at + 1 : at + order]
            after = total - sum(bits[i : i + order]) + sum(self._all_bits(around))
            falls.append(total / length - after / max(length - 1, 1))
        return falls

    def _all_bits(self, tokens: Sequence[str]) -> List[float]:
        """The bits of each token but those that only others depend on, the first of all."""
        before = self.settings.order - 1
        return [
            self._bits(tokens[i], tuple(tokens[i - before : i])) for i in range(before, len(tokens))
        ]

    def _bits_of(self, token: str, before: Tuple[str, ...]) -> float:
        return -float(self.model.logscore(token, before))
