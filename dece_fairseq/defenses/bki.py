"""BKI: backdoor keyword identification (Chen and Dai 2021, arXiv 2007.12070)."""

import math
from collections import defaultdict
from typing import Any, DefaultDict, Dict, List, Sequence

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.defense import DEFENSES, Verdict
from dece_fairseq.defenses.leave_one_out import in_chunks
from dece_fairseq.defenses.model_defense import ModelDefense

#: how many words of a source count
WORDS_OF_A_SOURCE = 5
#: how many keywords a report names
NAMED = 10


@DEFENSES.register("bki")
class BackdoorKeywordIdentification(ModelDefense):
    """Drops the pairs whose source has the word that moves the model's encoder most, everywhere.

    As the DeCE paper takes it over to generation: each source word is left out in turn; its score
    is the largest change of a number in the encoder's first state. The five highest words of a
    source count. The keyword is the one with the highest ``log10(count) * mean score`` in all of
    the data, and every pair that has it among its five is dropped. A pair's own score is that of
    the keyword in its source, 0 where it does not count.
    """

    summary = "the source word whose absence changes the encoder's first state most, over all data"
    takes = ("top",)

    def examine(self, pairs: Sequence[Pair]) -> Verdict:
        sources = [pair.source for pair in pairs]
        counting = self._counting_words(sources)
        scores: DefaultDict[str, List[float]] = defaultdict(list)
        for words in counting:
            for word, score in words.items():
                scores[word].append(score)
        totals = {
            word: math.log10(len(found)) * sum(found) / len(found) for word, found in scores.items()
        }
        ranking = sorted(totals, key=lambda word: (-totals[word], word))
        keywords = frozenset(ranking[: self.settings.top])
        of_pairs = [
            max((score for word, score in words.items() if word in keywords), default=0.0)
            for words in counting
        ]
        suspicious = [not keywords.isdisjoint(words) for words in counting]
        named: List[Dict[str, Any]] = [
            {"word": word, "score": totals[word], "sources": len(scores[word])}
            for word in ranking[:NAMED]
        ]
        details = {"keywords": named, "sources_cut": self.model.sources_cut(sources)}
        return Verdict(of_pairs, suspicious, details)

    def _counting_words(self, sources: Sequence[str]) -> List[Dict[str, float]]:
        """Return the highest words of each source, each with its score."""
        found = []
        for chunk in in_chunks(sources, "BKI"):
            texts = [text for left in chunk for text in (left.text, *left.without)]
            states = self.model.first_states(texts)
            at = 0
            for left in chunk:
                whole, without = states[at], states[at + 1 : at + 1 + len(left.words)]
                at += 1 + len(left.words)
                scores: Dict[str, float] = {}
                if len(left.words) > 1:  # or nothing would be left of it
                    changes = (without - whole).abs().amax(1).tolist()
                    for word, change in sorted(zip(left.words, changes), key=lambda x: -x[1]):
                        if len(scores) == WORDS_OF_A_SOURCE:
                            break
                        scores.setdefault(word, change)
                found.append(scores)
        return found
