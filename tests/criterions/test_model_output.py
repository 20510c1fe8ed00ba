"""Where the criterion takes features and the projection instead of logits, and where it can't."""

import argparse
import logging
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import pytest
import torch
from fairseq.criterions.composite_loss import CompositeLoss
from fairseq.criterions.label_smoothed_cross_entropy import LabelSmoothedCrossEntropyCriterion
from fairseq.distributed import LegacyDistributedDataParallel, ModuleProxyWrapper
from fairseq.models import lstm, transformer, transformer_lm
from fairseq.models.bart import model as bart
from fairseq.tasks.translation import TranslationTask
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from dece_fairseq.criterions import deceptive_cross_entropy, model_output, robust_criterion
from dece_fairseq.criterions.deceptive_cross_entropy import DeceptiveCrossEntropyCriterion
from dece_fairseq.criterions.model_output import why_no_projection

SMALL = {
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_embed_dim": 8,
    "decoder_embed_dim": 8,
    "encoder_ffn_embed_dim": 8,
    "decoder_ffn_embed_dim": 8,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "dropout": 0.1,
    "max_source_positions": 20,
    "max_target_positions": 20,
    "tokens_per_sample": 20,
    "criterion": "deceptive_cross_entropy",
}
Architecture = Callable[[argparse.Namespace], None]


def build(model: Any, architecture: Architecture, task: TranslationTask, **options: Any) -> Any:
    args = argparse.Namespace(**{**SMALL, **options})
    architecture(args)
    torch.manual_seed(0)
    return model.build_model(args, task)


def a_transformer(task: TranslationTask, **options: Any) -> Any:
    return build(transformer.TransformerModel, transformer.base_architecture, task, **options)


def a_bart(task: TranslationTask, **options: Any) -> Any:
    return build(bart.BARTModel, bart.bart_large_architecture, task, **options)


def a_language_model(task: TranslationTask, **options: Any) -> Any:
    architecture = transformer_lm.base_lm_architecture
    return build(transformer_lm.TransformerLanguageModel, architecture, task, **options)


def an_lstm(task: TranslationTask) -> Any:
    return build(lstm.LSTMModel, lstm.base_architecture, task, decoder_out_embed_dim=8)


def with_bias(model: Any) -> Any:
    projection = model.decoder.output_projection
    projection.bias = nn.Parameter(torch.randn(projection.out_features))
    return model


MODELS: Dict[str, Callable[[TranslationTask], Any]] = {
    "transformer": a_transformer,
    "transformer, tied": lambda task: a_transformer(task, share_decoder_input_output_embed=True),
    "transformer, all tied": lambda task: a_transformer(task, share_all_embeddings=True),
    "transformer, with bias": lambda task: with_bias(a_transformer(task)),
    "bart": a_bart,
    "bart, with bias": lambda task: with_bias(a_bart(task)),
    "transformer_lm": a_language_model,
    "transformer_lm, tied": lambda task: a_language_model(
        task, share_decoder_input_output_embed=True
    ),
}


def batch(task: TranslationTask, model: Any) -> Dict[str, Any]:
    dataset = task.dataset("train")
    sample = dataset.collater([dataset[n] for n in range(4)])
    if isinstance(model, transformer_lm.TransformerLanguageModel):
        tokens = sample["net_input"]["prev_output_tokens"]
        sample["net_input"] = {
            "src_tokens": tokens,
            "src_lengths": sample["net_input"]["src_lengths"],
        }
    return sample


def criterion_of(task: TranslationTask, **options: Any) -> DeceptiveCrossEntropyCriterion:
    criterion = DeceptiveCrossEntropyCriterion(task, sentence_avg=False, **options)
    criterion.set_epoch(3)
    return criterion


def outcome(
    task: TranslationTask, model: Any, sample: Dict[str, Any], reduce: bool = True, **options: Any
) -> Dict[str, Tensor]:
    """The loss, what is logged, and the gradients of all parameters, under the same dropout."""
    model.zero_grad()
    torch.manual_seed(1)
    loss, _, log = criterion_of(task, **options)(model, sample, reduce=reduce)
    loss.sum().backward()
    values = {key: torch.as_tensor(value) for key, value in log.items()}
    grads = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    return {"the loss": loss.detach(), **values, **grads}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("reduce", [True, False])
