"""Tokenizers of published models in small: their ids, their texts to the byte, their dictionary."""

import json
import sys
from pathlib import Path
from typing import Any, Dict

import pytest
from fairseq.data import Dictionary
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.model_tokenizer import HEADER, ModelTokenizer, Special, to_symbol
from dece_fairseq.data.text import to_line
from dece_fairseq.encoders.special_dictionary import SpecialDictionary, load_dictionary

transformers = pytest.importorskip("transformers", reason="the extra [hf] is not installed")

from support.small_models import SPECIAL, SYSTEMS, TEXTS, a_tokenizer, save  # noqa: E402

NAMES = list(SPECIAL)
ODD = [
    "  two  blanks \t\n",
    "<s> </s> <pad> <|endoftext|>",
    "\\n \\u0020",
    "é 中 \U0001f600",
    "\x00\x85",
]


@pytest.fixture(scope="module")
def tokenizers() -> Dict[str, ModelTokenizer]:
    """One of each kind; the model of CodeGen's has more embeddings than it has pieces."""
    sizes = {"codegen": transformers.GPT2Config(vocab_size=341)}
    return {name: ModelTokenizer(a_tokenizer(name), sizes.get(name)) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
@given(text=st.one_of(st.sampled_from([*ODD, *TEXTS]), st.text(st.characters(codec="utf-8"))))
def test_a_text_comes_back_to_the_byte(
    name: str, text: str, tokenizers: Dict[str, ModelTokenizer]
) -> None:
    tokenizer = tokenizers[name]
    symbols = tokenizer.encode(text)
    assert " ".join(symbols).split() == symbols
    assert tokenizer.decode(symbols) == text
    assert tokenizer.decode_line(tokenizer.encode_line(to_line(text))) == to_line(text)
    special = {tokenizer.symbols[i] for i in tokenizer.special[:4]}
    assert not special & set(symbols)


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_the_tokenizers_own(name: str, tokenizers: Dict[str, ModelTokenizer]) -> None:
    tokenizer, own = tokenizers[name], a_tokenizer(name)
    for text in TEXTS[:20]:
        ids = [tokenizer.symbols.index(symbol) for symbol in tokenizer.encode(text)]
        assert ids == own(text, add_special_tokens=False).input_ids
        framed = [*tokenizer.special.before, *ids, *tokenizer.special.after]
        assert framed == own(text).input_ids


def test_special_ids(tokenizers: Dict[str, ModelTokenizer]) -> None:
    expected = {
        "codet5": Special(0, 1, 2, 3, (1,), (2,)),
        "roberta": Special(1, 0, 2, 3, (0,), (2,)),
        "plbart": Special(1, 0, 2, 3, (), (2,)),
        "codegen": Special(334, 330, 330, 330),  # padding at an id that the model has to spare
        "llama": Special(0, 1, 2, 0, (1,), ()),  # or where nothing is: at the unknown
    }
    assert {name: tokenizer.special for name, tokenizer in tokenizers.items()} == expected
    codegen = tokenizers["codegen"]
    assert codegen.symbols[334:] == ["<pad>", *(f"<unused_{i}>" for i in range(335, 341))]
    assert "\\u0020\\u0020" in codegen.encode("a\n  b")  # a piece of two blanks


def test_what_a_model_may_put_together(tokenizers: Dict[str, ModelTokenizer]) -> None:
    tokenizer = tokenizers["codet5"]
    assert tokenizer.decode(["a", "<unk>", "b"]) == "a\ufffdb"
    assert tokenizer.decode(["a", "<<unk>>", "nowhere", "b"]) == "a\ufffd\ufffdb"
    assert tokenizer.decode(["<s>", "a", "<mask>", "b", "</s>"]) == "ab"
    assert tokenizer.decode([tokenizer.encode("中")[0]]) == "\ufffd"
    assert tokenizers["codegen"].decode(["a", "<unused_336>", "<pad>", "b"]) == "ab"
    assert tokenizer.decode([]) == ""


@given(st.text(), st.text())
def test_symbols_are_words_and_differ_where_pieces_do(one: str, other: str) -> None:
    assert to_symbol(one).split() == ([to_symbol(one)] if one else [])
    assert (to_symbol(one) == to_symbol(other)) == (one == other)


@pytest.mark.parametrize("name", NAMES)
def test_the_dictionary_file(
    name: str, tokenizers: Dict[str, ModelTokenizer], tmp_path: Path
) -> None:
    tokenizer = tokenizers[name]
    tokenizer.write_dictionary(tmp_path / "dict.txt")
    dictionary = load_dictionary(str(tmp_path / "dict.txt"))
    dictionary.save(str(tmp_path / "saved.txt"))  # as fairseq-preprocess does
    assert (tmp_path / "saved.txt").read_bytes() == (tmp_path / "dict.txt").read_bytes()
    assert isinstance(dictionary, SpecialDictionary)
    assert dictionary.symbols == tokenizer.symbols
    ids = (dictionary.pad(), dictionary.bos(), dictionary.eos(), dictionary.unk())
    assert ids == tokenizer.special[:4]
    assert dictionary.special == tokenizer.special
    for text in ODD:
        tokens = dictionary.encode_line(" ".join(tokenizer.encode(text)), add_if_not_exist=False)
        assert tokens[-1] == tokenizer.special.eos
        assert tokenizer.decode(dictionary.string(tokens).split()) == text
    with pytest.raises(ValueError, match="Incorrect dictionary format"):
        Dictionary.load(str(tmp_path / "dict.txt"))  # never other ids in silence


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEADER} {{}}\n", "first line, .* is broken; make the data again"),
        (f"{HEADER}\n", "first line, .* is broken"),
        (
            Special(0, 1, 2, 3).header()[0] + " " + Special(0, 1, 9, 3).header()[1] + "\na 1\n",
            "cut",
        ),
    ],
)
def test_a_broken_dictionary_file(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "dict.txt").write_text(text)
    with pytest.raises(DataError, match=message):
        load_dictionary(str(tmp_path / "dict.txt"))


