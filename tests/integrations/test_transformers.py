"""The losses in transformers' Trainer: the criterion's values, and gradients that accumulate."""

from pathlib import Path
from typing import Any, Dict, List

import pytest
import torch
from torch import Tensor

transformers = pytest.importorskip("transformers", minversion="4.46")

from dece_fairseq.criterions.deceptive_cross_entropy import (  # noqa: E402
    DeceptiveCrossEntropyCriterion,
)
from dece_fairseq.integrations.transformers import TellEpoch, TrainerLoss  # noqa: E402
from dece_fairseq.losses import DeceptiveCrossEntropyLoss  # noqa: E402
from support.small_models import T5  # noqa: E402

VOCABULARY = 20
PAD = 0
ALPHA, EPSILON = 0.8, 0.1


def tiny_t5() -> Any:
    torch.manual_seed(0)
    config = transformers.T5Config(
        vocab_size=VOCABULARY, decoder_start_token_id=PAD, pad_token_id=PAD, **T5
    )
    return transformers.T5ForConditionalGeneration(config)


def tiny_causal() -> Any:
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=16,
        n_embd=16,
        n_layer=1,
        n_head=2,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
    )
    return transformers.GPT2LMHeadModel(config)


def samples(kind: str, count: int = 8) -> List[Dict[str, Tensor]]:
    """Samples of one length, so that the default collator will do; labels of many lengths."""
    generator = torch.Generator().manual_seed(1)
    made = []
    for index in range(count):
        ids = torch.randint(2, VOCABULARY, (7,), generator=generator)
        labels = ids.clone()
        if kind == "t5":
            labels = torch.randint(2, VOCABULARY, (7,), generator=generator)
            labels[2 + index % 5 :] = -100
            decoder = torch.cat(
                [torch.tensor([PAD]), labels[:-1].masked_fill(labels[:-1] < 0, PAD)]
            )
            made.append({"input_ids": ids, "labels": labels, "decoder_input_ids": decoder})
        else:
            labels[: 1 + index % 5] = -100  # the prompt
            made.append({"input_ids": ids, "labels": labels})
    return made


MODELS = {"t5": tiny_t5, "causal": tiny_causal}


class AsFairseq(torch.nn.Module):
    """A model of transformers as the criterion calls it, for the labels of one batch."""

    def __init__(self, model: Any, kind: str) -> None:
        super().__init__()
        self.model, self.kind = model, kind

    def forward(self, **inputs: Tensor) -> Any:
        logits = self.model(**inputs).logits
        return (logits if self.kind == "t5" else logits[:, :-1],)

    def get_targets(self, sample: Dict[str, Any], _: Any) -> Tensor:
        target: Tensor = sample["target"]
        return target

    def get_normalized_probs(self, output: Any, log_probs: bool) -> Tensor:
        assert log_probs
        logits: Tensor = output[0]
        return logits.log_softmax(-1)


def by_the_criterion(kind: str, model: Any, batch: Dict[str, Tensor], epoch: int) -> Any:
    """The criterion's mean loss a token, and the gradients of all parameters."""
    from fairseq.data import Dictionary
    from fairseq.tasks.translation import TranslationConfig, TranslationTask

    task = TranslationTask(TranslationConfig(data="none"), Dictionary(), Dictionary())
    criterion = DeceptiveCrossEntropyCriterion(
        task, sentence_avg=False, dece_alpha=ALPHA, label_smoothing=EPSILON
    )
    criterion.set_epoch(epoch)
    criterion.padding_idx = -100
    labels = batch["labels"] if kind == "t5" else batch["labels"][:, 1:]
    inputs = {name: values for name, values in batch.items() if name != "labels"}
    sample = {
        "net_input": inputs,
        "target": labels,
        "ntokens": int((labels != -100).sum()),
        "nsentences": len(labels),
    }
    model.zero_grad()
    loss, sample_size, _ = criterion(AsFairseq(model, kind).train(), sample)
    (loss / sample_size).backward()
    return float(loss / sample_size), gradients(model)


def gradients(model: Any) -> Dict[str, Tensor]:
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def stacked(kind: str, count: int) -> Dict[str, Tensor]:
    made = samples(kind, count)
    return {name: torch.stack([sample[name] for sample in made]) for name in made[0]}


def trainer(kind: str, model: Any, folder: Path, steps: Dict[str, Any], **more: Any) -> Any:
    loss = DeceptiveCrossEntropyLoss(alpha=ALPHA, label_smoothing=EPSILON)
    keep = Keep(loss)
    arguments = transformers.TrainingArguments(
        output_dir=str(folder),
        report_to=[],
        use_cpu=True,
        learning_rate=0.0,
        max_grad_norm=0.0,
        disable_tqdm=True,
        save_strategy="no",
        remove_unused_columns=False,
        **steps,
    )
    made = transformers.Trainer(
        model,
        arguments,
        train_dataset=samples(kind),
        compute_loss_func=TrainerLoss(loss, shift_labels=not model.config.is_encoder_decoder),
        callbacks=[TellEpoch(loss), keep],
        **more,
    )
    return keep, made


