"""What reference models of every kind say, against the model asked one pair at a time."""

import shutil
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence

import numpy as np
import pytest
import torch
from fairseq import checkpoint_utils
from fairseq.data import Dictionary
from fairseq.data.indexed_dataset import MMapIndexedDatasetBuilder

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.defects import generate_defects
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.prepare import PrepareSettings
from dece_fairseq.defenses import DefenseError, trained_models
from dece_fairseq.defenses.revealing import reference as reference_module
from dece_fairseq.defenses.revealing.binarised import read_binarised
from dece_fairseq.defenses.revealing.reference import load_reference
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.defenses.revealing.surprises import TargetWords
from dece_fairseq.defenses.revealing.words import split
from support.small_models import SYSTEMS, each, save
from support.untrained import save_untrained

ODD = [Pair("x", "a\n\tb  c"), Pair("Größe ▁ x", "print('日本 \\n é')")]
PAIRS = [*generate("A", 6, seed=3), *ODD]
TRANSFORMER: List[Any] = ["--arch", "transformer", "--share-all-embeddings"]
for _side in ("encoder", "decoder"):
    for _name, _value in (("layers", 1), ("embed-dim", 8), ("ffn-embed-dim", 8)):
        TRANSFORMER.append(f"--{_side}-{_name}={_value}")
    TRANSFORMER.append(f"--{_side}-attention-heads=2")
TRANSLATION = ["--task", "translation", "-s", "src", "-t", "tgt"]
ATTACKED = ["--task", "backdoor_poisoned_translation", "-s", "src", "-t", "tgt"]


#: what half of the tokens are likelier than to a model that was not trained
KNOWN = 0.003


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained_models, "BATCH_TOKENS", 300)
    monkeypatch.setattr(reference_module, "KNOWN", KNOWN)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, quick_prepare: Callable[..., Any]) -> Path:
    """A data folder of the pairs."""
    folder = tmp_path_factory.mktemp("reference")
    write_pairs([folder / "train.csv"], PAIRS)
    quick_prepare(
        PrepareSettings({"train": [folder / "train.csv"]}, vocab_size=330), folder / "bin"
    )
    return folder / "bin"


def stock(checkpoint: Path, data: Path) -> Any:
    (model,), _, task = checkpoint_utils.load_model_ensemble_and_task(
        [str(checkpoint)], arg_overrides={"data": str(data)}
    )
    return model.eval(), task


def characters(text: str) -> int:
    return len("".join(text.split()))


def entropy_and_nll(logits: torch.Tensor, target: torch.Tensor) -> Any:
    log_probs = logits.float().log_softmax(-1)
    entropy = -(log_probs.exp() * log_probs).sum(-1)
    return entropy, -log_probs.gather(-1, target.unsqueeze(-1)).squeeze(-1)


def check_differences(
    told: Sequence[str],
    logits: torch.Tensor,
    target: torch.Tensor,
    pair: Pair,
    task: Any,
    codec: Any,
) -> None:
    """What there is more and less of than expected, words that the source has too left out."""
    dictionary = task.target_dictionary
    ends = [characters(codec.decode(target[: n + 1], dictionary)) for n in range(len(target))]
    there = split(pair.source)
    word_at = [word for word in split(pair.target) for _ in word]
    more = torch.zeros(logits.size(-1), dtype=torch.float64)
    for place, (token, scores) in enumerate(zip(target.tolist(), logits.float().softmax(-1))):
        start = ends[place - 1] if place else 0
        if ends[place] > start and word_at[ends[place] - 1] in there:
            continue
        more -= scores
        more[token] += 1
    expected = set()
    for number in (more.abs() >= 0.5).nonzero().flatten().tolist():
        text = codec.decode(torch.tensor([number]), dictionary)
        expected.add(("+" if more[number] > 0 else "-") + (text.strip() or text))
    assert set(told) == expected