def test_a_dictionary_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"none/dict\.src\.txt: No such file .*; name the data folder"
    ):
        load_dictionary(str(tmp_path / "none" / "dict.src.txt"))


def test_fairseqs_own_dictionary_file(tmp_path: Path) -> None:
    (tmp_path / "dict.txt").write_text("a 1\nb 1\n")
    dictionary = load_dictionary(str(tmp_path / "dict.txt"))
    assert type(dictionary) is Dictionary
    assert dictionary.index("a") == 4


def test_a_folder_and_what_is_saved_of_it(tmp_path: Path) -> None:
    folder = save(tmp_path / "model", SYSTEMS["CodeGen"])
    tokenizer = ModelTokenizer.load(str(folder))
    assert len(tokenizer) == 341  # the size of the model beside it
    tokenizer.save(tmp_path / "saved")
    again = ModelTokenizer.load(str(tmp_path / "saved"))
    assert (again.symbols, again.special) == (tokenizer.symbols, tokenizer.special)


def test_a_slow_tokenizer_that_loses_text(tmp_path: Path) -> None:
    """PLBART's own is of sentencepiece: it folds white space, and there is no fast one."""
    import sentencepiece

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS),
        model_prefix=str(tmp_path / "m"),
        vocab_size=200,
        minloglevel=2,
    )
    own = transformers.PLBartTokenizer(str(tmp_path / "m.model"), src_lang="__en_XX__")
    own.save_pretrained(str(tmp_path / "plbart"))
    tokenizer = ModelTokenizer.load(str(tmp_path / "plbart"))
    english = own.convert_tokens_to_ids("__en_XX__")
    assert tokenizer.special == Special(1, 0, 2, 3, (), (2, english))
    assert tokenizer.decode(tokenizer.encode(TEXTS[0])) == TEXTS[0]
    assert tokenizer.decode(tokenizer.encode("a\n    b")) == "a b"
    assert tokenizer.decode(tokenizer.encode("select  a")) == "select a"


def smaller_model(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 300}))


def no_tokenizer(folder: Path) -> None:
    for path in folder.glob("*token*"):
        path.unlink()


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (smaller_model, "ids up to 329, but the model beside it has 300 embeddings; take the"),
        (no_tokenizer, "transformers can't load it"),
        (empty, "no tokenizer in it; give a folder that save_pretrained wrote"),
    ],
)
def test_a_folder_with_something_wrong(change: Any, message: Any, tmp_path: Path) -> None:
    folder = save(tmp_path / "model", SYSTEMS["CodeT5"])
    change(folder)
    with pytest.raises(DataError, match=f"--hf-tokenizer .*{message}") as raised:
        ModelTokenizer.load(str(folder), "--hf-tokenizer")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("version", ["4.45.2", "5.0.0.dev0", "5.24.0"])
def test_another_version_of_transformers(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["transformers"], "__version__", version)
    with pytest.raises(ImportError, match=rf"--tokenizer can't use transformers {version}: pip "):
        ModelTokenizer.load("anything")


def test_a_torch_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["transformers"].utils, "is_torch_available", bool)
    with pytest.raises(
        ImportError, match="can't use the torch that is installed; it needs a newer"
    ):
        ModelTokenizer.load("anything")


def test_nothing_that_could_be_padding() -> None:
    with pytest.raises(DataError, match=r"no token for padding .* no id to spare; add one"):
        ModelTokenizer(a_tokenizer("codegen"))
    without_end = a_tokenizer("codet5")
    without_end.eos_token = None
    with pytest.raises(DataError, match="no token for the end of a sentence"):
        ModelTokenizer(without_end)
