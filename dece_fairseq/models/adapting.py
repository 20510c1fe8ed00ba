"""What of a pre-trained model is trained: all, all but a part, or adapters beside it (LoRA)."""

from typing import Any, Dict, List

from torch import nn

from dece_fairseq.data.model_tokenizer import first_line
from dece_fairseq.extras import importing
from dece_fairseq.models.loading import ModelError
from dece_fairseq.models.options import HuggingFaceModelConfig


def adapt(hf: Any, cfg: HuggingFaceModelConfig) -> None:
    """Add adapters, frozen embeddings and gradient checkpointing to a model, in place.

    Raises:
        PackageError: adapters need peft, which is not installed
        ModelError: the model has no layers of the names that adapters are wanted for
    """
    if cfg.lora_rank < 0:
        raise ModelError(f"--lora-rank {cfg.lora_rank}: it must be 0 or more")
    if cfg.lora_rank:
        _add_adapters(hf, cfg)
    if cfg.freeze_embeddings:
        hf.get_input_embeddings().requires_grad_(False)
    if cfg.checkpoint_activations:
        # The reentrant kind asks for inputs with gradients, which tokens have not.
        hf.gradient_checkpointing_enable({"use_reentrant": False})


def freeze_encoder(encoder: nn.Module, decoder: nn.Module) -> None:
    """Take gradients from the encoder, but not from what the decoder shares with it.

    Raises:
        ModelError: there is no encoder
    """
    shared = {id(parameter) for parameter in decoder.parameters()}
    own = [parameter for parameter in encoder.parameters() if id(parameter) not in shared]
    if not own:
        raise ModelError("--freeze-encoder: a model that is a decoder alone has no encoder")
    for parameter in own:
        parameter.requires_grad_(False)


def _add_adapters(hf: Any, cfg: HuggingFaceModelConfig) -> None:
    with importing("lora", "--lora-rank needs peft", " (peft>=0.13)"):
        import peft
    targets = cfg.lora_targets.split(",") if cfg.lora_targets else None
    config = peft.LoraConfig(
        r=cfg.lora_rank,
        lora_alpha=cfg.lora_alpha,
        lora_dropout=cfg.lora_dropout,
        target_modules=targets,
    )
    try:
        peft.inject_adapter_in_model(config, hf)
    except ValueError as error:
        raise ModelError(
            f"--lora-targets: name layers of the {hf.config.model_type} that are to get adapters, "
            f"such as q_proj,v_proj ({first_line(error)})"
        ) from error
    _check_weights_of_their_own(hf)


def _check_weights_of_their_own(hf: nn.Module) -> None:
    """Refuse adapters beside weights that another layer has too, which would not get them.

    Merged, they would change that layer as well: what is saved would be another model.
    """
    owners: Dict[int, List[str]] = {}
    for name, module in hf.named_modules(remove_duplicate=False):
        for parameter in module.parameters(recurse=False):
            owners.setdefault(id(parameter), []).append(name.replace(".base_layer", ""))
    for layer in adapters(hf):
        names = owners[id(layer.get_base_layer().weight)]
        if len(names) > 1:
            raise ModelError(
                f"--lora-targets: {' and '.join(names)} share their weights, so none of them can "
                "have an adapter; leave them out"
            )


def adapters(hf: nn.Module) -> List[Any]:
    """Return the layers of a model that have adapters."""
    return [module for module in hf.modules() if hasattr(module, "lora_A")]