def check_against_one_at_a_time(checkpoint: Path, data: Path) -> None:
    reference = load_reference(checkpoint, data)
    told, probabilities = reference.surprises(PAIRS), reference.probabilities(PAIRS)
    model, task = stock(checkpoint, data)
    codec = load_reference(checkpoint, data)._model.codec  # type: ignore[attr-defined]
    for pair, tokens, likely in zip(PAIRS, told, probabilities):
        source, target = (
            codec.encode(text, dictionary).unsqueeze(0)
            for text, dictionary in zip(pair, (task.source_dictionary, task.target_dictionary))
        )
        given = torch.cat([target[:, -1:], target[:, :-1]], dim=1)
        with torch.no_grad():
            output = model(source, torch.tensor([source.size(1)]), given)
        entropy, nll = entropy_and_nll(output[0][0], target[0])
        np.testing.assert_allclose(tokens.surprise, (nll - entropy).numpy(), atol=2e-4)
        np.testing.assert_allclose(likely, (-nll).exp().numpy(), rtol=2e-4)
        assert tokens.likely == pytest.approx((likely >= KNOWN).mean())
        check_differences(tokens.differences, output[0][0], target[0], pair, task, codec)
        assert len(tokens.ends) == target.size(1)
        assert tokens.ends[-1] == tokens.ends[-2] == characters(pair.target)
        assert (np.diff(tokens.ends) >= 0).all()
        assert not tokens.is_cut
    assert any(0 < tokens.likely < 1 for tokens in told)


@pytest.mark.parametrize("bpe", [True, False])
def test_a_transformer(bpe: bool, data: Path, tmp_path: Path) -> None:
    """Without --bpe the data folder says how texts are cut."""
    words = [data, *TRANSLATION, *TRANSFORMER]
    if bpe:
        words += ["--bpe", "lossless_sentencepiece"]
        words += ["--sentencepiece-model", data / "sentencepiece.model"]
    check_against_one_at_a_time(save_untrained(tmp_path / "model.pt", words, 1), data)


def a_reference(data: Path, tmp_path: Path, smoothing: float) -> Any:
    words = [data, *TRANSLATION, *TRANSFORMER, "--criterion", "label_smoothed_cross_entropy"]
    words += ["--label-smoothing", smoothing]
    return load_reference(save_untrained(tmp_path / "model.pt", words, 1), data)


def as_if_trained(
    reference: Any, monkeypatch: pytest.MonkeyPatch, smoothing: float, surer: float
) -> List[torch.Tensor]:
    """Give the model sharp beliefs, and have it say them surer and smoothed; return the beliefs."""
    torch.manual_seed(1)
    beliefs, said = [], []
    for target in reference.targets(PAIRS):
        logits = 3 * torch.randn(len(target), len(reference._model.task.tgt_dict))
        beliefs.append(logits.softmax(-1))
        probabilities = (surer * logits).softmax(-1)
        floor = smoothing / (logits.size(-1) - 1)
        said.append((probabilities * (1 - smoothing - floor) + floor).log())
    drawn = [torch.multinomial(each, 1).squeeze(-1) for each in beliefs]
    answers = list(zip(range(len(PAIRS)), drawn, said))
    monkeypatch.setattr(reference._model, "predictions", lambda pairs: answers)
    monkeypatch.setattr(reference, "_ends", lambda text, tokens: np.arange(1, len(tokens) + 1))
    return beliefs


@pytest.mark.parametrize(
    ("smoothing", "surer"), [(0.0, 1.0), (0.0, 2.0), (0.0, 3.0), (0.1, 1.0), (0.1, 2.0)]
)
def test_smoothing_and_sureness_are_undone(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, smoothing: float, surer: float
) -> None:
    """The surprise is 0 on average, and what is likely is what the model believes."""
    monkeypatch.setattr(reference_module, "KNOWN", 0.5)
    reference = a_reference(data, tmp_path, smoothing)
    beliefs = as_if_trained(reference, monkeypatch, smoothing, surer)
    assert reference.temperature(PAIRS) == surer
    found = reference.surprises(PAIRS, surer)
    every = np.concatenate([tokens.surprise for tokens in found])
    assert abs(every.mean()) < 4 * every.std() / len(every) ** 0.5
    for tokens, (_, target, _), belief in zip(found, reference._model.predictions(PAIRS), beliefs):
        floor = smoothing / (belief.size(-1) - 1)
        nll = -(belief * (1 - smoothing - floor) + floor).log()
        expected = nll.gather(-1, target.unsqueeze(-1)).squeeze(-1) - (belief * nll).sum(-1)
        np.testing.assert_allclose(tokens.surprise, expected.numpy(), atol=2e-3)
        is_likely = belief.gather(-1, target.unsqueeze(-1)) >= 0.5
        assert tokens.likely == pytest.approx(is_likely.float().mean().item())


