"""``--arch hf_encoder``, of which CodeBERT and GraphCodeBERT are: an encoder with a fresh decoder.

The decoder is that of CodeBERT's own fine-tuning code: a Transformer that reads targets through the
encoder's embeddings, and whose output, through a dense layer with tanh, is tied to them.
"""

from typing import Any, List, Optional

import torch
from fairseq.data import Dictionary
from fairseq.models import register_model
from fairseq.models.transformer import TransformerConfig, TransformerDecoderBase
from fairseq.tasks import FairseqTask
from torch import Tensor, nn

from dece_fairseq.models.adapting import adapt, freeze_encoder
from dece_fairseq.models.batches import left_pads
from dece_fairseq.models.hugging_face import (
    Frame,
    HuggingFaceModel,
    IncrementalState,
    Output,
    PretrainedEncoder,
    started,
    turned_back,
)
from dece_fairseq.models.loading import Kind, load, whole_config
from dece_fairseq.models.options import FreshDecoderConfig
from dece_fairseq.models.sizes import sizes_of

KIND = Kind(
    auto_class="AutoModel",
    types=("roberta",),
    takes="a roberta (CodeBERT, GraphCodeBERT)",
    options={"add_pooling_layer": False},  # it would get no gradient
)


@register_model("hf_encoder", dataclass=FreshDecoderConfig)
class EncoderWithFreshDecoder(HuggingFaceModel):
    """A RoBERTa of transformers and a Transformer decoder of fairseq that knows nothing yet."""

    @classmethod
    def build_model(cls, cfg: FreshDecoderConfig, task: FairseqTask) -> "EncoderWithFreshDecoder":
        """Build or load the model.

        Raises:
            PackageError: transformers is not installed
            ModelError: the model can't be had or does not fit
        """
        vocab = task.source_dictionary
        hf = load(cfg, KIND, sizes_of("hf_encoder", cfg.hf_sizes), vocab)
        hf_config = whole_config(hf)
        adapt(hf, cfg)
        positions = hf.config.max_position_embeddings - hf.config.pad_token_id - 1
        encoder = PretrainedEncoder(vocab, hf, Frame.of(vocab), positions)
        decoder = FreshDecoder(cfg, task.target_dictionary, hf, positions)
        if cfg.freeze_encoder:
            freeze_encoder(encoder, decoder)
        return cls(encoder, decoder, hf, hf_config)

    def sides(self) -> List[str]:
        """Return the source alone: transformers has no such decoder."""
        return super().sides()[:1]


class FreshDecoder(TransformerDecoderBase):
    """fairseq's own decoder, on the embeddings of an encoder.

    Args:
        cfg: its sizes
        dictionary: fairseq's
        hf: the encoder's model of transformers
        positions: how many tokens its embeddings have places for
    """

    def __init__(
        self, cfg: FreshDecoderConfig, dictionary: Dictionary, hf: Any, positions: int
    ) -> None:
        dim = hf.config.hidden_size
        sizes = TransformerConfig()
        sizes.decoder.layers, sizes.decoder.ffn_embed_dim = (
            cfg.decoder_layers,
            cfg.decoder_ffn_embed_dim,
        )
        sizes.decoder.attention_heads = hf.config.num_attention_heads
        sizes.decoder.embed_dim = sizes.decoder.input_dim = sizes.decoder.output_dim = dim
        sizes.encoder.embed_dim = dim
        sizes.dropout = sizes.attention_dropout = sizes.activation_dropout = cfg.dropout
        sizes.share_decoder_input_output_embed = True
        sizes.no_scale_embedding = sizes.no_token_positional_embeddings = True
        sizes.max_target_positions = positions
        sizes.checkpoint_activations = cfg.checkpoint_activations
        super().__init__(sizes, dictionary, hf.get_input_embeddings())
        self.embed_positions = SharedPositions(hf.embeddings, positions)
        self.layernorm_embedding = hf.embeddings.LayerNorm
        self.project_out_dim = nn.Sequential(nn.Linear(dim, dim), nn.Tanh())
        self.start = dictionary.bos()

    def extract_features(
        self,
        prev_output_tokens: Tensor,
        encoder_out: Any = None,
        incremental_state: IncrementalState = None,
        **how: Any,
    ) -> Output:
        """Return the features (B, T, D) of the target, or of its last token alone."""
        pads = left_pads(prev_output_tokens, self.padding_idx)
        tokens = started(prev_output_tokens, pads, self.start)
        x, extra = super().extract_features(tokens, encoder_out, incremental_state, **how)
        return (turned_back(x, pads) if incremental_state is None else x), extra


class SharedPositions(nn.Module):
    """What a RoBERTa adds to the embeddings of tokens, as fairseq's decoder asks for it.

    Args:
        embeddings: of the RoBERTa
        max_positions: how many tokens it has places for
    """

    def __init__(self, embeddings: Any, max_positions: int) -> None:
        super().__init__()
        self.positions = embeddings.position_embeddings
        self.types = embeddings.token_type_embeddings
        self.pad = embeddings.padding_idx
        self.max_positions = max_positions

    def forward(self, tokens: Tensor, incremental_state: Optional[Any] = None) -> Tensor:
        """Return (B, T, D): embeddings of places, counted without pads, and of the first type."""
        kept = tokens.ne(self.pad).long()
        places = kept.cumsum(1) * kept + self.pad
        x: Tensor = self.positions(places) + self.types(torch.zeros_like(tokens))
        return x
