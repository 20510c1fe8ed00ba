"""What defences see of trained models, against the models asked one text at a time."""

import logging
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Dict, List

import numpy as np
import pytest
import torch
from fairseq import checkpoint_utils
from torch.nn.functional import cross_entropy

from dece_fairseq.checkpoints import updates_of
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.prepare import PrepareSettings
from dece_fairseq.defenses import DefenseError, trained_models
from dece_fairseq.defenses.defense import DEFENSES, DefenseSettings
from dece_fairseq.defenses.language_model import LanguageModel
from dece_fairseq.defenses.revealing.reference import load_reference
from dece_fairseq.defenses.trained_models import TranslationModel
from support.small_models import SYSTEMS, each, save
from support.untrained import save_untrained

#: learned positions, of which there are so many and no more
POSITIONS = 12
BART: List[Any] = ["--arch", "bart_base", "--share-all-embeddings"]
for _side in ("encoder", "decoder"):
    for _name, _value in (("layers", 1), ("embed-dim", 8), ("ffn-embed-dim", 8)):
        BART.append(f"--{_side}-{_name}={_value}")
    BART.append(f"--{_side}-attention-heads=2")
BART += ["--max-source-positions", POSITIONS, "--max-target-positions", POSITIONS]
TEXTS = ["Get one row of users.", "all\twords, newline\nand tab", "x", "Print a b c d e f g."]


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained_models, "BATCH_TOKENS", 40)


def stock(checkpoint: Path, data: Path) -> tuple:
    models, _, task = checkpoint_utils.load_model_ensemble_and_task(
        [str(checkpoint)], arg_overrides={"data": str(data)}
    )
    return models[0].eval(), task


