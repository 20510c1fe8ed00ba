"""Other causal models than CodeGen and Llama, and where a text ends for them."""

from pathlib import Path
from typing import Any, Callable, Dict

import pytest
import torch
import transformers

from dece_fairseq.criterions.deceptive_cross_entropy import DeceptiveCrossEntropyCriterion
from dece_fairseq.criterions.model_output import why_no_projection
from dece_fairseq.models.causal import PLAIN_OUTPUT
from dece_fairseq.models.loading import ModelError
from support.small_cases import Case, encoded, rows
from support.small_models import CODEGEN, LLAMA, System

GPT = {"n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 400}
NEO = {"hidden_size": 16, "intermediate_size": 24, "max_position_embeddings": 400}
GEMMA = {**LLAMA, "head_dim": 8, "final_logit_softcapping": 5.0}
KINDS: Dict[str, Dict[str, Any]] = {
    "codegen": CODEGEN,
    "gpt2": GPT,
    "gpt_bigcode": GPT,
    "gpt_neo": {**NEO, "num_layers": 1, "num_heads": 2, "attention_types": [[["global"], 1]]},
    "gpt_neox": {**NEO, "num_hidden_layers": 1, "num_attention_heads": 2},
    "llama": LLAMA,
    "mistral": LLAMA,
    "qwen2": LLAMA,
    "starcoder2": LLAMA,
    # whose logits are more than a product
    "gemma2": GEMMA,
    "cohere": {**LLAMA, "logit_scale": 0.3},
    # which has no positions to be told
    "bloom": {"hidden_size": 16, "n_layer": 1, "n_head": 2},
}
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def classes(kind: str) -> str:
    config = transformers.CONFIG_MAPPING[kind]
    return str(transformers.MODEL_FOR_CAUSAL_LM_MAPPING[config].__name__)


def test_every_kind_whose_output_is_said_to_be_plain_is_tested() -> None:
    assert set(PLAIN_OUTPUT) < set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_any_causal_model(kind: str, tmp_path: Path) -> None:
    if kind == "gemma2" and transformers.__version__ < "4.5":
        pytest.skip("its keys and values have a fixed size in this version of transformers")
    no_dropout = {"embd_pdrop": 0.0, "resid_pdrop": 0.0, "attn_pdrop": 0.0}
    sizes = {**KINDS[kind], **(no_dropout if "n_embd" in KINDS[kind] else {})}
    case = Case.make(kind, tmp_path, System("hf_causal", classes(kind), kind, sizes, "llama"))
    model, batch = case.build(), case.batch(left_source=True)
    peer = case.peer(model)
    assert (why_no_projection(model) is None) == (kind in PLAIN_OUTPUT)
    with torch.no_grad():
        logits, _ = model(**batch["net_input"])
        for row, (index, kept) in enumerate(rows(batch, case.tokenizer.special.pad)):
            torch.testing.assert_close(logits[row][kept], peer.logits(*case.ids(index)), **CLOSE)
        criterion = DeceptiveCrossEntropyCriterion(case.task, False, 1.0, label_smoothing=0.0)
        loss, _, _ = criterion(model, batch)
        expected = sum(float(peer.loss(*case.ids(index))) for index in range(4))
        assert float(loss) == pytest.approx(expected, rel=1e-5)
        source, state = encoded(model, batch), {}
        tokens = batch["net_input"]["prev_output_tokens"][:1]
        source = model.encoder.reorder_encoder_out(source, torch.tensor([0]))
        for step in range(1, 5):
            one, _ = model.decoder(tokens[:, :step], source, incremental_state=state)
            torch.testing.assert_close(one[0, 0], logits[0, step - 1], **CLOSE)


def test_a_separator_of_ones_own(cases: Callable[[str], Case]) -> None:
    case = cases("Llama")
    model = case.build(hf_separator="Ċ")
    peer = case.peer(model)
    peer.start = case.id("Ċ")
    batch = case.batch()
    index, kept = rows(batch, case.tokenizer.special.pad)[0]
    with torch.no_grad():
        logits, _ = model(**batch["net_input"])
        expected = peer.logits(*case.ids(index))
    torch.testing.assert_close(logits[0][kept], expected, **CLOSE)
    with pytest.raises(ModelError, match="--hf-separator nowhere: the dictionary has no such"):
        case.build(hf_separator="nowhere")


def test_source_and_target_that_together_are_too_long(cases: Callable[[str], Case]) -> None:
    case = cases("CodeGen")
    model = case.build(hf_random_init=True, hf_config='{"n_positions": 12}')
    assert model.max_positions() == (12, 12)
    tokens = torch.full((1, 9), 20)
    tokens[0, -1] = case.tokenizer.special.eos
    model(tokens, None, tokens[:, :4])
    with pytest.raises(ModelError, match=r"source of 8 tokens and a target of 5 .* 12 positions"):
        model(tokens, None, tokens[:, :5])