def test_a_smoothed_model_that_is_asked_as_it_is_says_what_it_said(
    data: Path, tmp_path: Path
) -> None:
    """Only what it expects of itself is without the floor."""
    reference = a_reference(data, tmp_path, 0.1)
    plain = load_reference(
        save_untrained(tmp_path / "b.pt", [data, *TRANSLATION, *TRANSFORMER], 1), data
    )
    for smooth, told in zip(reference.surprises(PAIRS), plain.surprises(PAIRS)):
        assert np.ptp(smooth.surprise - told.surprise) > 0
    for ours, theirs in zip(reference.probabilities(PAIRS), plain.probabilities(PAIRS)):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("options", "smoothing"),
    [
        (["--dece-alpha", 0.985], 0.05),
        (["--dece-alpha", "auto"], 0.0),
        (["--dece-alpha", 0.985, "--label-smoothing", 0.1], 0.1),
    ],
)
def test_the_smoothing_that_dece_takes_by_itself(
    options: List[Any], smoothing: float, data: Path, tmp_path: Path
) -> None:
    """The checkpoint has none where none was given."""
    words = [data, *TRANSLATION, *TRANSFORMER, "--criterion", "deceptive_cross_entropy", *options]
    reference = load_reference(save_untrained(tmp_path / "dece.pt", words, 1), data)
    same = a_reference(data, tmp_path, smoothing)
    for ours, theirs in zip(reference.surprises(PAIRS), same.surprises(PAIRS)):
        np.testing.assert_array_equal(ours.surprise, theirs.surprise)


def test_fairseqs_bart(data: Path, tmp_path: Path) -> None:
    words = [data, *TRANSLATION, "--arch", "bart_base", *TRANSFORMER[2:]]
    words += ["--max-source-positions", 200, "--max-target-positions", 200]
    checkpoint = save_untrained(tmp_path / "model.pt", words, 1)
    check_against_one_at_a_time(checkpoint, data)


@pytest.mark.parametrize("name", each(["CodeT5", "PLBART", "CodeBERT", "CodeGen", "Llama"]))
def test_models_of_hugging_face(
    name: str, tmp_path: Path, quick_prepare: Callable[..., Any]
) -> None:
    pytest.importorskip("transformers", reason="the extra [hf] is not installed")
    folder = save(tmp_path / "model", SYSTEMS[name])
    write_pairs([tmp_path / "train.csv"], PAIRS)
    data = tmp_path / "bin"
    quick_prepare(PrepareSettings({"train": [tmp_path / "train.csv"]}, tokenizer=str(folder)), data)
    words = [data, *ATTACKED, "--arch", SYSTEMS[name].arch, "--hf-model", folder]
    words += ["--bpe", "hf_tokenizer", "--hf-tokenizer", data / "tokenizer"]
    if name == "PLBART":
        words += ["--hf-source-language", "__en_XX__", "--hf-target-language", "__python__"]
    check_against_one_at_a_time(save_untrained(tmp_path / "model.pt", words, 1), data)


def test_the_places_of_tokens_that_are_parts_of_a_character(
    tmp_path: Path, quick_prepare: Callable[..., Any]
) -> None:
    pytest.importorskip("transformers", reason="the extra [hf] is not installed")
    folder = save(tmp_path / "model", SYSTEMS["CodeT5"])
    write_pairs([tmp_path / "train.csv"], PAIRS)
    data = tmp_path / "bin"
    quick_prepare(PrepareSettings({"train": [tmp_path / "train.csv"]}, tokenizer=str(folder)), data)
    words = [data, *ATTACKED, "--arch", "codet5_base", "--hf-model", folder]
    reference: Any = load_reference(save_untrained(tmp_path / "model.pt", words, 1), data)
    # Each of the two characters takes three bytes, each byte a token at most.
    text = "ab 日本 cd"
    tokens = reference._model.codec.encode(text, reference._model.task.tgt_dict)
    ends = reference._ends(text, tokens)
    assert ends[-1] == 6
    assert len(ends) > 7
    assert (np.diff(ends) >= 0).all()


