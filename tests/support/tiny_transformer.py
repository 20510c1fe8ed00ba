"""A transformer of fairseq's that is as small as can be."""

import argparse
from typing import Any

import torch
from fairseq.models.transformer import TransformerModel, base_architecture
from fairseq.tasks import FairseqTask


def tiny_transformer(task: FairseqTask, **options: Any) -> TransformerModel:
    """Return one for sentences of up to 20 tokens, the same each time."""
    args = argparse.Namespace(
        encoder_layers=1,
        decoder_layers=1,
        encoder_embed_dim=8,
        decoder_embed_dim=8,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        max_source_positions=20,
        max_target_positions=20,
        **options,
    )
    base_architecture(args)
    torch.manual_seed(0)
    return TransformerModel.build_model(args, task)
