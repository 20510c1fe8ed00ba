"""What a criterion can know of a model's output before all of it is there."""

from typing import Any, Callable, Dict, Optional, Tuple

import torch
from fairseq.distributed import LegacyDistributedDataParallel, ModuleProxyWrapper
from fairseq.models import BaseFairseqModel, FairseqDecoder, FairseqLanguageModel
from fairseq.models.bart import BARTModel
from fairseq.models.transformer import TransformerDecoderBase, TransformerModelBase
from fairseq.modules import AdaptiveSoftmax
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from dece_fairseq.models.hugging_face import HuggingFaceDecoder, HuggingFaceModel

Stock = Dict[str, Tuple[Callable[..., Any], ...]]

# Models that give their decoder's features when asked with features_only=True ...
MODEL: Stock = {
    "forward": (
        TransformerModelBase.forward,
        FairseqLanguageModel.forward,
        BARTModel.forward,
        HuggingFaceModel.forward,
    ),
    "get_targets": (BaseFairseqModel.get_targets,),
}
# ... and decoders whose output is output_projection(features).
DECODER: Stock = {
    "forward": (TransformerDecoderBase.forward, HuggingFaceDecoder.forward),
    "output_layer": (TransformerDecoderBase.output_layer, HuggingFaceDecoder.output_layer),
}
# Those whose probabilities are the softmax of the first output.
SOFTMAX: Stock = {
    "get_normalized_probs": (
        BaseFairseqModel.get_normalized_probs,
        TransformerModelBase.get_normalized_probs,
        FairseqDecoder.get_normalized_probs,
    ),
    "get_normalized_probs_scriptable": (
        BaseFairseqModel.get_normalized_probs_scriptable,
        FairseqDecoder.get_normalized_probs_scriptable,
    ),
}


def why_no_projection(model: Any) -> Optional[str]:
    """Return None where the model's logits are ``model.decoder.output_projection`` of its features.

    That is so for fairseq's transformer, transformer_lm and BART, for those of Hugging Face whose
    output is known to be that, and for models that inherit what matters from them. Else the reason.
    """
    wrappers = (ModuleProxyWrapper, LegacyDistributedDataParallel, DistributedDataParallel)
    while isinstance(model, wrappers):
        if isinstance(model, DistributedDataParallel) and model.find_unused_parameters:
            return "--find-unused-parameters has to see that the projection is used"
        model = model.module
    name = type(model).__name__
    decoder: Any = getattr(model, "decoder", None)
    if getattr(decoder, "adaptive_softmax", None) is not None:
        return f"{name} has an adaptive softmax"
    if not (_is(model, MODEL) and _is(decoder, DECODER) and _has_softmax(model)):
        return f"{name} is not known to give features for a projection"
    projection = decoder.output_projection
    if type(projection) is not nn.Linear or _has_hooks(projection):
        return f"the output projection of {name} is more than a matrix"
    if _has_hooks(model) or _has_hooks(decoder):
        return f"{name} has hooks, which may want the logits"
    return None


def logits_of(model: Any, net_output: Any) -> Tensor:
    """Return the model's logits (..., V), or its log-probabilities where it doesn't give logits."""
    decoder = getattr(model, "decoder", None)
    adaptive_softmax = getattr(decoder, "adaptive_softmax", None)
    if adaptive_softmax is not None:
        return _adaptive_log_probs(adaptive_softmax, net_output[0])
    if _has_softmax(model):
        logits: Tensor = net_output if torch.is_tensor(net_output) else net_output[0]
    else:  # in float32 for half models too
        logits = model.get_normalized_probs(net_output, log_probs=True)
    return logits


def _has_softmax(model: Any) -> bool:
    decoder = getattr(model, "decoder", None)
    return _is(model, SOFTMAX) and (decoder is None or _is(decoder, SOFTMAX))


def _is(module: Any, stock: Stock) -> bool:
    """Return whether the module's methods are fairseq's own, neither overridden nor replaced."""
    return all(
        getattr(getattr(module, name, None), "__func__", None) in methods
        for name, methods in stock.items()
    )


def _has_hooks(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)


def _adaptive_log_probs(adaptive_softmax: AdaptiveSoftmax, features: Tensor) -> Tensor:
    """Return log-probabilities (..., V) of fairseq's adaptive softmax for features (..., D).

    What its own get_log_prob gives, which works in place and so can't be trained through.
    """
    head = adaptive_softmax.head(features).log_softmax(-1, dtype=torch.float32)
    frequent = adaptive_softmax.cutoff[0]
    parts = [head[..., :frequent]]
    for i, tail in enumerate(adaptive_softmax.tail):
        cluster = head[..., frequent + i, None]
        parts.append(cluster + tail(features).log_softmax(-1, dtype=torch.float32))
    return torch.cat(parts, dim=-1)
