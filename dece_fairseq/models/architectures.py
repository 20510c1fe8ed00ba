"""The names for ``--arch``: one for each published model, and one for each kind."""

from typing import Any, Callable

from fairseq.models import register_model_architecture

from dece_fairseq.models import causal, encoder, encoder_decoder  # noqa: F401  registers the kinds
from dece_fairseq.models.sizes import SIZES


def _named(name: str) -> Callable[[Any], None]:
    def architecture(args: Any) -> None:
        args.hf_sizes = getattr(args, "hf_sizes", None) or name

    return architecture


for _model, _architectures in SIZES.items():
    for _name in _architectures:
        register_model_architecture(_model, _name)(_named(_name))
