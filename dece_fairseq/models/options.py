"""The options of every model from Hugging Face."""

from dataclasses import dataclass, field
from typing import Optional

from fairseq.dataclass import FairseqDataclass


@dataclass
class HuggingFaceModelConfig(FairseqDataclass):
    """Where weights and sizes come from, what is trained of them, and how."""

    hf_model: Optional[str] = field(
        default=None,
        metadata={
            "help": "the pre-trained model: a folder that save_pretrained wrote, or a name on the "
            "hub"
        },
    )
    hf_random_init: bool = field(
        default=False,
        metadata={
            "help": "take no weights; the sizes are those of --hf-model, where it is given, or of "
            "the architecture"
        },
    )
    hf_sizes: Optional[str] = field(
        default=None,
        metadata={
            "help": "the published model whose sizes --hf-random-init takes (default: --arch)"
        },
    )
    hf_config: Optional[str] = field(
        default=None,
        metadata={
            "help": "values of the model's configuration that differ, as JSON, such as "
            '{"dropout_rate": 0.2}; a checkpoint holds all of it here'
        },
    )
    checkpoint_activations: bool = field(
        default=False,
        metadata={"help": "gradient checkpointing: compute activations again in the backward pass"},
    )
    freeze_encoder: bool = field(
        default=False,
        metadata={"help": "do not train the encoder, but for embeddings that the decoder shares"},
    )
    freeze_embeddings: bool = field(
        default=False,
        metadata={"help": "do not train the embeddings of tokens, nor an output tied to them"},
    )
    lora_rank: int = field(
        default=0,
        metadata={"help": "train only adapters of this rank beside the weights; 0 for none (LoRA)"},
    )
    lora_alpha: float = field(
        default=16, metadata={"help": "the adapters are multiplied by this over their rank"}
    )
    lora_dropout: float = field(default=0.0, metadata={"help": "dropout before the adapters"})
    lora_targets: Optional[str] = field(
        default=None,
        metadata={
            "help": "names of the layers that get adapters, between commas, such as q_proj,v_proj "
            "(default: those that peft knows for the model)"
        },
    )


@dataclass
class EncoderDecoderConfig(HuggingFaceModelConfig):
    """And what an encoder-decoder of several languages has to be told."""

    hf_source_language: Optional[str] = field(
        default=None,
        metadata={"help": "symbol that ends the source, such as PLBART's __en_XX__"},
    )
    hf_target_language: Optional[str] = field(
        default=None,
        metadata={"help": "symbol that the decoder begins with, such as PLBART's __python__"},
    )


@dataclass
class FreshDecoderConfig(HuggingFaceModelConfig):
    """And the sizes of the decoder that an encoder gets; the defaults are CodeBERT's."""

    decoder_layers: int = field(default=6, metadata={"help": "num decoder layers"})
    decoder_ffn_embed_dim: int = field(
        default=2048, metadata={"help": "decoder embedding dimension for FFN"}
    )
    dropout: float = field(default=0.1, metadata={"help": "dropout probability of the decoder"})


@dataclass
class CausalConfig(HuggingFaceModelConfig):
    """And what parts source and target of a decoder."""

    hf_separator: Optional[str] = field(
        default=None,
        metadata={
            "help": "symbol of the dictionary between source and target (default: beginning of "
            "sentence)"
        },
    )