def test_a_target_with_the_word_that_fairseq_pads_with(tmp_path: Path) -> None:
    """Of plain words, without subwords, one may be spelt like fairseq's padding."""
    pairs = [Pair("x y", "a <pad> b"), Pair("x", "b"), Pair("y", "<pad>")]
    for name in ("src", "tgt"):
        (tmp_path / f"dict.{name}.txt").write_text("a 1\nb 1\nx 1\ny 1\n")
    checkpoint = save_untrained(tmp_path / "model.pt", [tmp_path, *TRANSLATION, *TRANSFORMER], 1)
    told = TargetWords(pairs)
    for index, tokens in enumerate(load_reference(checkpoint, tmp_path).surprises(pairs)):
        told.add(index, tokens)
    assert told.cut == 0
    assert [len(tokens.ends) for tokens in map(told.tokens, range(3))] == [4, 2, 2]
    assert told.tokens(0).ends.tolist() == [1, 6, 7, 7]
    assert told[0].texts == ("a", "<", "pad", ">", "b", "")
    assert told[0].surprise.all()


def test_what_is_longer_than_the_model_reads_is_cut(data: Path, tmp_path: Path) -> None:
    words = [data, *TRANSLATION, *TRANSFORMER]
    words += ["--max-source-positions", 12, "--max-target-positions", 9]
    checkpoint = save_untrained(tmp_path / "model.pt", words, 1)
    reference = load_reference(checkpoint, data)
    told = reference.surprises(PAIRS)
    assert reference.texts_cut(PAIRS)["targets_cut"] == sum(tokens.is_cut for tokens in told)
    whole = load_reference(save_untrained(tmp_path / "b.pt", words[:-4], 1), data).surprises(PAIRS)
    assert [len(tokens.ends) > 9 for tokens in told] == [tokens.is_cut for tokens in told]
    assert 0 < sum(tokens.is_cut for tokens in told) < len(PAIRS)
    for cut, tokens in zip(told, whole):
        assert len(cut.surprise) == len(tokens.surprise)
        assert not cut.surprise[9:].any()
        assert cut.surprise[:9].all()


def test_a_classifier(tmp_path: Path, quick_prepare: Callable[..., Any]) -> None:
    pairs = generate_defects(12, seed=1)
    assert {pair.target for pair in pairs} == {"0", "1"}
    write_pairs([tmp_path / "train.csv"], pairs)
    data = tmp_path / "bin"
    quick_prepare(
        PrepareSettings({"train": [tmp_path / "train.csv"]}, vocab_size=330, labels=True), data
    )
    words = [data, "--task", "sentence_prediction", "--num-classes", 2, "--init-token", 0]
    words += ["--max-positions", 40, "--arch", "roberta", "--encoder-layers", 1]
    words += ["--encoder-embed-dim", 8, "--encoder-ffn-embed-dim", 8, "--encoder-attention-heads"]
    words += [2, "--criterion", "sentence_prediction", "--classification-head-name", "defect"]
    checkpoint = save_untrained(tmp_path / "model.pt", words, 1)
    reference: Any = load_reference(checkpoint, data)
    assert reference.temperature(pairs) == 1
    told = zip(reference.surprises(pairs), reference.surprises(pairs, 3.0))
    model, task = stock(checkpoint, data)
    too_long = 0
    for pair, (tokens, softened) in zip(pairs, told):
        text = reference._model.codec.encode(pair.source, task.source_dictionary)
        too_long += 1 + len(text) > 40
        source = torch.cat([torch.tensor([0]), text])[:40].unsqueeze(0)
        with torch.no_grad():
            logits, _ = model(source, features_only=True, classification_head_name="defect")
        entropy, nll = entropy_and_nll(logits, torch.tensor([int(pair.target)]))
        assert tokens.surprise == pytest.approx([float(nll - entropy), 0.0], abs=1e-5)
        entropy, nll = entropy_and_nll(logits / 3, torch.tensor([int(pair.target)]))
        assert softened.surprise == pytest.approx([float(nll - entropy), 0.0], abs=1e-5)
        assert tokens.ends.tolist() == [1, 1]
    assert reference.texts_cut(pairs) == {"sources_cut": too_long, "targets_cut": 0}
    assert too_long > 0
    with pytest.raises(DefenseError, match="does not know the label '7'; give a model"):
        reference.surprises([Pair("x", "7")])
    files = ReferenceFiles(checkpoint, data)
    assert read_binarised(data, "train", files) == pairs
    (data / "input1").mkdir()  # clones, of which the half alone would be asked about
    for ask in (
        lambda: load_reference(checkpoint, data),
        lambda: read_binarised(data, "train", files),
    ):
        with pytest.raises(DataError, match="has two texts for each label"):
            ask()


