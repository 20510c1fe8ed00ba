"""The models of a generator, which move no more of their states than a step of the search asks."""

from typing import Any, Dict, List, Optional

import torch
from fairseq.modules import MultiheadAttention
from fairseq.sequence_generator import EnsembleModel, SequenceGenerator
from torch import Tensor


class RequestEnsemble(EnsembleModel):
    """fairseq's ensemble, with the same outputs to the bit.

    fairseq copies what the encoders gave, and what the decoders remember, in each step of the
    search. But all hypotheses of a request have the same encoder states, so that these change only
    when a request is finished and leaves the batch; and greedy search never changes the order.
    """

    #: hypotheses that the states are of, in the batch of now
    _rows = 0

    def reorder_encoder_out(
        self, encoder_outs: Optional[List[Dict[str, List[Tensor]]]], new_order: Tensor
    ) -> Any:
        """Return the encoder states of the hypotheses that go on.

        fairseq calls it once before the first step, to make a request's states those of each of its
        hypotheses, and then after ``reorder_incremental_state``.
        """
        if encoder_outs is not None and new_order.numel() == self._rows:
            return encoder_outs
        self._rows = new_order.numel()
        return super().reorder_encoder_out(encoder_outs, new_order)

    def reorder_incremental_state(
        self, incremental_states: List[Dict[str, Dict[str, Optional[Tensor]]]], new_order: Tensor
    ) -> None:
        """Order what the decoders remember like the hypotheses that go on."""
        rows = torch.arange(self._rows, device=new_order.device)
        if not torch.equal(new_order, rows):
            super().reorder_incremental_state(incremental_states, new_order)

    def forward_encoder(self, net_input: Dict[str, Tensor]) -> Any:
        """Return what the encoders give for the requests of a new batch."""
        self._rows = 0
        return super().forward_encoder(net_input)


def reorder_less(generator: Any) -> Any:
    """Return a generator that is fairseq's own, with a ``RequestEnsemble``; any other as it is."""
    if type(generator) is SequenceGenerator and type(generator.model) is EnsembleModel:
        models = list(generator.model.models)
        for model in models:
            _forget_beam(model)
        generator.model = RequestEnsemble(models)
    return generator


def _forget_beam(model: torch.nn.Module) -> None:
    """Undo what a generator of fairseq does to a BART, for good.

    It tells the decoder that every so many sentences of a batch have one source, as a beam has. In
    the training that goes on, most sentences would be given the source of another.
    """
    for module in model.modules():
        if isinstance(module, MultiheadAttention):
            module.beam_size = 1
        vars(module).pop("reorder_encoder_out", None)
