"""What is saved is loaded: by fairseq without any other file, and by transformers."""

import json
import shutil
from pathlib import Path
from typing import Any, Callable

import pytest
import torch
from fairseq import checkpoint_utils
from fairseq.trainer import Trainer

from support.small_cases import Case, build
from support.small_models import PLBART


def logits(model: Any, case: Case) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model.eval()(**case.batch()["net_input"])[0]
    return found


def test_a_checkpoint_needs_no_other_file(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model named by its kind's own name is built in another way than one of a named size."""
    kind = {"t5": "hf_encoder_decoder", "plbart": "hf_encoder_decoder", "roberta": "hf_encoder"}
    arch = kind.get(case.system.model_type, "hf_causal")
    for name in {case.system.arch, arch}:
        flags = ("--criterion", "cross_entropy", "--optimizer", "sgd", "--lr", "0.1", "--cpu")
        cfg, model = case.configured(*flags, "--arch", name)
        trainer = Trainer(cfg, case.task, model, torch.nn.Module())
        trainer.consolidate_optimizer()
        trainer.save_checkpoint(str(tmp_path / f"{name}.pt"), {})
        hidden = case.folder.with_name("hidden")
        shutil.move(str(case.folder), str(hidden))
        try:
            (loaded,), _, _ = checkpoint_utils.load_model_ensemble_and_task(
                [str(tmp_path / f"{name}.pt")], task=case.task
            )
        finally:
            shutil.move(str(hidden), str(case.folder))
        assert_equal(loaded, model, case)


def assert_equal(found: Any, expected: Any, case: Case) -> None:
    """The same weights, and so the same logits but for how the processor adds them up."""
    state = found.state_dict()
    assert list(state) == list(expected.state_dict())
    for name, value in expected.state_dict().items():
        assert torch.equal(state[name], value), name
    torch.testing.assert_close(logits(found, case), logits(expected, case), rtol=1e-5, atol=1e-5)


def test_transformers_loads_what_was_trained(case: Case, tmp_path: Path) -> None:
    model = case.build(dropout=0.0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.1)
    model.save_pretrained(str(tmp_path / "saved"))
    case.tokenizer.save(tmp_path / "saved")
    assert (tmp_path / "saved" / "model.safetensors").is_file()
    moved = case._replace(folder=tmp_path / "saved")
    if case.system.model_type in ("t5", "plbart"):
        assert begins(tmp_path / "saved") == model.decoder.start
    again = moved.build(hf_model=str(tmp_path / "saved"))
    if case.system.model_type == "roberta":  # its decoder is fairseq's alone
        again.decoder.load_state_dict(model.decoder.state_dict())
    assert_equal(again, model, case)
    peer = moved.peer(again)
    found, ids = logits(model, case), case.ids(int(case.batch()["id"][0]))
    expected = peer.logits(*ids)
    torch.testing.assert_close(found[0, : len(expected)], expected, rtol=1e-5, atol=1e-4)


def begins(folder: Path) -> Any:
    """What transformers' own generate begins a target with."""
    import transformers

    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(str(folder))
    written = model.generate(torch.tensor([[3]]), max_new_tokens=1)
    return written[0, 0].item()


@pytest.mark.parametrize("languages", [True, False])
def test_a_target_begins_alike_for_whoever_loads_it(
    cases: Callable[[str], Case], languages: bool, tmp_path: Path
) -> None:
    """A configuration without weights of its own, and a start that the command line names."""
    case = cases("PLBART")
    options = {} if languages else dict.fromkeys(case.options, None)
    small = json.dumps(PLBART)
    model = case.build(**{**options, "hf_model": None, "hf_random_init": True, "hf_config": small})
    model.save_pretrained(str(tmp_path))
    assert begins(tmp_path) == (case.id("__python__") if languages else case.tokenizer.special.eos)


@pytest.mark.parametrize("name", ["CodeT5", "CodeBERT", "CodeGen"])
def test_sizes_without_weights(name: str, cases: Callable[[str], Case]) -> None:
    """By name, with what differs; such a model takes fairseq's own dictionary too."""
    small = '{"d_model": 8, "num_layers": 1, "num_heads": 2, "d_ff": 8, "d_kv": 4}'
    if name == "CodeBERT":
        small = '{"hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2}'
    elif name == "CodeGen":
        small = '{"n_embd": 8, "n_layer": 3, "n_head": 4, "rotary_dim": 2}'
    case = cases(name)
    model = case.build(hf_model=None, hf_random_init=True, hf_config=small)
    config = model._whole[0].config
    special = case.tokenizer.special
    assert config.vocab_size == len(case.task.source_dictionary)
    assert (config.pad_token_id, config.eos_token_id) == (special.pad, special.eos)
    assert torch.isfinite(logits(model, case)).all()
    taken = case.build(hf_random_init=True)  # sizes of the folder, and none of its weights
    assert logits(taken, case).shape == logits(model, case).shape
    assert not torch.equal(
        taken._whole[0].get_input_embeddings().weight,
        case.build()._whole[0].get_input_embeddings().weight,
    )
    assert build(case.task, case.system.arch, hf_random_init=True, hf_config=small)