def test_features_and_projection_give_what_logits_give(
    task: TranslationTask,
    name: str,
    training: bool,
    reduce: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = MODELS[name](task).train(training)
    sample = batch(task, model)
    assert why_no_projection(model) is None
    options = {"report_accuracy": True, "ignore_prefix_size": 1}
    found = outcome(task, model, sample, reduce, **options)
    monkeypatch.setattr(robust_criterion, "why_no_projection", lambda model: "a test")
    expected = outcome(task, model, sample, reduce, **options)
    assert list(found) == list(expected)
    assert len(found) > 20
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value, rtol=1e-4, atol=1e-5, msg=key)


@pytest.mark.parametrize("name", MODELS)
def test_the_logits_are_never_asked_for(
    task: TranslationTask, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = MODELS[name](task)

    def forward(features: Tensor) -> Tensor:
        raise AssertionError("all logits were computed")

    model.decoder.output_projection.forward = forward
    for phase in (model.train(), model.eval()):
        with torch.set_grad_enabled(phase.training):
            criterion_of(task, report_accuracy=True)(phase, batch(task, model))


def test_validation_is_cross_entropy_of_one_walk(
    task: TranslationTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = a_transformer(task).eval()
    sample = batch(task, model)
    with torch.no_grad():
        net_output = model(**sample["net_input"])
        logits = net_output[0].flatten(0, 1)
        plain = nn.functional.cross_entropy(
            logits, sample["target"].flatten(), ignore_index=1, reduction="sum"
        )
        calls = []

        def counted(function: Callable[..., Any]) -> Callable[..., Any]:
            return lambda *args, **options: calls.append(args) or function(*args, **options)

        for module, name in (
            (deceptive_cross_entropy, "deceptive_output"),
            (robust_criterion, "cross_entropy_output"),
        ):
            monkeypatch.setattr(module, name, counted(getattr(module, name)))
        loss, _, log = criterion_of(task)(model, sample)
    torch.testing.assert_close(loss, plain)
    torch.testing.assert_close(log["loss"], log["nll_loss"])
    assert len(calls) == 1


class OwnOutputLayer(transformer.TransformerDecoder):
    def output_layer(self, features: Tensor) -> Tensor:
        return 2 * super().output_layer(features)


def hooked(task: TranslationTask) -> Any:
    model = a_transformer(task)
    model.decoder.register_forward_hook(lambda module, inputs, output: None)
    return model


def with_own_output_layer(task: TranslationTask) -> Any:
    model = a_transformer(task)
    model.decoder.__class__ = OwnOutputLayer
    return model


def with_own_probabilities(task: TranslationTask) -> Any:
    model = a_transformer(task)

    def get_normalized_probs(net_output: Any, log_probs: bool, sample: Any = None) -> Tensor:
        return (net_output[0] / 2).log_softmax(-1)

    model.get_normalized_probs = get_normalized_probs
    return model


def with_a_projection_of_its_own(task: TranslationTask) -> Any:
    model = a_transformer(task)
    model.decoder.output_projection = nn.Sequential(model.decoder.output_projection)
    return model


class Ensemble(nn.Module):
    """The mean of the probabilities of two models, as fairseq's ensembles have it."""

    def __init__(self, *models: nn.Module) -> None:
        super().__init__()
        self.models = nn.ModuleList(models)

    def forward(self, **net_input: Any) -> List[Tensor]:
        outputs = [model(**net_input)[0].softmax(-1) for model in self.models]
        return [sum(outputs) / len(outputs)]

    def get_normalized_probs(self, net_output: Any, log_probs: bool, sample: Any = None) -> Tensor:
        return net_output[0].log()

    def get_targets(self, sample: Dict[str, Any], net_output: Any) -> Tensor:
        return sample["target"]


OTHERS: Dict[str, Callable[[TranslationTask], Any]] = {
    "adaptive softmax": lambda task: a_transformer(task, adaptive_softmax_cutoff="6,10"),
    "LSTMModel is not known": an_lstm,
    "Ensemble is not known": lambda task: Ensemble(a_transformer(task), a_bart(task)),
    "hooks": hooked,
    "TransformerModel is not known": with_own_output_layer,
    "is not known to give features": with_own_probabilities,
    "more than a matrix": with_a_projection_of_its_own,
}


@pytest.mark.parametrize("reason", OTHERS)
def test_other_models_are_asked_for_their_logits_which_is_said_once(
    task: TranslationTask, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    model = OTHERS[reason](task).eval()
    sample = batch(task, model)
    criterion = criterion_of(task, dece_alpha=1.0, label_smoothing=0.0)
    with caplog.at_level(logging.INFO):
        losses = [criterion(model, sample)[0] for _ in range(2)]
    said = [r.message for r in caplog.records if "needs all logits at a time" in r.message]
    assert len(said) == 1
    assert reason in said[0]
    with torch.no_grad():
        log_probs = model.get_normalized_probs(model(**sample["net_input"]), log_probs=True)
    expected = nn.functional.nll_loss(
        log_probs.reshape(-1, log_probs.size(-1)),
        sample["target"].flatten(),
        ignore_index=1,
        reduction="sum",
    )
    torch.testing.assert_close(losses[0], expected)
    losses[1].backward()
    assert any(p.grad is not None and p.grad.any() for p in model.parameters())


def test_models_that_are_known_say_nothing(
    task: TranslationTask, caplog: pytest.LogCaptureFixture
) -> None:
    model = a_transformer(task)
    with caplog.at_level(logging.INFO):
        criterion_of(task)(model, batch(task, model))
    assert caplog.records == []


def test_logits_that_other_criterions_share_stay_as_they_are(task: TranslationTask) -> None:
    """fairseq's composite loss gives one output of the model to several criterions in turn."""
    args = argparse.Namespace(criterion="composite_loss", underlying_criterion="dece")
    criterion = criterion_of(task, report_accuracy=True)
    builder = argparse.Namespace(build_criterion=lambda args: criterion, target_dictionary=None)
    composite = CompositeLoss.build_criterion(args, builder)
    model = a_transformer(task, dropout=0.0)
    sample = batch(task, model)
    logits, extra = model(**sample["net_input"])
    before = logits.detach().clone()

    class Two(nn.Module):
        decoder = model.decoder

        def forward(self, **_: Any) -> Any:
            return ([logits, logits], extra)

        def get_normalized_probs(self, *args: Any, **options: Any) -> Tensor:
            return model.get_normalized_probs(*args, **options)

    target = sample["target"]
    loss, _, _ = composite(Two(), {**sample, "target": [target, target]})
    assert torch.equal(logits, before)
    expected, _, _ = criterion(model, {**sample, "target": target})
    torch.testing.assert_close(loss.squeeze(), expected)
    loss.backward()
    smoothed = LabelSmoothedCrossEntropyCriterion(task, False, label_smoothing=0.1)
    smoothed(model, {**sample, "target": target})[0].backward()


@pytest.fixture
def one_worker(tmp_path: Path) -> Any:
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path}/init", rank=0, world_size=1
    )
    yield torch.distributed.group.WORLD
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("backend", ["pytorch_ddp", "find_unused_parameters", "legacy_ddp"])
def test_gradients_under_distributed_training(
    task: TranslationTask, one_worker: Any, backend: str, tied: bool
) -> None:
    model = a_language_model(task, share_decoder_input_output_embed=tied)
    sample = batch(task, model)
    expected = outcome(task, model, sample)
    wrapped: Any
    if backend == "legacy_ddp":
        wrapped = LegacyDistributedDataParallel(model, one_worker)
    else:
        unused = backend == "find_unused_parameters"
        wrapped = DistributedDataParallel(model, find_unused_parameters=unused)
    proxy = ModuleProxyWrapper(wrapped)
    for _ in range(2):
        found = outcome(task, proxy, sample)
        if backend == "legacy_ddp":
            wrapped.all_reduce_grads()
    found = {key.replace("module.module.", ""): value for key, value in found.items()}
    assert list(found) == list(expected)
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value, rtol=1e-4, atol=1e-5, msg=key)
    assert (why_no_projection(proxy) is None) == (backend != "find_unused_parameters")


def test_what_is_stock_still_is(task: TranslationTask) -> None:
    """The table names methods that fairseq has, in both its lines."""
    for stock in (model_output.MODEL, model_output.DECODER, model_output.SOFTMAX):
        for name, methods in stock.items():
            assert all(method.__name__ == name for method in methods)


def test_the_fused_kernel_is_asked_for_by_an_option(
    task: TranslationTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: List[Optional[bool]] = []
    function = deceptive_cross_entropy.deceptive_output

    def noted(*args: Any, fused: Optional[bool], **options: Any) -> Any:
        asked.append(fused)
        return function(*args, **options)

    monkeypatch.setattr(deceptive_cross_entropy, "deceptive_output", noted)
    model = a_transformer(task)
    for fused in (False, True):
        criterion_of(task, dece_fused=fused)(model, batch(task, model))
    assert asked == [None, True]
