"""What transformers itself gives for its own ids: nothing here knows fairseq's batches.

For an encoder with a fresh decoder, of which transformers has no model, the peer is its
RobertaModel with torch's own TransformerDecoder, of the same weights.
"""

from typing import Any, List, Optional

import torch
import transformers
from torch import Tensor, nn


class EndAt(transformers.LogitsProcessor):
    """Nothing but the end of sentence after so many tokens."""

    def __init__(self, eos: int, length: int) -> None:
        self.eos, self.length, self.begun = eos, length, 0

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        self.begun = self.begun or input_ids.size(1)
        if input_ids.size(1) - self.begun < self.length:
            return scores
        only = torch.full_like(scores, -torch.inf)
        only[:, self.eos] = scores[:, self.eos]
        return only


def ended(written: List[int], end: int) -> List[int]:
    """What is written up to the end, with it; transformers fills rows up."""
    return written[: written.index(end) + 1]


class Peer:
    """One of transformers' models, and how it is asked.

    Args:
        hf: the model
        start: the id that its targets begin with
        pad: an id that is never to be written
    """

    def __init__(self, hf: Any, start: int, pad: int) -> None:
        self.hf, self.start, self.pad = hf, start, pad

    def logits(self, source: List[int], target: List[int]) -> Tensor:
        """(T, V) for one pair: what follows each of start and target but its last."""
        before = torch.tensor([[self.start, *target[:-1]]])
        source_ids = torch.tensor([source], dtype=torch.long)
        return self.hf(input_ids=source_ids, decoder_input_ids=before).logits[0]

    def loss(self, source: List[int], target: List[int]) -> Tensor:
        """The summed cross-entropy of one target, as transformers computes its mean."""
        before = torch.tensor([[self.start, *target[:-1]]])
        output = self.hf(
            input_ids=torch.tensor([source]),
            decoder_input_ids=before,
            labels=torch.tensor([target]),
        )
        return output.loss * len(target)

    def write(self, source: List[int], beams: int, length: int, end: int) -> List[int]:
        """What ``generate`` writes, without the start, up to the end."""
        output = self.hf.generate(
            torch.tensor([source]),
            decoder_start_token_id=self.start,
            **self.how_to_write(beams, length, end),
        )
        return ended(output[0, 1:].tolist(), end)

    def how_to_write(self, beams: int, length: int, end: int) -> Any:
        """fairseq's conventions in the words of transformers.

        Both write the end of sentence when there is no room for more, but transformers' own way of
        forcing it takes its probability as 1.
        """
        forced = transformers.LogitsProcessorList([EndAt(end, length)])
        return {
            "num_beams": beams,
            "do_sample": False,
            "max_new_tokens": length + 1,  # the end of sentence is not counted by fairseq
            "min_new_tokens": 1,
            "early_stopping": True,
            "length_penalty": 0.0,
            "forced_eos_token_id": None,
            "logits_processor": forced,
            "eos_token_id": end,
            "pad_token_id": self.pad,
            "suppress_tokens": [self.pad],
        }


class CausalPeer(Peer):
    """A causal model, whose source comes first."""

    def logits(self, source: List[int], target: List[int]) -> Tensor:
        ids = torch.tensor([[*source, self.start, *target[:-1]]])
        return self.hf(input_ids=ids).logits[0, len(source) :]

    def loss(self, source: List[int], target: List[int]) -> Tensor:
        ids = [*source, self.start, *target]
        labels = [-100] * (len(source) + 1) + target
        output = self.hf(input_ids=torch.tensor([ids]), labels=torch.tensor([labels]))
        return output.loss * len(target)

    def write(self, source: List[int], beams: int, length: int, end: int) -> List[int]:
        prompt = torch.tensor([[*source, self.start]])
        output = self.hf.generate(
            prompt, attention_mask=torch.ones_like(prompt), **self.how_to_write(beams, length, end)
        )
        return ended(output[0, prompt.size(1) :].tolist(), end)


class FreshDecoderConfig(transformers.PretrainedConfig):
    model_type = "peer"


class FreshDecoder(transformers.PreTrainedModel, transformers.GenerationMixin):
    """RobertaModel, and torch's decoder on its embeddings."""

    config_class = FreshDecoderConfig
    _is_stateful = False

    def __init__(self, roberta: Any, ours: Any) -> None:
        super().__init__(FreshDecoderConfig(vocab_size=roberta.config.vocab_size))
        self.roberta = roberta
        dim, heads = roberta.config.hidden_size, roberta.config.num_attention_heads
        layer = nn.TransformerDecoderLayer(
            dim, heads, ours.layers[0].fc1.out_features, dropout=0.0, batch_first=True
        )
        self.decoder = nn.TransformerDecoder(layer, len(ours.layers))
        self.dense = nn.Linear(dim, dim)
        self.dense.load_state_dict(ours.project_out_dim[0].state_dict())
        for mine, its in zip(self.decoder.layers, ours.layers):
            mine.linear1.load_state_dict(its.fc1.state_dict())
            mine.linear2.load_state_dict(its.fc2.state_dict())
            norms = (its.self_attn_layer_norm, its.encoder_attn_layer_norm, its.final_layer_norm)
            for a, b in zip((mine.norm1, mine.norm2, mine.norm3), norms):
                a.load_state_dict(b.state_dict())
            for a, b in ((mine.self_attn, its.self_attn), (mine.multihead_attn, its.encoder_attn)):
                parts = (b.q_proj, b.k_proj, b.v_proj)
                a.in_proj_weight.data = torch.cat([part.weight.data for part in parts])
                a.in_proj_bias.data = torch.cat([part.bias.data for part in parts])
                a.out_proj.load_state_dict(b.out_proj.state_dict())

    def forward(
        self,
        input_ids: Tensor,
        source: Optional[Tensor] = None,
        labels: Optional[Tensor] = None,
        **_: Any,
    ) -> Any:
        assert source is not None
        states = self.roberta(source).last_hidden_state
        mask = nn.Transformer.generate_square_subsequent_mask(input_ids.size(1))
        x = self.decoder(self.roberta.embeddings(input_ids), states, tgt_mask=mask)
        weight = self.roberta.embeddings.word_embeddings.weight
        logits = torch.tanh(self.dense(x)) @ weight.t()
        loss = None if labels is None else nn.functional.cross_entropy(logits[0], labels[0])
        return transformers.modeling_outputs.CausalLMOutput(loss=loss, logits=logits)

    def prepare_inputs_for_generation(
        self, input_ids: Tensor, source: Any = None, attention_mask: Any = None, **_: Any
    ) -> Any:
        return {"input_ids": input_ids, "source": source}


class FreshDecoderPeer(Peer):
    """The peer of an encoder with a fresh decoder."""

    def logits(self, source: List[int], target: List[int]) -> Tensor:
        before = torch.tensor([[self.start, *target[:-1]]])
        return self.hf(before, source=torch.tensor([source])).logits[0]

    def loss(self, source: List[int], target: List[int]) -> Tensor:
        before = torch.tensor([[self.start, *target[:-1]]])
        labels = torch.tensor([target])
        return self.hf(before, source=torch.tensor([source]), labels=labels).loss * len(target)

    def write(self, source: List[int], beams: int, length: int, end: int) -> List[int]:
        output = self.hf.generate(
            torch.tensor([[self.start]]),
            source=torch.tensor([source]),
            attention_mask=torch.ones(1, 1, dtype=torch.long),
            use_cache=False,
            **self.how_to_write(beams, length, end),
        )
        return ended(output[0, 1:].tolist(), end)
