"""The sizes of the published models, as values of transformers' configurations.

They make models without weights (``--hf-random-init``); a model that is loaded has its own.
"""

from typing import Any, Dict, Optional

from dece_fairseq.models.loading import ModelError


def _t5(layers: int, dim: int, heads: int) -> Dict[str, Any]:
    return {
        "model_type": "t5",
        "num_layers": layers,
        "num_decoder_layers": layers,
        "d_model": dim,
        "d_ff": 4 * dim,
        "num_heads": heads,
        "d_kv": 64,
    }


def _plbart(layers: int, dim: int, heads: int) -> Dict[str, Any]:
    return {
        "model_type": "plbart",
        "encoder_layers": layers,
        "decoder_layers": layers,
        "d_model": dim,
        "encoder_ffn_dim": 4 * dim,
        "decoder_ffn_dim": 4 * dim,
        "encoder_attention_heads": heads,
        "decoder_attention_heads": heads,
    }


def _roberta() -> Dict[str, Any]:
    return {
        "model_type": "roberta",
        "num_hidden_layers": 12,
        "hidden_size": 768,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
        "layer_norm_eps": 1e-5,
    }


def _codegen(layers: int, dim: int, heads: int, rotary: int) -> Dict[str, Any]:
    return {
        "model_type": "codegen",
        "n_layer": layers,
        "n_embd": dim,
        "n_head": heads,
        "rotary_dim": rotary,
        "n_positions": 2048,
        "n_ctx": 2048,
    }


#: by model of fairseq, by name of an architecture
SIZES: Dict[str, Dict[str, Dict[str, Any]]] = {
    "hf_encoder_decoder": {
        "codet5_small": _t5(6, 512, 8),
        "codet5_base": _t5(12, 768, 12),
        "codet5_large": _t5(24, 1024, 16),
        "codet5p_220m": _t5(12, 768, 12),
        "codet5p_770m": _t5(24, 1024, 16),
        "natgen": _t5(12, 768, 12),
        "plbart_base": _plbart(6, 768, 12),
        "plbart_large": _plbart(12, 1024, 16),
    },
    "hf_encoder": {"codebert": _roberta(), "graphcodebert": _roberta()},
    "hf_causal": {
        "codegen_350m": _codegen(20, 1024, 16, 32),
        "codegen_2b": _codegen(32, 2560, 32, 64),
        "codegen_6b": _codegen(33, 4096, 16, 64),
        "codegen_16b": _codegen(34, 6144, 24, 64),
    },
}


def sizes_of(model: str, name: Optional[str]) -> Dict[str, Any]:
    """Return the sizes of one architecture of a model; none for None.

    Raises:
        ModelError: the model has no architecture of that name
    """
    if name is None:
        return {}
    if name not in SIZES[model]:
        raise ModelError(f"--hf-sizes {name}: unknown; {model} has {', '.join(SIZES[model])}")
    return SIZES[model][name]
