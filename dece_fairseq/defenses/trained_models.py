"""Trained fairseq models as defences look into them: texts in, states and losses out."""

from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

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
        model, config, task = load_checkpoint(checkpoint, data, f"--{option} {checkpoint}")
        self.model: Any = model.eval()
        self.task: Any = task
        self.config: Any = config
        # Trained without --bpe, on data that dece prepare binarised: they say how texts are cut.
        self.codec = (config.bpe is None and codec_beside(data)) or TextCodec(
            config.bpe, config.tokenizer
        )
        self.name = str(checkpoint)

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
        tokens = [self.codec.encode(text, self.task.src_dict) for text in sources]
        found: List[Tensor] = [torch.empty(0)] * len(tokens)
        pad = self.task.src_dict.pad()
        for batch in self.batches([len(line) for line in tokens], what):
            lines = [tokens[index] for index in batch]
            padded = data_utils.collate_tokens(lines, pad, left_pad=self._left_pad())
            lengths = torch.tensor([len(line) for line in lines])
            output = self.model.encoder(padded, src_lengths=lengths)
            states = _encoder_states(output).transpose(0, 1).float()
            for index, row, line in zip(batch, states, padded):
                found[index] = take(row[line != pad])
        return torch.stack(found)

    @torch.no_grad()
    def losses(self, pairs: Sequence[Pair], what: Optional[str] = None) -> np.ndarray:
        """Return the cross-entropy of each target given its source, per token, in nats (N,)."""
        losses = np.zeros(len(pairs))
        for sample, log_probs in self._predictions(self.encode(pairs), what):
            nll = -log_probs.gather(-1, sample["target"].unsqueeze(-1)).squeeze(-1)
            means = nll.masked_fill(~sample["kept"], 0).sum(-1) / sample["kept"].sum(-1)
            losses[sample["id"].numpy()] = means.numpy()
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
                f"--models {self.name}: its decoder has no output_projection matrix to take "
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
        """Return what the model can read of them, sources as --truncate-source cuts them.

        Source and target have half each of a model that reads both as one text.
        """
        most: List[int] = utils.resolve_max_positions(
            self.task.max_positions(), self.model.max_positions()
        )
        if isinstance(self.model, Causal):
            half = self.model.decoder.positions // 2
            most = [min(most[0], half - FRAME), min(most[1], half)]
        src = [
            torch.cat([source[: most[0] - 1], source[-1:]]) if len(source) > most[0] else source
            for source in sources
        ]
        return src, [target[: most[1]] for target in targets]

    def _left_pad(self) -> bool:
        return bool(self.config.task.left_pad_source)


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
        """Return the perplexity of each text, per token, end of sentence included (N,)."""
        dictionary = self.task.dictionary
        tokens = [self.codec.encode(text, dictionary) for text in texts]
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
        return found


def surprise_of(
    target: Tensor, log_probs: Tensor, probabilities: Optional[Tensor] = None
) -> np.ndarray:
    """Return the negative log-likelihood less the entropy of each prediction (T,), in nats.

    Args:
        target: (T,)
        log_probs: (T, V)
        probabilities: (T, V), where they are known already
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


def _encoder_states(output: Any) -> Tensor:
    """Return an encoder's states (T, N, D), which each fairseq line names in its own way."""
    states = output["encoder_out"] if isinstance(output, dict) else output.encoder_out
    found: Tensor = states[0] if isinstance(states, (list, tuple)) else states
    return found
