"""``--arch hf_encoder_decoder``, of which CodeT5, CodeT5+, NatGen and PLBART are."""

from typing import Any, Tuple

import torch
from fairseq.data import Dictionary
from fairseq.models import register_model
from fairseq.tasks import FairseqTask
from torch import Tensor, nn

from dece_fairseq.models.adapting import adapt, adapters, freeze_encoder
from dece_fairseq.models.hugging_face import (
    ENDLESS,
    EncoderOut,
    Frame,
    HuggingFaceDecoder,
    HuggingFaceModel,
    PretrainedEncoder,
)
from dece_fairseq.models.loading import Kind, ModelError, load, symbol_id, whole_config
from dece_fairseq.models.options import EncoderDecoderConfig
from dece_fairseq.models.sizes import sizes_of

KIND = Kind(
    auto_class="AutoModelForSeq2SeqLM",
    types=("t5", "plbart"),
    takes="a t5 (CodeT5, CodeT5+ 220M and 770M, NatGen) or a plbart",
)


@register_model("hf_encoder_decoder", dataclass=EncoderDecoderConfig)
class EncoderDecoder(HuggingFaceModel):
    """A T5 or a PLBART of transformers.

    A source gets what the model's tokenizer puts around it, and the decoder begins with the token
    that the model begins with, so that fairseq's batches give what transformers' own model gives
    for its own ids.
    """

    @classmethod
    def build_model(cls, cfg: EncoderDecoderConfig, task: FairseqTask) -> "EncoderDecoder":
        """Build or load the model.

        Raises:
            PackageError: transformers is not installed
            ModelError: the model can't be had or does not fit
        """
        vocab = task.source_dictionary
        hf = load(cfg, KIND, sizes_of("hf_encoder_decoder", cfg.hf_sizes), vocab)
        frame = Frame.of(vocab)
        language = symbol_id(vocab, cfg.hf_source_language, "--hf-source-language")
        if language is not None:
            frame = Frame(frame.before, (vocab.eos(), language))
        start = symbol_id(vocab, cfg.hf_target_language, "--hf-target-language")
        if start is None:
            start = _usual_start(hf.config, vocab)
        # What is saved for transformers has to begin a target with the same.
        hf.config.decoder_start_token_id = hf.generation_config.decoder_start_token_id = start
        hf_config = whole_config(hf)
        adapt(hf, cfg)
        positions = getattr(hf.config, "max_position_embeddings", ENDLESS)
        encoder = PretrainedEncoder(vocab, hf.get_encoder(), frame, positions)
        decoder = StackDecoder(task.target_dictionary, start, hf, positions)
        if cfg.freeze_encoder:
            freeze_encoder(encoder, decoder)
        return cls(encoder, decoder, hf, hf_config)


class StackDecoder(HuggingFaceDecoder):
    """The decoder of a T5 or a PLBART.

    Args:
        dictionary: fairseq's
        start: the token that a target begins with
        hf: the whole model of transformers
        positions: how many tokens it can read
    """

    def __init__(self, dictionary: Dictionary, start: int, hf: Any, positions: int) -> None:
        super().__init__(dictionary, start, _projection(hf))
        self.stack = hf.get_decoder()
        self.positions = positions
        # A T5 whose output is tied to its embeddings makes its features smaller before.
        is_scaled = hf.config.model_type == "t5" and hf.config.tie_word_embeddings
        self.scale = hf.config.d_model**-0.5 if is_scaled else 1.0

    def run(
        self, tokens: Tensor, seen: int, encoder_out: EncoderOut, cache: Any, use_cache: bool
    ) -> Tuple[Tensor, Any]:
        """See ``HuggingFaceDecoder``."""
        output = self.stack(
            input_ids=tokens,
            encoder_hidden_states=encoder_out["encoder_out"][0].transpose(0, 1),
            encoder_attention_mask=(~encoder_out["encoder_padding_mask"][0]).long(),
            past_key_values=cache,
            use_cache=use_cache,
            return_dict=True,
        )
        x = output.last_hidden_state
        return (x if self.scale == 1.0 else x * self.scale), output.past_key_values

    def max_positions(self) -> int:
        """Return how long a target may be."""
        return self.positions


def _usual_start(config: Any, vocab: Dictionary) -> int:
    """Return what the model's targets begin with, by its configuration or its kind."""
    if config.decoder_start_token_id is None:
        return int(vocab.pad() if config.model_type == "t5" else vocab.eos())
    return int(config.decoder_start_token_id)


def _projection(hf: Any) -> nn.Module:
    """Return what makes logits of features; PLBART holds its bias beside it.

    Raises:
        ModelError: an adapter would be left out
    """
    weight = hf.lm_head.weight
    bias = getattr(hf, "final_logits_bias", None)
    if bias is None:
        projection: nn.Module = hf.lm_head
        return projection
    if adapters(hf.lm_head):
        raise ModelError("--lora-targets: a plbart's lm_head can't have an adapter; leave it out")
    linear = nn.Linear(weight.size(1), weight.size(0), bias=False, device=torch.device("meta"))
    linear.weight = weight
    del linear._parameters["bias"]
    linear.register_buffer("bias", bias[0])  # it is not trained
    return linear
