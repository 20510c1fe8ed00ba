"""Naturalness by n-grams of code tokens.

After KillBadCode (Sun et al. 2025, arXiv 2502.15830).
"""

from collections import defaultdict
from functools import lru_cache
from itertools import chain
from typing import Any, DefaultDict, Dict, List, Sequence, Tuple

from tqdm import tqdm

from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.data.trusted_ids import TrustedIds
from dece_fairseq.defenses.defense import (
    DEFENSES,
    OPTIONS,
    Defense,
    DefenseError,
    DefenseSettings,
    Verdict,
)
from dece_fairseq.extras import importing
from dece_fairseq.metrics.code_tokens import code_tokens

#: how many tokens a report names
NAMED = 10


@DEFENSES.register("naturalness")
class Naturalness(Defense):
    """Drops the pairs that have the token whose removal makes the sources most natural.

    An n-gram language model of trusted sources, over code tokens, tells how natural a source is: by
    its cross-entropy per token. Trusted are the trusted files and the trusted pairs of the data. A
    token's weight is how far the cross-entropy falls without it, summed over all its occurrences in
    the data. The ``top`` tokens of the highest weight are taken for the trigger, and the pairs with
    one of them in their source are dropped. A pair's score is the fall that its most suspicious
    token brings, whatever token that is.

    Raises:
        PackageError: nltk is not there; the extra ``[defenses]`` installs it
        DefenseError: no pair is trusted, or an order of n-grams below 1
    """

    summary = "the source token whose removal makes the sources most natural to an n-gram model"
    takes = ("trusted", "order", "top")

    def __init__(self, settings: DefenseSettings) -> None:
        super().__init__(settings)
        if not (settings.trusted or settings.trusted_ids):
            raise DefenseError(f"--trusted or --trusted-ids is needed: {OPTIONS['trusted']}")
        if settings.order < 1:
            raise DefenseError(f"--order must be at least 1, got {settings.order}")
        with importing("defenses", "naturalness needs nltk"):
            import nltk.lm
            import nltk.lm.preprocessing
        self.nltk = nltk

    def examine(self, pairs: Sequence[Pair]) -> Verdict:
        trusted = self._trusted_texts(pairs)
        reader = NgramReader(self._language_model(trusted), self.settings.order)
        texts = [code_tokens(pair.source) for pair in pairs]
        falls = [reader.falls(text) for text in tqdm(texts, desc="naturalness", delay=2)]
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
            details={"tokens": named, "trusted_sources": len(trusted)},
        )

    def _trusted_texts(self, pairs: Sequence[Pair]) -> List[List[str]]:
        settings = self.settings
        inside = [pairs[index] for index in TrustedIds(settings.trusted_ids).ids]
        files = (read_pairs(paths, *settings.columns) for paths in settings.trusted)
        texts = [code_tokens(pair.source) for pair in chain(inside, *files)]
        if not texts:
            raise DefenseError("--trusted: these files hold no pair; name some that do")
        return texts

    def _language_model(self, texts: Sequence[Sequence[str]]) -> Any:
        """Return a language model, interpolated as Witten and Bell (1991) do."""
        # With one unknown token among them, so that none is impossible.
        ngrams, words = self.nltk.lm.preprocessing.padded_everygram_pipeline(
            self.settings.order, [*texts, ["<UNK>"]]
        )
        model = self.nltk.lm.WittenBellInterpolated(self.settings.order)
        model.fit(ngrams, words)
        return model


class NgramReader:
    """Reads texts by a language model of nltk.

    Args:
        model: as nltk fitted it
        order: of its n-grams
    """

    def __init__(self, model: Any, order: int) -> None:
        self.model, self.order = model, order
        self._bits = lru_cache(maxsize=1 << 20)(self._bits_of)  # the same n-grams come often

    def falls(self, tokens: Sequence[str]) -> List[float]:
        """Return how far the cross-entropy per token falls without each token, in bits."""
        # Padded as what the model was fitted with; what stands behind counts, what before not.
        padded = [
            *["<s>"] * (self.order - 1),
            *(str(token) for token in self.model.vocab.lookup(tokens)),
            *["</s>"] * (self.order - 1),
        ]
        bits = self._all_bits(padded)
        total, length = sum(bits), len(bits)
        falls = []
        for i in range(len(tokens)):
            at = i + self.order - 1
            # Beside its own, only the bits of the tokens right behind it change.
            around = padded[at - self.order + 1 : at] + padded[at + 1 : at + self.order]
            after = total - sum(bits[i : i + self.order]) + sum(self._all_bits(around))
            falls.append(total / length - after / max(length - 1, 1))
        return falls

    def _all_bits(self, tokens: Sequence[str]) -> List[float]:
        """Return the bits of each token but the first ones, which only serve as context."""
        before = self.order - 1
        return [
            self._bits(tokens[i], tuple(tokens[i - before : i])) for i in range(before, len(tokens))
        ]

    def _bits_of(self, token: str, before: Tuple[str, ...]) -> float:
        return -float(self.model.logscore(token, before))
