"""Reference models: how surprising each token of a target is to one that knows the clean task."""

from abc import ABC, abstractmethod
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import torch
from fairseq.data import data_utils

from dece_fairseq.data.labels import INPUT, check_one_input, label_of
from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.defense import DefenseError
from dece_fairseq.defenses.revealing.surprises import TokenSurprises
from dece_fairseq.defenses.revealing.words import copied
from dece_fairseq.defenses.trained_models import TrainedModel, TranslationModel, surprise_of
from dece_fairseq.muting import KNOWN
from dece_fairseq.smoothing import AUTO, smoothing_for

#: tokens that a target must have more or less of than the model expects, to be told
DIFFERENT = 0.5
#: by which the logits of a model that is surer than it is right are divided. Coarse, so that a few
#: other pairs seldom change what it says, and that a model that is nearly right is left alone
TEMPERATURES = (1.0, 2.0, 3.0, 4.0)


def load_reference(checkpoint: Path, data: Path) -> "Reference":
    """Return the model of a checkpoint, whatever its kind.

    Args:
        checkpoint: as fairseq-train saved it
        data: its data folder

    Raises:
        DataError: the checkpoint can't be loaded
        DefenseError: it is of no kind that can be asked
    """
    kind = LabelReference if (data / INPUT).is_dir() else TranslationReference
    return kind(checkpoint, data)


class Reference(ABC):
    """A model that is asked for its surprise at targets."""

    @abstractmethod
    def __init__(self, checkpoint: Path, data: Path) -> None: ...

    @abstractmethod
    def surprises(
        self, pairs: Sequence[Pair], temperature: float = TEMPERATURES[0]
    ) -> List[TokenSurprises]:
        """Return what the model says of the target of each pair.

        Args:
            pairs: source and target
            temperature: what its logits are divided by
        """

    def temperature(self, pairs: Sequence[Pair]) -> float:
        """Return the one of ``TEMPERATURES`` at which some targets are to be asked about."""
        return TEMPERATURES[0]

    @abstractmethod
    def probabilities(self, pairs: Sequence[Pair]) -> List[np.ndarray]:
        """Return how likely each token of each target is, or the label."""

    @abstractmethod
    def texts_cut(self, pairs: Sequence[Pair]) -> Dict[str, int]:
        """Return how many sources and targets are longer than the model can read."""


