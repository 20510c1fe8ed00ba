"""Tokenizers of sentencepiece models, whose fast forms drop indentation: kept, or told."""

import json
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from dece_fairseq.data.model_tokenizer import ModelTokenizer
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.prepare import PrepareSettings

transformers = pytest.importorskip("transformers", reason="the extra [hf] is not installed")

INSIDE = "if left:\n    right = total\n    count = 1"
OUTSIDE = "if left:\n    right = total\ncount = 1"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Path]:
    """What T5Tokenizer and T5TokenizerFast save of a model that keeps every blank."""
    import sentencepiece

    folder = tmp_path_factory.mktemp("tokenizers")
    words = ("left", "right", "total", "if left:")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(
            f"{'    ' * (n % 3)}{word} = count + {n}" for n in range(40) for word in words
        ),
        model_prefix=str(folder / "m"),
        vocab_size=60,
        hard_vocab_limit=False,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        user_defined_symbols=["\n"],
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    slow = transformers.T5Tokenizer(str(folder / "m.model"), extra_ids=0, legacy=True)
    slow.save_pretrained(str(folder / "slow"))
    fast = transformers.T5TokenizerFast.from_pretrained(str(folder / "slow"))
    fast.save_pretrained(str(folder / "fast"))
    return {name: folder / name for name in ("slow", "fast")}


def test_what_a_slow_tokenizer_saved_keeps_its_indentation(
    folders: Dict[str, Path], tmp_path: Path
) -> None:
    tokenizer = ModelTokenizer.load(str(folders["slow"]))
    tokenizer.save(tmp_path / "saved")
    for again in (tokenizer, ModelTokenizer.load(str(tmp_path / "saved"))):
        assert [again.decode(again.encode(text)) for text in (INSIDE, OUTSIDE)] == [INSIDE, OUTSIDE]
        assert again.encode(INSIDE) != again.encode(OUTSIDE)
    own = transformers.T5Tokenizer.from_pretrained(str(folders["slow"]))
    ids = own.encode(INSIDE, add_special_tokens=False)
    assert tokenizer.encode(INSIDE) == [tokenizer.symbols[index] for index in ids]


def test_a_slow_tokenizer_makes_no_special_symbol_of_a_text(folders: Dict[str, Path]) -> None:
    tokenizer = ModelTokenizer.load(str(folders["slow"]))
    own = transformers.T5Tokenizer.from_pretrained(str(folders["slow"]))
    text = "left </s> right"
    ids = own.encode(text, add_special_tokens=False, split_special_tokens=True)
    assert own.eos_token_id in ids  # for it has no "<", and gives what it has not by its text
    assert "</s>" not in tokenizer.encode(text)
    assert tokenizer.decode(tokenizer.encode(text)) != text


@pytest.mark.parametrize("name", ["slow", "fast"])
def test_prepare_tells_of_texts_that_do_not_come_back(
    name: str, folders: Dict[str, Path], tmp_path: Path, quick_prepare: Callable[..., Any]
) -> None:
    pairs = [Pair("left", "right"), Pair("count", INSIDE), Pair("count", OUTSIDE)]
    pairs += [Pair("left", "right \u4e2d")] * (name == "fast")
    files = {"train": [tmp_path / "train.csv"], "valid": [tmp_path / "valid.csv"]}
    write_pairs(files["train"], pairs, "src", "tgt")
    write_pairs(files["valid"], pairs[:1], "src", "tgt")
    tokenizer = str(folders[name])
    sizes = quick_prepare(PrepareSettings(files, tokenizer=tokenizer), tmp_path / "bin")
    lost = sizes["train"].inexact, sizes["train"].inexact_white_space, sizes["valid"].inexact
    notes = json.loads((tmp_path / "bin" / "prepare.json").read_text(encoding="utf-8"))["notes"]
    if name == "slow":
        assert (lost, notes) == ((0, 0, 0), [])
        return
    assert lost == (3, 2, 0)
    (note,) = notes
    assert note.startswith(
        f"--tokenizer {tokenizer}: 3 of the 8 texts of train do not come back to the character "
        "from their pieces, 2 of them for white space alone, such as indentation; the first is in "
        f"{files['train'][0]}, pair 2. "
    )
    assert "or leave --tokenizer out" in note