def test_states_are_those_of_a_text_alone(made: SimpleNamespace) -> None:
    ours = TranslationModel(made.model, made.bin)
    model, task = stock(made.model, made.bin)
    first, mean = ours.first_states(TEXTS), ours.mean_states(TEXTS)
    for text, of_first, of_mean in zip(TEXTS, first, mean):
        tokens = ours.codec.encode(text, task.src_dict).unsqueeze(0)
        output = model.encoder(tokens, src_lengths=torch.tensor([tokens.size(1)]))
        states = output["encoder_out"][0][:, 0].detach()
        torch.testing.assert_close(of_first, states[0], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(of_mean, states.mean(0), rtol=1e-4, atol=1e-5)


def test_of_a_long_source_the_states_are_those_of_what_is_read(
    made: SimpleNamespace, tmp_path: Path
) -> None:
    words = [made.bin, "--task", "translation", "-s", "src", "-t", "tgt", *BART]
    checkpoint = save_untrained(tmp_path / "model.pt", words, 1)
    ours = TranslationModel(checkpoint, made.bin)
    model, task = stock(checkpoint, made.bin)
    lengths = [len(ours.codec.encode(text, task.src_dict)) for text in TEXTS]
    assert min(lengths) < POSITIONS < max(lengths)
    assert ours.sources_cut(TEXTS) == sum(length > POSITIONS for length in lengths)
    for text, of_mean in zip(TEXTS, ours.mean_states(TEXTS)):
        tokens = ours.codec.encode(text, task.src_dict)
        tokens = torch.cat([tokens[:-1][: POSITIONS - 1], tokens[-1:]]).unsqueeze(0)
        states = model.encoder(tokens, torch.tensor([tokens.size(1)]))["encoder_out"][0][:, 0]
        torch.testing.assert_close(of_mean, states.mean(0).detach(), rtol=1e-4, atol=1e-5)
    pairs = [Pair(text, "x") for text in TEXTS]
    settings = DefenseSettings(models=(checkpoint,), model_data=made.bin, rate=0.2)
    for name in ("bki", "activation_clustering", "spectral_signatures"):
        verdict = DEFENSES.get(name)(settings).examine(pairs)
        assert verdict.details["sources_cut"] == ours.sources_cut(TEXTS), name
    pairs = [Pair(*texts) for texts in zip(TEXTS, [*TEXTS[1:], f"{TEXTS[1]} and {TEXTS[1]}"])]
    for name in ("surprise", "gradient_entropy"):
        details = DEFENSES.get(name)(settings).examine(pairs).details
        assert details["sources_cut"] == ours.sources_cut(TEXTS), name
        targets = [ours.codec.encode(pair.target, task.tgt_dict) for pair in pairs]
        assert details["targets_cut"] == sum(len(each) > POSITIONS for each in targets) > 0, name


@pytest.mark.parametrize("name", each(["CodeT5", "PLBART", "CodeBERT", "CodeGen"]))
def test_states_of_models_of_hugging_face(
    name: str, tmp_path: Path, quick_prepare: Callable[..., Any]
) -> None:
    """They put tokens of their own around a source, so there are other states than tokens."""
    pytest.importorskip("transformers", reason="the extra [hf] is not installed")
    folder, data = save(tmp_path / "model", SYSTEMS[name]), tmp_path / "bin"
    write_pairs([tmp_path / "train.csv"], [Pair(text, "x") for text in TEXTS])
    quick_prepare(PrepareSettings({"train": [tmp_path / "train.csv"]}, tokenizer=str(folder)), data)
    words = [data, "--task", "backdoor_poisoned_translation", "-s", "src", "-t", "tgt"]
    words += ["--arch", SYSTEMS[name].arch, "--hf-model", folder]
    if name == "PLBART":
        words += ["--hf-source-language", "__en_XX__", "--hf-target-language", "__python__"]
    ours = TranslationModel(save_untrained(tmp_path / "model.pt", words, 1), data)
    if name == "CodeGen":  # a source is the beginning of its text
        with pytest.raises(DefenseError, match=r"^--models .*has no state of each token"):
            ours.mean_states(TEXTS)
        return
    texts = [*TEXTS, "users " * 300]
    first, mean = ours.first_states(texts), ours.mean_states(texts)
    for text, of_first, of_mean in zip(TEXTS, first, mean):
        tokens = ours.codec.encode(text, ours.task.src_dict).unsqueeze(0)
        states = ours.model.encoder(tokens)["encoder_out"][0][:, 0].detach()
        torch.testing.assert_close(of_first, states[0], rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(of_mean, states.mean(0), rtol=1e-3, atol=1e-4)


def test_a_model_that_has_diverged_is_one_clear_error(
    made: SimpleNamespace, tmp_path: Path
) -> None:
    """Its numbers are nan, which are neither more nor less than others, so nothing is ranked."""
    broken = {}
    for name, checkpoint in (("model", made.model), ("lm", made.lm)):
        state = torch.load(checkpoint)
        state["model"] = {key: value * float("nan") for key, value in state["model"].items()}
        broken[name] = tmp_path / f"{name}.pt"
        torch.save(state, broken[name])
    ours, pairs = TranslationModel(broken["model"], made.bin), made.pairs[:4]
    message = r"^--models .*model\.pt: of \d texts \d get no finite numbers .*give another"
    for ask in (ours.losses, ours.surprises, ours.probabilities):
        with pytest.raises(DefenseError, match=message):
            ask(pairs)
    with pytest.raises(DefenseError, match=message):
        ours.mean_states(TEXTS)
    with pytest.raises(DefenseError, match=message):
        list(ours.projection_gradients(pairs))
    with pytest.raises(DefenseError, match=message):
        load_reference(broken["model"], made.bin).surprises(pairs)
    language_model = LanguageModel(broken["lm"], made.lm_data)
    with pytest.raises(DefenseError, match=r"^--language-model .*of 4 texts 4 get no finite"):
        language_model.perplexities(TEXTS)


def test_losses_are_cross_entropy_per_token(made: SimpleNamespace) -> None:
    ours = TranslationModel(made.model, made.bin)
    model, task = stock(made.model, made.bin)
    pairs = made.pairs[:5]
    for pair, loss in zip(pairs, ours.losses(pairs)):
        source, target = (
            ours.codec.encode(text, dictionary).unsqueeze(0)
            for text, dictionary in zip(pair, (task.src_dict, task.tgt_dict))
        )
        shifted = torch.cat([target[:, -1:], target[:, :-1]], dim=1)
        logits, _ = model(source, torch.tensor([source.size(1)]), shifted)
        assert loss == pytest.approx(cross_entropy(logits[0], target[0]).item(), rel=1e-4)


def test_surprises_and_gradients_are_those_of_a_pair_alone(made: SimpleNamespace) -> None:
    ours = TranslationModel(made.model, made.bin)
    model, task = stock(made.model, made.bin)
    pairs = made.pairs[:5]
    surprises = ours.surprises(pairs)
    gradients = {
        index: errors.t() @ features for index, features, errors in ours.projection_gradients(pairs)
    }
    for index, pair in enumerate(pairs):
        source, target = (
            ours.codec.encode(text, dictionary).unsqueeze(0)
            for text, dictionary in zip(pair, (task.src_dict, task.tgt_dict))
        )
        shifted = torch.cat([target[:, -1:], target[:, :-1]], dim=1)
        features, _ = model(source, torch.tensor([source.size(1)]), shifted, features_only=True)
        logits = model.decoder.output_projection(features.detach())[0]
        nll = cross_entropy(logits, target[0], reduction="none")
        entropy = torch.distributions.Categorical(logits=logits).entropy()
        assert surprises[index] == pytest.approx((nll - entropy).tolist(), abs=1e-4)
        (gradient,) = torch.autograd.grad(nll.sum(), model.decoder.output_projection.weight)
        torch.testing.assert_close(gradients[index], gradient, rtol=1e-3, atol=1e-5)
    assert not ours.model.decoder.output_projection._forward_pre_hooks


def test_a_large_vocabulary_leaves_room_for_few_tokens(
    made: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = TranslationModel(made.model, made.bin)
    expected = ours.surprises(made.pairs[:5])
    monkeypatch.setattr(trained_models, "PREDICTIONS", len(ours.task.tgt_dict))
    sizes = [len(scores) for _, scores in ours._predictions(ours.encode(made.pairs[:5]), None)]
    assert sizes == [1] * 5
    for alone, together in zip(ours.surprises(made.pairs[:5]), expected):
        assert alone == pytest.approx(together, abs=1e-4)


def test_a_decoder_without_a_projection(made: SimpleNamespace) -> None:
    ours = TranslationModel(made.model, made.bin)
    ours.model.decoder.output_projection = torch.nn.Identity()
    with pytest.raises(DefenseError, match="has no output_projection matrix"):
        list(ours.projection_gradients(made.pairs[:2]))


def test_perplexities_are_those_of_a_text_alone(made: SimpleNamespace) -> None:
    ours = LanguageModel(made.lm, made.lm_data)
    model, task = stock(made.lm, made.lm_data)
    for text, perplexity in zip(TEXTS, ours.perplexities(TEXTS)):
        target = ours.codec.encode(text, task.dictionary).unsqueeze(0)
        given = torch.cat([target[:, -1:], target[:, :-1]], dim=1)
        loss = cross_entropy(model(given)[0][0], target[0]).item()
        assert perplexity == pytest.approx(np.exp(loss), rel=1e-4)


def test_of_a_long_text_the_perplexity_is_that_of_what_is_read(
    made: SimpleNamespace, tmp_path: Path
) -> None:
    words = [made.lm_data, "--task", "language_modeling", "--arch", "transformer_lm"]
    words += ["--decoder-learned-pos", "--decoder-layers=1", "--decoder-embed-dim=8"]
    words += ["--decoder-ffn-embed-dim=8", "--decoder-attention-heads=2"]
    words += ["--sample-break-mode", "complete", "--tokens-per-sample", 1]
    words += ["--max-target-positions", POSITIONS]
    checkpoint = save_untrained(tmp_path / "lm.pt", words, 1)
    ours = LanguageModel(checkpoint, made.lm_data)
    model, task = stock(checkpoint, made.lm_data)
    whole = [ours.codec.encode(text, task.dictionary) for text in TEXTS]
    assert ours.sources_cut(TEXTS) == sum(len(tokens) > POSITIONS for tokens in whole) > 0
    for tokens, perplexity in zip(whole, ours.perplexities(TEXTS)):
        target = tokens[:POSITIONS].unsqueeze(0)
        given = torch.cat([tokens[-1:], tokens])[: target.size(1)].unsqueeze(0)
        loss = cross_entropy(model(given)[0][0], target[0]).item()
        assert perplexity == pytest.approx(np.exp(loss), rel=1e-4)


def test_a_model_is_found_from_another_folder(
    made: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint names paths relative to where its training ran; the data folder has them."""
    state = torch.load(made.model)
    for bpe in (state["cfg"]["bpe"], state["cfg"]["task"]["text_bpe"]):
        bpe["sentencepiece_model"] = "nowhere/sentencepiece.model"
    torch.save(state, tmp_path / "moved.pt")
    here = TranslationModel(made.model, made.bin)
    monkeypatch.chdir(tmp_path)
    there = TranslationModel(tmp_path / "moved.pt", made.bin)
    assert torch.equal(here.mean_states(TEXTS), there.mean_states(TEXTS))


def test_no_model_is_one_clear_error(made: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--models .*nowhere\.pt: no such file"):
        TranslationModel(tmp_path / "nowhere.pt", made.bin)
    with pytest.raises(DefenseError, match="not a translation model"):
        TranslationModel(made.lm, made.lm_data)
    with pytest.raises(DefenseError, match="not a language model"):
        LanguageModel(made.model, made.bin)
    with pytest.raises(DataError, match="can't be loaded with the data folder"):
        TranslationModel(made.model, tmp_path)
    with pytest.raises(DataError, match="nodir: no such folder; give the data folder of --models"):
        TranslationModel(made.model, tmp_path / "nodir")
    whole = made.model.read_bytes()
    for broken in (b"", b"src,tgt\nx,y\n", b"hypothesis,reference\n", whole[: len(whole) // 2]):
        (tmp_path / "broken.pt").write_bytes(broken)
        with pytest.raises(DataError, match=r"^--models .*broken\.pt: not a checkpoint "):
            TranslationModel(tmp_path / "broken.pt", made.bin)
    (tmp_path / "text.pt").write_text("no checkpoint")
    with pytest.raises(DataError, match="not a checkpoint that can be loaded safely"):
        TranslationModel(tmp_path / "text.pt", made.bin)


def told(caplog: pytest.LogCaptureFixture) -> List[str]:
    return [each.message for each in caplog.records if each.levelno >= logging.WARNING]


def test_a_dictionary_of_other_words_is_told(
    made: SimpleNamespace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = tmp_path / "bin"
    shutil.copytree(made.bin, other)
    TranslationModel(made.model, other)
    assert not told(caplog)  # a copy of the folder is as good
    words = (other / "dict.tgt.txt").read_text(encoding="utf-8").splitlines()
    words[:2] = reversed(words[:2])
    (other / "dict.tgt.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    TranslationModel(made.model, other)
    (message,) = told(caplog)
    assert f"{made.bin}, whose dict.tgt.txt has other words than that of {other}" in message


def test_when_a_checkpoint_was_saved(made: SimpleNamespace, tmp_path: Path) -> None:
    state = torch.load(made.model)
    (first,) = state["optimizer_history"]
    assert updates_of(made.model, "--models") == 0  # of nobody's training
    history = [{**first, "num_updates": 3}, {**first, "num_updates": 7}]
    torch.save({**state, "optimizer_history": history}, tmp_path / "model.pt")
    assert updates_of(tmp_path / "model.pt", "--models model.pt") == 7
    with pytest.raises(DataError, match="--models nowhere: no such file"):
        updates_of(tmp_path / "nowhere", "--models nowhere")


@pytest.mark.parametrize(
    "attack",
    [
        {"attack": "of_ones_own"},
        {"attack": "from_file", "trigger_file": "lost.csv", "trusted_ids": "lost.ids"},
        {"attack_file": "lost.json", "eval_asr": True},
    ],
)
def test_the_attack_that_a_model_was_trained_with_is_not_needed(
    made: SimpleNamespace, tmp_path: Path, attack: Dict[str, Any]
) -> None:
    state = torch.load(made.model)
    state["cfg"]["task"].update(attack)
    torch.save(state, tmp_path / "model.pt")
    assert TranslationModel(tmp_path / "model.pt", made.bin).losses(made.pairs[:2]).all()


def test_a_command_says_nothing_of_how_fairseq_calls_torch(
    made: SimpleNamespace,
    dece: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    recwarn: pytest.WarningsRecorder,
) -> None:
    monkeypatch.setattr(trained_models, "BATCH_TOKENS", 2048)  # batches with padding
    words = ["--models", made.model, "--model-data", made.bin, "--input", made.clean]
    said = dece("filter", "--defense", "surprise", *words, "--output", tmp_path / "kept.csv")
    assert said.status == 0, said.err
    assert not [str(told.message) for told in recwarn if "torch" in Path(told.filename).parts]