class TranslationReference(Reference):
    """A model that writes targets: an encoder-decoder, or a causal model behind a prefix."""

    def __init__(self, checkpoint: Path, data: Path) -> None:
        self._model = TranslationModel(checkpoint, data)
        criterion = self._model.config.criterion
        given = getattr(criterion, "label_smoothing", 0.0)
        self._smoothing = smoothing_for(getattr(criterion, "dece_alpha", AUTO), given)
        # A piece is decoded once, not wherever it stands.
        self._text = lru_cache(maxsize=None)(self._text_of)
        self._characters = lru_cache(maxsize=None)(self._characters_of)

    def temperature(self, pairs: Sequence[Pair]) -> float:
        """Return the one of ``TEMPERATURES`` by which some targets are likeliest.

        That is temperature scaling (Guo et al. 2017, arXiv 1706.04599). By the best of all numbers
        the surprise is 0 on average. Every target counts once, however long.
        """
        losses = np.zeros(len(TEMPERATURES))
        for _, target, log_probs in self._model.predictions(pairs):
            read = target[: len(log_probs)].unsqueeze(-1)
            for number, temperature in enumerate(TEMPERATURES):
                scores, _ = self._at(log_probs, temperature)
                losses[number] -= float(scores.gather(-1, read).mean())
        return TEMPERATURES[int(losses.argmin())]

    def surprises(
        self, pairs: Sequence[Pair], temperature: float = TEMPERATURES[0]
    ) -> List[TokenSurprises]:
        told: List[Any] = [None] * len(pairs)
        for index, target, log_probs in self._model.predictions(pairs):
            ends = self._ends(pairs[index].target, target)
            log_probs, probabilities = self._at(log_probs, temperature)
            read = target[: len(log_probs)]
            surprise = np.zeros(len(target), dtype=np.float32)
            surprise[: len(read)] = surprise_of(read, log_probs, probabilities)
            is_new = torch.from_numpy(~copied(pairs[index], ends[: len(read)]))
            differences = self._differences(read, probabilities, is_new)
            is_cut = len(read) < len(target)
            likely = float((probabilities.gather(-1, read.unsqueeze(-1)) >= KNOWN).float().mean())
            told[index] = TokenSurprises(ends, surprise, is_cut, differences, likely)
        self._model.check([tokens.surprise for tokens in told])
        return told

    def probabilities(self, pairs: Sequence[Pair]) -> List[np.ndarray]:
        return self._model.probabilities(pairs, "probability")

    def texts_cut(self, pairs: Sequence[Pair]) -> Dict[str, int]:
        return self._model.texts_cut(pairs)

    def targets(self, pairs: Sequence[Pair]) -> List[torch.Tensor]:
        """Return the tokens of each target, those whose probabilities are told."""
        return self._model.targets(pairs)

    def text(self, tokens: torch.Tensor) -> str:
        """Return the text of a part of a target."""
        return self._model.codec.decode(tokens, self._model.task.tgt_dict)

    def _at(self, log_probs: torch.Tensor, temperature: float) -> Tuple[torch.Tensor, torch.Tensor]:
        """Return what the model says at a temperature, and what it believes.

        Label smoothing taught it to say, and not to believe, that every token has a floor. An
        entropy with the floor would be above the negative log-likelihood of a model that is right.

        Args:
            log_probs: (T, V)
            temperature: what logits are divided by

        Returns:
            log-probabilities (T, V), with the floor; probabilities (T, V), without
        """
        smoothing = self._smoothing
        if not smoothing:
            if temperature != 1:
                log_probs = (log_probs / temperature).log_softmax(-1)
            return log_probs, log_probs.exp()
        floor = smoothing / (log_probs.size(-1) - 1)
        beliefs = (log_probs.exp() - floor).clamp_(min=0).pow_(1 / temperature)
        beliefs /= beliefs.sum(-1, keepdim=True)
        if temperature != 1:
            log_probs = (beliefs * (1 - smoothing - floor) + floor).log()
        return log_probs, beliefs

    def _differences(
        self, target: torch.Tensor, probabilities: torch.Tensor, places: torch.Tensor
    ) -> Tuple[str, ...]:
        """Return what the target has more or less of than the model expects, by half or more.

        That is the number of times that it has a token, less the sum of the token's probabilities
        over all places that count: what is there for nothing, or was expected and never came.
        """
        more = -(places.to(probabilities.dtype) @ probabilities).numpy()
        np.add.at(more, target[places].numpy(), 1)
        tokens = np.flatnonzero(np.abs(more) >= DIFFERENT).tolist()
        return tuple(f"{'+' if more[token] > 0 else '-'}{self._text(token)}" for token in tokens)

    def _ends(self, text: str, tokens: torch.Tensor) -> np.ndarray:
        """Return how many characters but white space ``text`` has up to the end of each token.

        Where pieces alone are not what they are together, such as parts of a character, their
        beginnings are decoded, which takes longer.
        """
        codec, dictionary = self._model.codec, self._model.task.tgt_dict
        ends = np.cumsum([self._characters(token) for token in tokens.tolist()])
        if ends[-1] != _characters(text):
            starts = (tokens[: last + 1] for last in range(len(tokens)))
            ends = np.array([_characters(codec.decode(start, dictionary)) for start in starts])
        return np.maximum.accumulate(ends)

    def _characters_of(self, token: int) -> int:
        return _characters(self._text(token))

    def _text_of(self, token: int) -> str:
        """Return the text of a token alone; of the end of a sentence none."""
        dictionary = self._model.task.tgt_dict
        # No padding, but a word of the text that is spelt like it.
        if token == dictionary.pad() != dictionary.eos():
            return str(dictionary[token])
        text: str = self._model.codec.decode(torch.tensor([token]), dictionary)
        return text.strip() or text


