"""Trained fairseq language models of sources, as defences ask them for perplexities."""

from pathlib import Path
from typing import Optional, Sequence

import numpy as np
import torch
from fairseq.data import data_utils

from dece_fairseq.defenses.defense import DefenseError
from dece_fairseq.defenses.trained_models import TrainedModel


class LanguageModel(TrainedModel):
    """A fairseq language model of sources.

    Raises:
        DataError: the checkpoint can't be loaded
        DefenseError: it is none of a language model
    """

    def __init__(self, checkpoint: Path, data: Path) -> None:
        super().__init__(checkpoint, data, "language-model")
        if hasattr(self.model, "encoder") or not hasattr(self.task, "dictionary"):
            raise DefenseError(f"--language-model {checkpoint}: not a language model")

    @torch.no_grad()
    def perplexities(self, texts: Sequence[str], what: Optional[str] = None) -> np.ndarray:
        """Return the perplexity of each text, per token, end of sentence included (N,).

        Of a text that is longer than the model can read, that of the tokens that it reads.
        """
        dictionary, most = self.task.dictionary, self.positions()
        tokens = [self.codec.encode(text, dictionary)[:most] for text in texts]
        found = np.zeros(len(texts))
        for batch in self.batches([len(line) for line in tokens], what):
            lines = [tokens[index] for index in batch]
            target = data_utils.collate_tokens(lines, dictionary.pad())
            # As fairseq's language models are trained: a text begins after an end of sentence.
            given = target.roll(1, dims=1)
            given[:, 0] = dictionary.eos()
            output = self.model(given)
            log_probs = self.model.get_normalized_probs(output, log_probs=True)
            nll = -log_probs.gather(-1, target.unsqueeze(-1)).squeeze(-1)
            kept = target != dictionary.pad()
            means = nll.masked_fill(~kept, 0).sum(-1) / kept.sum(-1)
            found[batch] = means.exp().numpy()
        self.check(found)
        return found
