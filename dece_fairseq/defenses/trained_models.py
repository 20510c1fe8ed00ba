"""Trained fairseq models as defences look into them: texts in, states and losses out."""

import math
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy as np
import torch
from fairseq import utils
from fairseq.data import LanguagePairDataset, data_utils
from torch import Tensor
from tqdm import tqdm

from dece_fairseq.checkpoints import load_checkpoint
from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.defense import DefenseError
from dece_fairseq.encoders.text_codec import TextCodec, codec_beside
from dece_fairseq.models.causal import Causal

#: tokens in a batch, padding included: with more, what is computed leaves the processor's cache
BATCH_TOKENS = 2048
#: log-probabilities in a batch, 64 MiB: of large vocabularies fewer tokens
PREDICTIONS = 1 << 24
#: tokens that the tokenizer of a causal model puts around a source, at most
FRAME = 4


class TrainedModel:
    """A checkpoint, the task it was trained for, and the way from text to its tokens.

    Args:
        checkpoint: as fairseq-train saved it
        data: its data folder
        option: names the checkpoint in messages
    """

    def __init__(self, checkpoint: Path, data: Path, option: str) -> None:
        #: how messages call it
        self.named = f"--{option} {checkpoint}"
        model, config, task = load_checkpoint(checkpoint, data, self.named)
        self.model: Any = model.eval()
        self.task: Any = task
        self.config: Any = config
        # Trained without --bpe, on data that dece prepare binarised: they say how texts are cut.
        self.codec = (config.bpe is None and codec_beside(data)) or TextCodec(
            config.bpe, config.tokenizer
        )

    def positions(self) -> Any:
        """Return how many tokens the model can read: of a text, or of source and target."""
        return utils.resolve_max_positions(self.task.max_positions(), self.model.max_positions())

    def sources_cut(self, sources: Sequence[str]) -> int:
        """Return how many sources are longer than the model can read: what is behind is unseen."""
        most = self._source_positions()
        return sum(most is not None and self.codec.length(source) > most for source in sources)

    def _source_positions(self) -> Optional[int]:
        """Return how many tokens of a source the model can read, None for any number."""
        found: Optional[int] = self.positions()
        return found

    def check(self, answers: Iterable[Any]) -> None:
        """Look whether what the model says of some texts are numbers, before they are compared.

        Args:
            answers: for each text a tensor or an array

        Raises:
            DefenseError: some hold a number that is not finite
        """
        are_finite = [math.isfinite(answer.sum()) for answer in answers]
        if not all(are_finite):
            raise DefenseError(
                f"{self.named}: of {len(are_finite)} texts {are_finite.count(False)} get no finite "
                "numbers from this model; its training has diverged, or its file is damaged: look "
                "at the losses in its log, and give another checkpoint"
            )

    def batches(
        self, lengths: Sequence[int], what: Optional[str], most: Optional[int] = None
    ) -> Iterator[List[int]]:
        """Return batches of numbers of sentences of about the same length, the longest first.

        Args:
            lengths: of the sentences, in tokens
            what: to say beside the progress, on stderr; None to show none
            most: tokens in a batch, unless one sentence has more (default: ``BATCH_TOKENS``)
        """
        most = BATCH_TOKENS if most is None else most
        order = np.argsort([-length for length in lengths], kind="stable")
        batches: List[List[int]] = []
        for index in order:
            longest = lengths[batches[-1][0]] if batches else 0
            if not batches or (len(batches[-1]) + 1) * longest > most:
                batches.append([])
            batches[-1].append(int(index))
        with tqdm(
            total=len(lengths), desc=what, unit=" texts", delay=2, disable=what is None
        ) as bar:
            for batch in batches:
                yield batch
                bar.update(len(batch))