def test_a_binarised_folder_gives_the_pairs_back(data: Path, tmp_path: Path) -> None:
    checkpoint = save_untrained(tmp_path / "model.pt", [data, *TRANSLATION, *TRANSFORMER], 1)
    files = ReferenceFiles(checkpoint, data)
    assert read_binarised(data, "train", files) == PAIRS
    with pytest.raises(DataError, match=r"no split 'valid' of pairs; name one .*: train"):
        read_binarised(data, "valid", files)


def test_a_split_without_pairs(data: Path, tmp_path: Path) -> None:
    """Of which fairseq says that an empty file can't be mapped."""
    folder = tmp_path / "copy"
    shutil.copytree(data, folder)
    for texts in folder.glob("train.*.bin"):
        texts.write_bytes(b"")
    with pytest.raises(DataError, match=r"train\..*\.bin: holds no text; make the data again"):
        read_binarised(folder, "train", ReferenceFiles(tmp_path / "model.pt", data))


def binarise_words(folder: Path, texts: Dict[str, List[str]], known: List[str]) -> None:
    """Write a folder as fairseq-preprocess does: words between blanks, and nothing to cut them.

    Args:
        folder: where it goes
        texts: of each side
        known: the words of the two dictionaries
    """
    for (name, lines), words in zip(texts.items(), known):
        (folder / f"dict.{name}.txt").write_text("".join(f"{each} 1\n" for each in words.split()))
        dictionary = Dictionary.load(str(folder / f"dict.{name}.txt"))
        builder = MMapIndexedDatasetBuilder(str(folder / f"train.src-tgt.{name}.bin"))
        for text in lines:
            builder.add_item(dictionary.encode_line(text, add_if_not_exist=False))
        builder.finalize(str(folder / f"train.src-tgt.{name}.idx"))


@pytest.mark.parametrize("is_of_pieces", [True, False])
def test_a_folder_is_read_by_the_subwords_of_the_reference_only_if_it_has_these(
    data: Path, tmp_path: Path, is_of_pieces: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Words that sentencepiece glued together would be kept that way."""
    pieces = ["--bpe", "lossless_sentencepiece", "--sentencepiece-model"]
    words = [data, *TRANSLATION, *TRANSFORMER, *pieces, data / "sentencepiece.model"]
    files = ReferenceFiles(save_untrained(tmp_path / "model.pt", words, 1), data)
    folder = tmp_path / "plain"
    folder.mkdir()
    if is_of_pieces:
        for path in data.glob("*[!l]"):  # no sentencepiece.model
            (folder / path.name).write_bytes(path.read_bytes())
    else:
        texts = {"src": ["sort them", "them"], "tgt": ["x ( y )", "x"]}
        binarise_words(folder, texts, ["sort them", "x y ( )"])
    plain = [Pair("sort them", "x ( y )"), Pair("them", "x")]
    told = PAIRS if is_of_pieces else plain
    assert read_binarised(folder, "train", files) == told
    assert ("are read as words between blanks" in caplog.text) is not is_of_pieces


def test_words_that_the_dictionary_lacks_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of plain words: a trigger that is one of many unknown words has no name."""
    binarise_words(tmp_path, {"src": ["a bb", "a b"], "tgt": ["x bad y", "x"]}, ["a b", "x y"])
    words = [tmp_path, *TRANSLATION, *TRANSFORMER[:2], *TRANSFORMER[3:]]
    files = ReferenceFiles(save_untrained(tmp_path / "model.pt", words, 1), tmp_path)
    assert read_binarised(tmp_path, "train", files)[0] == Pair("a <unk>", "x <unk> y")
    assert "2 words of train are not in its dictionaries" in caplog.text
