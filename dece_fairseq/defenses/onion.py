"""ONION: outlier words by a language model (Qi et al. 2021, arXiv 2011.10369)."""

import math
from collections import Counter
from typing import Dict, List, Sequence

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.defense import DEFENSES, Defense, DefenseError, DefenseSettings, Verdict
from dece_fairseq.defenses.leave_one_out import drop_words, in_chunks

#: how many of the words that were dropped most often a report names
NAMED = 20


@DEFENSES.register("onion")
class Onion(Defense):
    """Drops words from sources, not pairs: those whose absence makes the source more likely.

    A word's suspicion is how far the perplexity of the source falls without it; words above
    ``threshold`` (0 as in the DeCE paper) are dropped. It is meant for what a model is asked, such
    as a triggered test set. A pair's score is the suspicion of its most suspicious word.
    """

    summary = "source words without which a language model finds the source more likely; cleans"
    needs = ("language_model", "language_model_data")
    takes = ("threshold",)
    least = 1  # a request in use comes alone

    def __init__(self, settings: DefenseSettings) -> None:
        super().__init__(settings)
        if math.isnan(settings.threshold):  # no word would be above it
            raise DefenseError(f"--threshold must be a number, got {settings.threshold}")
        assert settings.language_model is not None
        assert settings.language_model_data is not None  # they are needed
        from dece_fairseq.defenses.language_model import LanguageModel

        self.model = LanguageModel(settings.language_model, settings.language_model_data)

    def examine(self, pairs: Sequence[Pair]) -> Verdict:
        scores: List[float] = []
        cleaned: Dict[int, Pair] = {}
        dropped_words: Counter[str] = Counter()
        sources = [pair.source for pair in pairs]
        for chunk in in_chunks(sources, "ONION"):
            texts = [text for left in chunk for text in (left.text, *left.without)]
            perplexities = self.model.perplexities(texts)
            at = 0
            for left in chunk:
                falls = perplexities[at] - perplexities[at + 1 : at + 1 + len(left.words)]
                at += 1 + len(left.words)
                outliers = [i for i, fall in enumerate(falls) if fall > self.settings.threshold]
                if len(outliers) == len(left.words):  # a source has to be left
                    outliers = outliers[:0]
                if outliers:
                    pair = pairs[len(scores)]
                    source = drop_words(left.text, outliers)
                    cleaned[len(scores)] = Pair(source, pair.target)
                    dropped_words.update(left.words[i] for i in outliers)
                scores.append(float(max(falls, default=0.0)))
        return Verdict(
            scores,
            [index in cleaned for index in range(len(pairs))],
            {
                "dropped_words": sum(dropped_words.values()),
                "most_dropped": dict(dropped_words.most_common(NAMED)),
                "sources_cut": self.model.sources_cut(sources),
            },
            cleaned,
        )