class TranslationModel(TrainedModel):
    """An encoder-decoder that was trained on the data that a defence examines.

    Raises:
        DataError: the checkpoint can't be loaded
        DefenseError: it is none of a translation model
    """

    def __init__(self, checkpoint: Path, data: Path) -> None:
        super().__init__(checkpoint, data, "models")
        if not (hasattr(self.model, "encoder") and hasattr(self.task, "tgt_dict")):
            raise DefenseError(f"--models {checkpoint}: not a translation model: it has no encoder")

    @torch.no_grad()
    def first_states(self, sources: Sequence[str], what: Optional[str] = None) -> Tensor:
        """Return the encoder's state of the first token of each source (N, D), float32."""
        return self._states(sources, what, lambda states: states[0])

    @torch.no_grad()
    def mean_states(self, sources: Sequence[str], what: Optional[str] = None) -> Tensor:
        """Return the mean encoder state over the tokens of each source (N, D), float32."""
        return self._states(sources, what, lambda states: states.mean(0))

    def _states(self, sources: Sequence[str], what: Optional[str], take: Any) -> Tensor:
        most, _ = self._longest()
        dictionary = self.task.src_dict
        tokens = [_cut_source(self.codec.encode(text, dictionary), most) for text in sources]
        found: List[Tensor] = [torch.empty(0)] * len(tokens)
        for batch in self.batches([len(line) for line in tokens], what):
            lines = [tokens[index] for index in batch]
            padded = data_utils.collate_tokens(lines, dictionary.pad(), left_pad=self._left_pad())
            lengths = torch.tensor([len(line) for line in lines])
            output = self.model.encoder(padded, src_lengths=lengths)
            for index, row, kept in zip(batch, *self._of_rows(output, padded)):
                found[index] = take(row[kept])
        self.check(found)
        return torch.stack(found)

    def _of_rows(self, output: Any, padded: Tensor) -> Tuple[Tensor, Tensor]:
        """Return an encoder's states (B, T, D), float32, and which are no padding (B, T).

        A model of Hugging Face puts tokens of its own around a source, so T is not that of the
        batch.

        Raises:
            DefenseError: the encoder has no state of each token
        """
        states, pads = _parts_of(output)
        if pads is None:
            pads = padded == self.task.src_dict.pad()
        if states is None or states.dim() != 3 or states.shape[:2] != pads.t().shape:
            raise DefenseError(
                f"{self.named}: its encoder has no state of each token to look at; use a fairseq "
                "transformer, BART or T5"
            )
        return states.transpose(0, 1).float(), ~pads

    @torch.no_grad()
    def losses(self, pairs: Sequence[Pair], what: Optional[str] = None) -> np.ndarray:
        """Return the cross-entropy of each target given its source, per token, in nats (N,)."""
        losses = np.zeros(len(pairs))
        for sample, log_probs in self._predictions(self.encode(pairs), what):
            nll = -log_probs.gather(-1, sample["target"].unsqueeze(-1)).squeeze(-1)
            means = nll.masked_fill(~sample["kept"], 0).sum(-1) / sample["kept"].sum(-1)
            losses[sample["id"].numpy()] = means.numpy()
        self.check(losses)
        return losses

    @torch.no_grad()
    def surprises(self, pairs: Sequence[Pair], what: Optional[str] = None) -> List[np.ndarray]:
        """Return how surprising each token of each target is, in nats, end of sentence included.

        Of a target that is longer than the model can read, the tokens that it reads. A surprise is
        the negative log-likelihood less the entropy of the prediction: 0 on average where the model
        is right about how likely words are.
        """
        found: List[np.ndarray] = [np.empty(0)] * len(pairs)
        for index, target, log_probs in self.predictions(pairs, what):
            found[index] = surprise_of(target[: len(log_probs)], log_probs)
        self.check(found)
        return found

    @torch.no_grad()
    def predictions(
        self, pairs: Sequence[Pair], what: Optional[str] = None
    ) -> Iterator[Tuple[int, Tensor, Tensor]]:
        """Yield what the model says of each pair, in any order.

        Yields:
            the pair's number; its target's tokens (T,), end of sentence included; log-probabilities
            (R, V), one target at a time as V is large, of the first R tokens: all that the model
            can read
        """
        encoded = self.encode(pairs)
        for sample, (logits, *rest) in self._outputs(encoded, what):
            lengths = sample["kept"].sum(-1).tolist()
            for index, length, scores in zip(sample["id"].tolist(), lengths, logits):
                # Those of one target stay in the processor's cache, those of a batch do not.
                output = (scores[:length].unsqueeze(0), *rest)
                log_probs = self.model.get_normalized_probs(output, log_probs=True)
                yield index, encoded[1][index], log_probs.squeeze(0)

    @torch.no_grad()
    def probabilities(self, pairs: Sequence[Pair], what: Optional[str] = None) -> List[np.ndarray]:
        """Return how likely each token of each target is, end of sentence included.

        Of a target that is longer than the model can read, the tokens that it reads.
        """
        found: List[np.ndarray] = [np.empty(0)] * len(pairs)
        for sample, log_probs in self._predictions(self.encode(pairs), what):
            target = sample["target"]
            told = log_probs.gather(-1, target.unsqueeze(-1)).squeeze(-1).double().exp()
            for index, row, kept in zip(sample["id"], told, sample["kept"]):
                found[index] = row[kept].numpy()
        self.check(found)
        return found

    def targets(self, pairs: Sequence[Pair]) -> List[Tensor]:
        """Return the tokens whose probabilities are told."""
        return self._cut(*self.encode(pairs))[1]

    @torch.no_grad()
    def projection_gradients(
        self, pairs: Sequence[Pair], what: Optional[str] = None
    ) -> Iterator[Tuple[int, Tensor, Tensor]]:
        """Yield the factors of each pair's gradient of the output projection, in any order.

        The gradient of the summed cross-entropy in the projection's matrix (V, D) is
        ``errors.T @ features``, which takes no backward pass.

        Yields:
            the pair's number; features (T, D), that the projection is given; errors (T, V), the
            predicted probabilities less 1 for each target

        Raises:
            DefenseError: the model's output is more than a matrix times features
        """
        projection = getattr(self.model.decoder, "output_projection", None)
        if not isinstance(projection, torch.nn.Linear):
            raise DefenseError(
                f"{self.named}: its decoder has no output_projection matrix to take "
                "the gradient of; use a fairseq transformer, BART or T5"
            )
        seen: List[Tensor] = []
        hook = projection.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        try:
            for sample, log_probs in self._predictions(self.encode(pairs), what):
                features, targets = seen.pop(), sample["target"]
                rows = zip(sample["id"].tolist(), targets, sample["kept"], features, log_probs)
                for index, target, kept, of_tokens, scores in rows:
                    errors = scores[kept].exp()
                    errors[torch.arange(len(errors)), target[kept]] -= 1
                    self.check([errors])
                    yield index, of_tokens[kept], errors
        finally:
            hook.remove()

    def encode(self, pairs: Sequence[Pair]) -> Tuple[List[Tensor], List[Tensor]]:
        """Return the tokens of sources and of targets, whole, with ends of sentences."""
        sources, targets = (
            [self.codec.encode(text, dictionary) for text in texts]
            for texts, dictionary in zip(zip(*pairs), (self.task.src_dict, self.task.tgt_dict))
        )
        return sources, targets

    def _predictions(
        self, encoded: Tuple[List[Tensor], List[Tensor]], what: Optional[str]
    ) -> Iterator[Tuple[Dict[str, Any], Tensor]]:
        """Yield batches of pairs, each with the log-probabilities (B, T, V) at its targets."""
        for sample, output in self._outputs(encoded, what):
            yield sample, self.model.get_normalized_probs(output, log_probs=True)

    def _outputs(
        self, encoded: Tuple[List[Tensor], List[Tensor]], what: Optional[str]
    ) -> Iterator[Tuple[Dict[str, Any], Any]]:
        """Yield batches of pairs, each with the model's output at its targets, logits first.

        ``kept`` (B, T) says which tokens are no padding: a text may have the word ``<pad>``.
        """
        src, tgt = self._cut(*encoded)
        lengths = [[len(line) for line in side] for side in (src, tgt)]
        dataset = LanguagePairDataset(
            src,
            lengths[0],
            self.task.src_dict,
            tgt,
            lengths[1],
            self.task.tgt_dict,
            left_pad_source=self._left_pad(),
            left_pad_target=False,
        )
        most = min(BATCH_TOKENS, PREDICTIONS // len(self.task.tgt_dict))
        for batch in self.batches([max(pair) for pair in zip(*lengths)], what, most):
            sample = dataset.collater([dataset[index] for index in batch])
            of_targets = torch.tensor([lengths[1][index] for index in sample["id"].tolist()])
            sample["kept"] = torch.arange(sample["target"].size(1)) < of_targets.unsqueeze(1)
            yield sample, self.model(**sample["net_input"])

    def _cut(
        self, sources: List[Tensor], targets: List[Tensor]
    ) -> Tuple[List[Tensor], List[Tensor]]:
        """Return what the model can read of them, sources as --truncate-source cuts them."""
        of_source, of_target = self._longest()
        src = [_cut_source(source, of_source) for source in sources]
        return src, [target[:of_target] for target in targets]

    def texts_cut(self, pairs: Sequence[Pair]) -> Dict[str, int]:
        """Return how many sources and targets are longer than the model can read."""
        _, most = self._longest()
        return {
            "sources_cut": self.sources_cut([pair.source for pair in pairs]),
            "targets_cut": sum(self.codec.length(pair.target) > most for pair in pairs),
        }

    def _source_positions(self) -> Optional[int]:
        return self._longest()[0]

    def _longest(self) -> Tuple[int, int]:
        """Return how many tokens of a source and of a target the model can read.

        Source and target have half each of a model that reads both as one text.
        """
        source, target = self.positions()
        if isinstance(self.model, Causal):
            half = self.model.decoder.positions // 2
            source, target = min(source, half - FRAME), min(target, half)
        return source, target

    def _left_pad(self) -> bool:
        return bool(self.config.task.left_pad_source)


def surprise_of(
    target: Tensor, log_probs: Tensor, probabilities: Optional[Tensor] = None
) -> np.ndarray:
    """Return the negative log-likelihood less what is expected of it (T,), in nats.

    Args:
        target: (T,)
        log_probs: (T, V)
        probabilities: (T, V), what the model believes: then the surprise is 0 on average where that
            is right. None for what it says, so that its entropy is expected
    """
    if probabilities is None:
        probabilities = log_probs.exp()
    nll = -log_probs.gather(-1, target.unsqueeze(-1)).squeeze(-1)
    # NumPy's takes half the time of torch's: there is no product of all in memory.
    entropy = -np.einsum("tv,tv->t", probabilities.numpy(), log_probs.numpy())
    if np.isnan(entropy).any():  # of what is ruled out, 0 times minus infinity
        entropy = torch.special.entr(probabilities).sum(-1).numpy()
    surprise: np.ndarray = nll.numpy() - entropy
    return surprise


def _cut_source(tokens: Tensor, most: int) -> Tensor:
    """Return what --truncate-source leaves of a source: its beginning and its end of sentence."""
    if len(tokens) <= most:
        return tokens
    return torch.cat([tokens[: most - 1], tokens[-1:]])


def _parts_of(output: Any) -> Tuple[Optional[Tensor], Optional[Tensor]]:
    """Return an encoder's states (T, B, D) and which are padding (B, T), None of what it lacks."""
    if not isinstance(output, dict):  # an LSTM's, whose padding is told the other way round
        return output[0], None
    states, pads = output["encoder_out"], output.get("encoder_padding_mask")
    # A convolution has a tuple here, which is no states and the batch before the tokens.
    return (states[0] if isinstance(states, list) else None), (pads[0] if pads else None)