class Keep(transformers.TrainerCallback):
    """Keeps the gradients of every update, and the epoch that the loss was told."""

    def __init__(self, loss: DeceptiveCrossEntropyLoss) -> None:
        self.loss, self.gradients, self.epochs = loss, [], []

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.gradients.append(gradients(kwargs["model"]))
        self.epochs.append(self.loss.epoch)


@pytest.mark.parametrize("kind", MODELS)
def test_a_batch_has_the_criterions_loss_and_gradients(kind: str) -> None:
    model = MODELS[kind]()
    batch = stacked(kind, 4)
    expected, expected_gradients = by_the_criterion(kind, model, batch, epoch=2)
    loss = DeceptiveCrossEntropyLoss(alpha=ALPHA, label_smoothing=EPSILON)
    loss.set_epoch(2)
    labels = batch.pop("labels")
    model.zero_grad()
    found = TrainerLoss(loss, shift_labels=kind == "causal")(model(**batch), labels)
    found.backward()
    assert float(found) == pytest.approx(expected, rel=1e-6)
    torch.testing.assert_close(gradients(model), expected_gradients)


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODELS)
def test_gradients_that_accumulate_are_those_of_one_large_batch(kind: str, tmp_path: Path) -> None:
    found = []
    for size, accumulated in ((8, 1), (2, 4)):
        model = MODELS[kind]()
        steps = {
            "per_device_train_batch_size": size,
            "gradient_accumulation_steps": accumulated,
            "num_train_epochs": 1,
        }
        keep, made = trainer(kind, model, tmp_path, steps)
        made.train()
        found += keep.gradients
    one, four = found
    torch.testing.assert_close(four, one, rtol=1e-4, atol=1e-6)
    expected = by_the_criterion(kind, MODELS[kind](), stacked(kind, 8), epoch=1)[1]
    torch.testing.assert_close(one, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_the_epoch_is_told_from_1_and_goes_on_after_a_resume(tmp_path: Path) -> None:
    steps: Dict[str, Any] = {"per_device_train_batch_size": 4, "num_train_epochs": 3}
    keep, made = trainer("causal", tiny_causal(), tmp_path, steps)
    made.train()
    assert keep.epochs == [1, 1, 2, 2, 3, 3]

    steps["num_train_epochs"] = 2
    _, made = trainer("causal", tiny_causal(), tmp_path, steps)
    made.args.save_strategy = transformers.trainer_utils.SaveStrategy("epoch")
    made.train()
    steps["num_train_epochs"] = 4
    keep, made = trainer("causal", tiny_causal(), tmp_path, steps)
    made.train(resume_from_checkpoint=True)
    assert keep.epochs == [3, 3, 4, 4]


@pytest.mark.parametrize("counted", [28, 32, None])
def test_evaluation_is_a_mean_whichever_labels_the_trainer_counts(counted: Any) -> None:
    """transformers 4.57 counts all, 5.24 for some models those behind the first."""
    logits = torch.randn(4, 8, VOCABULARY, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(32).reshape(4, 8) % VOCABULARY
    loss = TrainerLoss(DeceptiveCrossEntropyLoss(alpha=ALPHA), shift_labels=True)
    number = None if counted is None else torch.tensor(counted)
    with torch.no_grad():
        found = loss({"logits": logits}, labels, number)
    expected = torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()
    )
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("counted", [None, 0, torch.tensor(0)])
@pytest.mark.parametrize("shift_labels", [False, True])
@pytest.mark.parametrize("grad", [False, True])
def test_a_batch_whose_labels_are_all_ignored_is_0(
    grad: bool, shift_labels: bool, counted: Any
) -> None:
    loss = DeceptiveCrossEntropyLoss(alpha=ALPHA, label_smoothing=EPSILON)
    loss.set_epoch(1)
    outputs = {"logits": torch.randn(2, 3, VOCABULARY, requires_grad=True)}
    with torch.set_grad_enabled(grad):
        found = TrainerLoss(loss, shift_labels=shift_labels)(
            outputs, torch.full((2, 3), -100), counted
        )
    assert found.item() == 0


@pytest.mark.parametrize("prompt", [True, False])
def test_evaluation_is_plain_cross_entropy(prompt: bool, tmp_path: Path) -> None:
    """Also where the first label is no prompt: it is no target, and the Trainer counts it."""
    model = tiny_causal()
    steps = {"per_device_train_batch_size": 8, "per_device_eval_batch_size": 8}
    dataset = samples("causal")
    if not prompt:
        dataset = [{**sample, "labels": sample["input_ids"]} for sample in dataset]
    _, made = trainer("causal", model, tmp_path, steps, eval_dataset=dataset)
    batch = {name: torch.stack([sample[name] for sample in dataset]) for name in dataset[0]}
    labels = batch.pop("labels")
    logits = model(**batch).logits[:, :-1].flatten(0, 1)
    expected = torch.nn.functional.cross_entropy(logits, labels[:, 1:].flatten())
    assert made.evaluate()["eval_loss"] == pytest.approx(float(expected), rel=1e-5)
