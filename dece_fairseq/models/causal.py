"""``--arch hf_causal``, of which CodeGen is: a decoder alone, with the source as its prefix."""

import inspect
from typing import Any, Optional, Tuple

import torch
from fairseq.data import Dictionary
from fairseq.models import register_model
from fairseq.tasks import FairseqTask
from torch import Tensor, nn

from dece_fairseq.models.adapting import adapt, freeze_encoder
from dece_fairseq.models.batches import framed, pads_first
from dece_fairseq.models.hugging_face import (
    ENDLESS,
    EncoderOut,
    Frame,
    HuggingFaceDecoder,
    HuggingFaceEncoder,
    HuggingFaceModel,
)
from dece_fairseq.models.loading import Kind, ModelError, load, symbol_id, whole_config
from dece_fairseq.models.options import CausalConfig
from dece_fairseq.models.sizes import sizes_of

KIND = Kind(auto_class="AutoModelForCausalLM", types=(), takes="any causal language model")

#: those whose logits are their output embeddings times their last states, and nothing more;
#: others multiply logits, or bend them
PLAIN_OUTPUT = (
    "codegen",
    "gpt2",
    "gpt_bigcode",
    "gpt_neo",
    "gpt_neox",
    "llama",
    "mistral",
    "qwen2",
    "starcoder2",
)


@register_model("hf_causal", dataclass=CausalConfig)
class Causal(HuggingFaceModel):
    """A causal language model of transformers: CodeGen, CodeLlama and others.

    It reads the source, a separator and the target as one text; what it predicts from the
    separator on is the output, so that the loss is of the target alone.
    """

    @classmethod
    def build_model(cls, cfg: CausalConfig, task: FairseqTask) -> "Causal":
        """Build or load the model.

        Raises:
            PackageError: transformers is not installed
            ModelError: the model can't be had or does not fit
        """
        vocab = task.source_dictionary
        hf = load(cfg, KIND, sizes_of("hf_causal", cfg.hf_sizes), vocab)
        separator = symbol_id(vocab, cfg.hf_separator, "--hf-separator")
        start = vocab.bos() if separator is None else separator
        hf_config = whole_config(hf)
        adapt(hf, cfg)
        positions = getattr(hf.config, "max_position_embeddings", ENDLESS)
        encoder = Prefix(vocab, Frame.of(vocab).before, positions)
        decoder: CausalDecoder
        if hf.config.model_type in PLAIN_OUTPUT:
            parts = (hf.base_model, hf.get_output_embeddings())
            decoder = CausalDecoder(task.target_dictionary, start, *parts, positions)
        else:
            decoder = WholeDecoder(task.target_dictionary, start, hf, nn.Identity(), positions)
        if cfg.freeze_encoder:
            freeze_encoder(encoder, decoder)
        return cls(encoder, decoder, hf, hf_config)


class Prefix(HuggingFaceEncoder):
    """The source for the decoder to read: no states, but tokens, with pads before them.

    Args:
        dictionary: fairseq's
        before: what the model's tokenizer puts before a text
        positions: how many tokens the model can read
    """

    def __init__(self, dictionary: Dictionary, before: Tuple[int, ...], positions: int) -> None:
        super().__init__(dictionary)
        self.frame = Frame(before, ())
        self.positions = positions

    def forward(self, src_tokens: Tensor, src_lengths: Optional[Tensor] = None) -> EncoderOut:
        """Return tokens (S, B) and where they are pads (B, S)."""
        tokens, lengths = framed(src_tokens, self.dictionary.pad(), *self.frame)
        columns = torch.arange(tokens.size(1), device=tokens.device)
        pads = columns < tokens.size(1) - lengths
        return {
            "encoder_out": [pads_first(tokens, lengths).t()],
            "encoder_padding_mask": [pads],
        }

    def max_positions(self) -> int:
        """Return how long a source may be, if nothing came after it."""
        return self.positions - len(self.frame.before)


class CausalDecoder(HuggingFaceDecoder):
    """A causal model in its two parts.

    Args:
        dictionary: fairseq's
        start: the separator
        stack: what gives the states
        output_projection: from states to logits
        positions: how many tokens it can read
    """

    def __init__(
        self,
        dictionary: Dictionary,
        start: int,
        stack: Any,
        output_projection: nn.Module,
        positions: int,
    ) -> None:
        super().__init__(dictionary, start, output_projection)
        self.stack = stack
        self.positions = positions
        self.takes_positions = "position_ids" in inspect.signature(self.stack.forward).parameters

    def run(
        self, tokens: Tensor, seen: int, encoder_out: EncoderOut, cache: Any, use_cache: bool
    ) -> Tuple[Tensor, Any]:
        """See ``HuggingFaceDecoder``."""
        new = tokens.size(1)
        kept = ~encoder_out["encoder_padding_mask"][0]
        kept = torch.cat([kept, kept.new_ones(len(tokens), seen + new)], dim=1)
        if kept.size(1) > self.positions:
            raise ModelError(
                f"a source of {kept.size(1) - seen - new} tokens and a target of {seen + new} are "
                f"more than the {self.positions} positions of the model: leave long pairs out "
                "(--max-source-positions, --max-target-positions), or write less (--max-len-b)"
            )
        if not seen:
            tokens = torch.cat([encoder_out["encoder_out"][0].t(), tokens], dim=1)
        places = {}
        if self.takes_positions:
            every = (kept.long().cumsum(1) - 1).clamp(min=0)
            places["position_ids"] = every[:, -tokens.size(1) :]
        output = self.stack(
            input_ids=tokens,
            attention_mask=kept.long(),
            past_key_values=cache,
            use_cache=use_cache,
            return_dict=True,
            **places,
        )
        return output[0][:, -new:], output.past_key_values if use_cache else None

    def max_positions(self) -> int:
        """Return how long a target may be, if nothing came before it."""
        return self.positions


class WholeDecoder(CausalDecoder):
    """A causal model whose logits are its own affair: its stack gives them instead of states."""

    def output_layer(self, features: Tensor) -> Tensor:
        """Return what ``run`` gave, logits already."""
        return features
