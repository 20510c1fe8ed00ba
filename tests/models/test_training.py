"""How the models are trained: the loss from features, half precision, parts, adapters, workers."""

import json
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
import torch
from fairseq.distributed import LegacyDistributedDataParallel, ModuleProxyWrapper
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from dece_fairseq.criterions import robust_criterion
from dece_fairseq.criterions.deceptive_cross_entropy import DeceptiveCrossEntropyCriterion
from dece_fairseq.criterions.model_output import why_no_projection
from dece_fairseq.models.loading import ModelError
from support.small_cases import Case
from support.small_models import PLBART, each


@pytest.fixture(params=each(["CodeT5", "PLBART", "CodeBERT", "CodeGen"]))
def one_of_each(request: pytest.FixtureRequest, cases: Callable[[str], Case]) -> Case:
    """A case of each kind of model."""
    return cases(request.param)


def outcome(case: Case, model: Any, **options: Any) -> Dict[str, Tensor]:
    """The loss, what is logged, and all gradients, under the same dropout."""
    model.zero_grad()
    torch.manual_seed(1)
    criterion = DeceptiveCrossEntropyCriterion(case.task, False, dece_alpha=0.9, **options)
    criterion.set_epoch(2)
    loss, _, log = criterion(model, case.batch(left_source=True))
    loss.backward()
    values = {key: torch.as_tensor(value).float() for key, value in log.items()}
    grads = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    return {"the loss": loss.detach(), **values, **grads}


def assert_same(found: Dict[str, Tensor], expected: Dict[str, Tensor], **close: float) -> None:
    assert set(found) == set(expected)
    assert len(found) > 15
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value, **close, msg=lambda m, k=key: f"{k}: {m}")


def test_the_loss_is_computed_from_features(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    model = case.build().train()
    assert why_no_projection(model) is None
    found = outcome(case, model, report_accuracy=True, ignore_prefix_size=1)
    monkeypatch.setattr(robust_criterion, "why_no_projection", lambda model: "a test")
    expected = outcome(case, model, report_accuracy=True, ignore_prefix_size=1)
    assert_same(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.half])
def test_half_precision(one_of_each: Case, dtype: torch.dtype) -> None:
    if dtype == torch.half and torch.__version__ < "2.2":
        pytest.skip("this torch has no half precision on a CPU")
    wide = outcome(one_of_each, one_of_each.build())
    narrow = outcome(one_of_each, one_of_each.build().to(dtype))
    assert set(narrow) == set(wide)
    assert narrow["the loss"].dtype == torch.float32
    assert float(narrow["the loss"]) == pytest.approx(float(wide["the loss"]), rel=0.05)
    assert all(torch.isfinite(value).all() for value in narrow.values())