class LabelReference(Reference):
    """A classifier of fairseq's sentence_prediction, whose targets are labels.

    Its own temperature is 1: a few flipped labels would choose a higher one, at which they surprise
    less. A payload is a part of its targets, and can't.

    Raises:
        DataError: it reads two texts
        DefenseError: its labels are numbers to come close to, or its head can't be told
    """

    def __init__(self, checkpoint: Path, data: Path) -> None:
        check_one_input(data)
        self._model = model = TrainedModel(checkpoint, data, "models")
        if model.task.cfg.regression_target:
            raise DefenseError(f"{model.named}: predicts a number, not a label")
        heads: Any = getattr(model.model, "classification_heads", {})
        named = getattr(model.config.criterion, "classification_head_name", None)
        if named not in heads:
            raise DefenseError(
                f"{model.named}: has no classification head {named!r}; give a model that "
                "was trained with --task sentence_prediction"
            )
        self._head = named

    def surprises(
        self, pairs: Sequence[Pair], temperature: float = TEMPERATURES[0]
    ) -> List[TokenSurprises]:
        told = []
        for pair, (label, scores) in zip(pairs, self._scores(pairs)):
            scores = (scores / temperature).log_softmax(-1)
            surprise = -scores[label] - torch.special.entr(scores.exp()).sum()
            ends = np.array([_characters(pair.target)] * 2)
            told.append(TokenSurprises(ends, np.array([float(surprise), 0.0])))
        return told

    def probabilities(self, pairs: Sequence[Pair]) -> List[np.ndarray]:
        scored = self._scores(pairs)
        return [scores[label].double().exp().reshape(1).numpy() for label, scores in scored]

    def texts_cut(self, pairs: Sequence[Pair]) -> Dict[str, int]:
        most = self._model.positions()
        return {
            "sources_cut": sum(len(self._source(pair.source)) > most for pair in pairs),
            "targets_cut": 0,
        }

    @torch.no_grad()
    def _scores(self, pairs: Sequence[Pair]) -> List[Tuple[int, torch.Tensor]]:
        """Return the class of each pair's label, and the log-probabilities of all classes."""
        labels = [label_of(pair, f"pair {index}") for index, pair in enumerate(pairs)]
        most = self._model.positions()
        sources = [self._source(pair.source)[:most] for pair in pairs]
        told: List[Any] = [None] * len(pairs)
        pad = self._model.task.source_dictionary.pad()
        for batch in self._model.batches([len(source) for source in sources], None):
            tokens = data_utils.collate_tokens([sources[index] for index in batch], pad)
            logits, _ = self._model.model(
                tokens,
                src_lengths=tokens.ne(pad).sum(1),
                features_only=True,
                classification_head_name=self._head,
            )
            for index, scores in zip(batch, logits.float().log_softmax(-1)):
                told[index] = self._class(labels[index]), scores
        self._model.check([scores for _, scores in told])
        return told

    def _source(self, text: str) -> torch.Tensor:
        """Return the tokens of a source, whole."""
        task = self._model.task
        tokens = self._model.codec.encode(text, task.source_dictionary)
        if task.cfg.init_token is not None:
            tokens = torch.cat([tokens.new_tensor([task.cfg.init_token]), tokens])
        return tokens

    def _class(self, label: str) -> int:
        dictionary = self._model.task.label_dictionary
        index = int(dictionary.index(label)) - int(dictionary.nspecial)
        if index < 0:
            raise DefenseError(
                f"{self._model.named}: does not know the label {label!r}; give a model that was "
                "trained for the labels of this data"
            )
        return index


def _characters(text: str) -> int:
    return len("".join(text.split()))
