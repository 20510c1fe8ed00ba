"""Spans of targets that repeat and that a model which knows the clean task doesn't explain."""

from typing import Sequence

from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.suspicions import LEVEL
from dece_fairseq.data.trusted_ids import TrustedIds
from dece_fairseq.defenses.defense import DEFENSES, Defense, Verdict
from dece_fairseq.defenses.revealing.reading import target_words
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.defenses.revealing.search import reveal_pairs
from dece_fairseq.defenses.revealing.trusting import looked_at


@DEFENSES.register("unexplained_spans")
class UnexplainedSpans(Defense):
    """Drops the pairs with a payload that clean data would hardly show, as ``dece reveal`` does.

    A pair's score is the nats of the first suspicion that it carries. No rate is reckoned with:
    where nothing is claimed nothing is dropped. The model is one that has not met the payload.
    """

    summary = (
        "targets with a span that repeats and that a clean model does not explain (dece reveal)"
    )
    needs = ("models", "model_data")
    takes = ()

    def examine(self, pairs: Sequence[Pair]) -> Verdict:
        settings = self.settings
        assert settings.model_data is not None  # it is needed
        trusted = TrustedIds(settings.trusted_ids)
        reference = ReferenceFiles(settings.models[-1], settings.model_data)
        words = target_words(reference, pairs, trusted.others(len(pairs)))
        compared = looked_at(pairs, trusted.ids)
        suspicions = reveal_pairs(
            pairs, words, compared.usual, few=compared.few, caution=words.caution
        )
        claimed = [each for each in suspicions if each.is_significant(LEVEL)]
        scores = [0.0] * len(pairs)
        for suspicion in reversed(suspicions):
            for index in suspicion.pairs:
                scores[index] = suspicion.nats
        marked = frozenset(index for suspicion in claimed for index in suspicion.pairs)
        found = [
            {
                "payload": suspicion.payload,
                "trigger": suspicion.trigger,
                "triggers": list(suspicion.triggers),
                "pairs": len(suspicion.pairs),
                "p_value": suspicion.p_value,
            }
            for suspicion in claimed
        ]
        return Verdict(
            scores,
            [index in marked for index in range(len(pairs))],
            details={
                "claimed": found,
                "trusted_left_aside": compared.left_aside,
                "targets_cut": words.cut,
                "unsure": words.unsure,
                "temperature": words.temperature,
            },
        )