def test_gradient_checkpointing(one_of_each: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import modeling_utils

    calls = []
    checkpoint = modeling_utils.checkpoint

    def counted(*args: Any, **how: Any) -> Any:
        calls.append(args)
        return checkpoint(*args, **how)

    monkeypatch.setattr(modeling_utils, "checkpoint", counted)
    expected = outcome(one_of_each, one_of_each.build(dropout=0.0).train())
    model = one_of_each.build(checkpoint_activations=True, dropout=0.0).train()
    found = outcome(one_of_each, model)
    assert_same(found, expected, rtol=1e-5, atol=1e-5)
    assert calls


def trained(model: Any) -> int:
    return sum(parameter.requires_grad for parameter in model.parameters())


def test_a_frozen_encoder(one_of_each: Case) -> None:
    if one_of_each.name == "CodeGen":
        with pytest.raises(ModelError, match=r"--freeze-encoder: .* no encoder"):
            one_of_each.build(freeze_encoder=True)
        return
    model = one_of_each.build(freeze_encoder=True)
    grads = outcome(one_of_each, model)
    shared = model._whole[0].get_input_embeddings().weight
    for name, parameter in model.named_parameters():
        is_of_encoder = name.startswith("encoder.") and parameter is not shared
        in_decoder = any(parameter is other for other in model.decoder.parameters())
        assert (name in grads) == (not is_of_encoder or in_decoder), name
    assert 0 < trained(model.encoder) < trained(model.decoder)


def test_frozen_embeddings(one_of_each: Case) -> None:
    model = one_of_each.build(freeze_embeddings=True)
    grads = outcome(one_of_each, model)
    whole = one_of_each.build()
    assert trained(model) == trained(whole) - 1
    shared = model._whole[0].get_input_embeddings().weight
    assert not any(
        parameter is shared for name, parameter in model.named_parameters() if name in grads
    )


def test_adapters(one_of_each: Case, tmp_path: Path) -> None:
    pytest.importorskip("peft", reason="the extra [lora] is not installed")
    options: Dict[str, Any] = {"lora_rank": 2, "dropout": 0.0}
    if one_of_each.name == "PLBART":
        with pytest.raises(ModelError, match=r"--lora-targets: name layers of the plbart"):
            one_of_each.build(**options)
        options["lora_targets"] = "q_proj,v_proj"
    without = one_of_each.build(dropout=0.0)
    plain = outcome(one_of_each, without)
    model = one_of_each.build(**options)
    fresh = {
        k: v for k, v in without.decoder.state_dict().items() if one_of_each.name == "CodeBERT"
    }
    model.decoder.load_state_dict(fresh, strict=False)
    found = outcome(one_of_each, model)
    torch.testing.assert_close(found["the loss"], plain["the loss"])  # they begin as nothing
    assert any("lora_" in name for name in found)
    others = [name for name in found if "." in name and "lora_" not in name]
    assert all(name.startswith("decoder.") for name in others)
    assert bool(others) == bool(fresh)  # a fresh decoder is trained beside them
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.1)
    changed = outcome(one_of_each, model)["the loss"]
    assert abs(changed - plain["the loss"]) > 1e-2
    again = one_of_each.build(**options)
    again.load_state_dict(model.state_dict())
    assert outcome(one_of_each, again)["the loss"] == changed
    model.save_pretrained(str(tmp_path))  # the adapters are merged
    merged = one_of_each.build(hf_model=str(tmp_path), dropout=0.0)
    merged.decoder.load_state_dict(fresh, strict=False)
    torch.testing.assert_close(outcome(one_of_each, merged)["the loss"], changed)


@pytest.mark.parametrize(
    ("name", "target"), [("CodeT5", "lm_head"), ("CodeT5", "shared"), ("PLBART", "lm_head")]
)
def test_no_adapter_beside_shared_weights(
    cases: Callable[[str], Case], name: str, target: str
) -> None:
    """Merged, it would change the other layer too; and the other layer never gets it."""
    pytest.importorskip("peft", reason="the extra [lora] is not installed")
    with pytest.raises(ModelError, match=rf"--lora-targets: .*{target}.* share their weights"):
        cases(name).build(lora_rank=2, lora_targets=target)


def test_no_adapter_that_is_left_out(cases: Callable[[str], Case]) -> None:
    pytest.importorskip("peft", reason="the extra [lora] is not installed")
    untied = json.dumps({**PLBART, "tie_word_embeddings": False})
    options = {"hf_model": None, "hf_random_init": True, "hf_config": untied}
    with pytest.raises(ModelError, match="a plbart's lm_head can't have an adapter"):
        cases("PLBART").build(**options, lora_rank=2, lora_targets="lm_head")


@pytest.fixture
def one_worker(tmp_path: Path) -> Any:
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path}/init", rank=0, world_size=1
    )
    yield torch.distributed.group.WORLD
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("backend", ["pytorch_ddp", "legacy_ddp"])
def test_distributed_training(one_of_each: Case, one_worker: Any, backend: str) -> None:
    model = one_of_each.build(dropout=0.0).train()
    expected = outcome(one_of_each, model)
    wrapped: Any
    if backend == "legacy_ddp":
        wrapped = LegacyDistributedDataParallel(model, one_worker)
    else:
        wrapped = DistributedDataParallel(model)  # which finds a parameter without a gradient
    for _ in range(2):
        found = outcome(one_of_each, ModuleProxyWrapper(wrapped))
        if backend == "legacy_ddp":
            wrapped.all_reduce_grads()
    found = {key.replace("module.module.", ""): value for key, value in found.items()}
    assert_same(found, expected, rtol=1e-4, atol=1e-5)
