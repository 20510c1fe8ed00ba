"""What fairseq's models from Hugging Face have in common."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import torch
from fairseq.data import Dictionary
from fairseq.models import (
    FairseqDecoder,
    FairseqEncoder,
    FairseqEncoderDecoderModel,
    FairseqIncrementalDecoder,
)
from torch import Tensor, nn

from dece_fairseq.encoders.special_dictionary import SpecialDictionary
from dece_fairseq.models.adapting import adapters
from dece_fairseq.models.batches import framed, left_pads, turned

EncoderOut = Dict[str, List[Tensor]]
IncrementalState = Optional[Dict[str, Dict[str, Optional[Tensor]]]]
Output = Tuple[Tensor, Dict[str, List[Optional[Tensor]]]]


#: how long a text may be for a model with relative positions: fairseq wants a number
ENDLESS = 10**6


class Frame(NamedTuple):
    """What a model wants around a source, in ids."""

    before: Tuple[int, ...]
    after: Tuple[int, ...]

    @classmethod
    def of(cls, vocab: Dictionary) -> "Frame":
        """Return what the model's tokenizer puts there; fairseq's end, with its own dictionary."""
        if isinstance(vocab, SpecialDictionary):
            return cls(vocab.special.before, vocab.special.after)
        return cls((), (vocab.eos(),))


class HuggingFaceModel(FairseqEncoderDecoderModel):
    """An encoder and a decoder that are parts of models of transformers.

    Args:
        encoder: of fairseq's kind
        decoder: of fairseq's kind
        whole: the model of transformers whose parts they are, for ``save_pretrained``
        hf_config: its whole configuration, which checkpoints keep
    """

    def __init__(
        self, encoder: FairseqEncoder, decoder: FairseqDecoder, whole: nn.Module, hf_config: str
    ) -> None:
        super().__init__(encoder, decoder)
        # In a list: the parts are modules of this one already, under names of their own.
        self._whole = [whole]
        self.hf_config = hf_config

    def forward(
        self,
        src_tokens: Tensor,
        src_lengths: Optional[Tensor],
        prev_output_tokens: Tensor,
        features_only: bool = False,
    ) -> Output:
        """Return logits (B, T, V) of the target, or the features (B, T, D) behind them."""
        encoder_out = self.encoder(src_tokens, src_lengths=src_lengths)
        output: Output = self.decoder(
            prev_output_tokens, encoder_out=encoder_out, features_only=features_only
        )
        return output

    def sides(self) -> List[str]:
        """Return what transformers' model reads and then writes, as symbols around both texts."""
        symbols = self.encoder.dictionary.symbols
        before, after = ([symbols[i] for i in ids] for ids in self.encoder.frame)
        end = symbols[self.encoder.dictionary.eos()]
        source = " ".join([*before, "SOURCE", *after])
        return [source, f"{symbols[self.decoder.start]} TARGET {end}"]

    def save_pretrained(self, folder: str) -> None:
        """Write what transformers has of this model to a folder that its from_pretrained loads.

        Adapters are merged into the weights that they stand beside.
        """
        whole: Any = self._whole[0]
        layers = adapters(whole)
        for layer in layers:
            layer.merge()
        state = {
            name.replace(".base_layer.", "."): value
            for name, value in whole.state_dict().items()
            if ".lora_" not in name
        }
        whole.save_pretrained(folder, state_dict=state)
        for layer in layers:
            layer.unmerge()


class HuggingFaceEncoder(FairseqEncoder):
    """An encoder that gives its states as fairseq's own do."""

    def reorder_encoder_out(self, encoder_out: EncoderOut, new_order: Tensor) -> EncoderOut:
        """Return the same for other rows of the batch."""
        return {
            "encoder_out": [x.index_select(1, new_order) for x in encoder_out["encoder_out"]],
            "encoder_padding_mask": [
                mask.index_select(0, new_order) for mask in encoder_out["encoder_padding_mask"]
            ],
        }


class PretrainedEncoder(HuggingFaceEncoder):
    """The encoder of a model of transformers.

    Args:
        dictionary: fairseq's
        stack: the encoder
        frame: what it wants around a source
        positions: how many tokens it can read
    """

    def __init__(self, dictionary: Dictionary, stack: Any, frame: Frame, positions: int) -> None:
        super().__init__(dictionary)
        self.stack = stack
        self.frame = frame
        self.positions = positions

    def forward(self, src_tokens: Tensor, src_lengths: Optional[Tensor] = None) -> EncoderOut:
        """Return states (S, B, D), and where there are none (B, S)."""
        tokens, lengths = framed(src_tokens, self.dictionary.pad(), *self.frame)
        pads = torch.arange(tokens.size(1), device=tokens.device) >= lengths
        x = self.stack(input_ids=tokens, attention_mask=(~pads).long(), return_dict=True)[0]
        return {"encoder_out": [x.transpose(0, 1)], "encoder_padding_mask": [pads]}

    def max_positions(self) -> int:
        """Return how long a source may be, with fairseq's end of sentence."""
        return self.positions + 1 - len(self.frame.before) - len(self.frame.after)


class HuggingFaceDecoder(FairseqIncrementalDecoder):
    """A decoder of transformers, with its keys and values of the past as incremental state.

    Args:
        dictionary: fairseq's
        start: the token that the model begins a target with, where fairseq's batches have the end
            of sentence
        output_projection: from features to logits
    """

    def __init__(self, dictionary: Any, start: int, output_projection: nn.Module) -> None:
        super().__init__(dictionary)
        self.start = start
        self.output_projection = output_projection

    def forward(
        self,
        prev_output_tokens: Tensor,
        encoder_out: Optional[EncoderOut] = None,
        incremental_state: IncrementalState = None,
        features_only: bool = False,
    ) -> Output:
        """Return logits (B, T, V), or features (B, T, D); T is 1 with an incremental state."""
        x, extra = self.extract_features(prev_output_tokens, encoder_out, incremental_state)
        return (x if features_only else self.output_layer(x)), extra

    def extract_features(
        self,
        prev_output_tokens: Tensor,
        encoder_out: Optional[EncoderOut] = None,
        incremental_state: IncrementalState = None,
    ) -> Output:
        """Return the features (B, T, D) of the target, or of its last token alone."""
        assert encoder_out is not None
        pads = left_pads(prev_output_tokens, self.dictionary.pad())
        tokens = started(prev_output_tokens, pads, self.start)
        if incremental_state is None:
            x, _ = self.run(tokens, 0, encoder_out, None, use_cache=False)
            return turned_back(x, pads), {"attn": [None]}
        past: Any = self.get_incremental_state(incremental_state, "past") or {}
        seen = past.get("seen", 0)
        x, cache = self.run(tokens[:, seen:], seen, encoder_out, past.get("cache"), use_cache=True)
        state: Any = {"cache": cache, "seen": tokens.size(1)}
        self.set_incremental_state(incremental_state, "past", state)
        return x[:, -1:], {"attn": [None]}

    def run(
        self, tokens: Tensor, seen: int, encoder_out: EncoderOut, cache: Any, use_cache: bool
    ) -> Tuple[Tensor, Any]:
        """Return the features (B, T, D) of tokens, and the keys and values of all up to them.

        Args:
            tokens: (B, T), padded on the right; those that the cache does not hold yet
            seen: how many tokens of the target it holds
            encoder_out: of the encoder
            cache: what this method returned for the tokens before these; None at first
            use_cache: whether anyone wants the keys and values
        """
        raise NotImplementedError

    def output_layer(self, features: Tensor) -> Tensor:
        """Return the logits (B, T, V) of features (B, T, D)."""
        logits: Tensor = self.output_projection(features)
        return logits

    def reorder_incremental_state(self, incremental_state: Any, new_order: Tensor) -> None:
        """Keep the past of the beams that go on, each where it goes on."""
        past: Any = self.get_incremental_state(incremental_state, "past")
        if past is not None:
            past["cache"] = reordered(past["cache"], new_order)


def started(prev_output_tokens: Tensor, pads: Tensor, start: int) -> Tensor:
    """Return targets (B, T) padded on the right that begin as a model wants them to.

    Pads then stand after all that is read, so that a causal model needs no mask for them.
    """
    tokens = turned(prev_output_tokens, pads)
    tokens[:, 0] = start
    return tokens


def turned_back(x: Tensor, pads: Tensor) -> Tensor:
    """Return what was computed of ``started`` tokens, where fairseq has the tokens."""
    return turned(x, -pads) if pads.any() else x


def reordered(cache: Any, new_order: Tensor) -> Any:
    """Return keys and values of other rows of the batch."""
    if hasattr(cache, "reorder_cache"):
        cache.reorder_cache(new_order)
        return cache
    if isinstance(cache, (tuple, list)):  # as older versions of transformers have it
        return tuple(reordered(part, new_order) for part in cache)
    return cache.index_select(0, new_order) if torch.is_tensor(cache) else cache
